import { decodeResourceVersion, type KubeObject } from '@openyurt/nodepool-types';
import { CATALOGUE_RESOURCES, type Catalogue, type CatalogueResource } from './catalogue.ts';
import type { ShelfItem } from './catalogue-shelf.ts';

/** The format of {@link encodeCatalogue}; another one is another number. */
export const CATALOGUE_FORMAT = 1;

/** The first line. */
interface Head {
  readonly nodeName: string;
  readonly shelves: Readonly<Partial<Record<CatalogueResource, { highest: string; complete: boolean }>>>;
}

/** The catalogue for the disk: a head as JSON, then one line for each object, `<resource> <JSON>`. */
export function encodeCatalogue(catalogue: Catalogue, nodeName: string): string {
  const shelves: Record<string, { highest: string; complete: boolean }> = {};
  const lines: string[] = [];
  for (const resource of CATALOGUE_RESOURCES) {
    const shelf = catalogue.shelves[resource];
    shelves[resource] = { highest: String(shelf.highest), complete: shelf.complete };
    for (const [, text] of shelf.entries()) lines.push(`${resource} ${text}`);
  }
  const head: Head = { nodeName, shelves };
  return [JSON.stringify(head), ...lines].join('\n');
}

const STEP_LINES = 100;

/**
 * Puts what the disk remembers into the catalogue, in steps; what the cloud has told meanwhile stays.
 *
 * @throws Error in one sentence where the text is no catalogue, or is another node's; nothing was restored then
 */
export function* restoreCatalogue(
  text: string,
  nodeName: string,
  catalogue: Catalogue,
  nowMs: number,
): Generator<void> {
  const [first = '', ...lines] = text.split('\n');
  const head = JSON.parse(first) as Partial<Head>;
  if (head.shelves === undefined) throw new Error('it is no catalogue');
  if (head.nodeName !== nodeName) throw new Error(`it was written by node ${head.nodeName}, this is ${nodeName}`);
  const items = new Map<string, ShelfItem[]>(CATALOGUE_RESOURCES.map((resource) => [resource, []]));
  for (const [i, line] of lines.entries()) {
    if (i % STEP_LINES === STEP_LINES - 1) yield;
    const space = line.indexOf(' ');
    const object = JSON.parse(line.slice(space + 1)) as KubeObject;
    const { namespace, name = '' } = object.metadata;
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    // Written anew, so that the whole file need not stay in memory for the sake of one line.
    const item = { key, text: JSON.stringify(object), resourceVersion: decodeResourceVersion(object) };
    items.get(line.slice(0, space))?.push(item);
  }
  for (const resource of CATALOGUE_RESOURCES) {
    const { highest = '', complete = false } = head.shelves[resource] ?? {};
    const known = /^\d{1,20}$/.test(highest) ? BigInt(highest) : 0n;
    catalogue.shelves[resource].restore(items.get(resource) ?? [], known, complete, nowMs);
  }
}
