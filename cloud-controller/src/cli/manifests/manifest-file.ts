import { exceedsBounds, MANIFEST_BOUNDS, parseYaml, readAddressFile } from '@openyurt/nodepool-types';
import { isNode, isScalar } from 'yaml';
import { formatPlaced, nameOfPath } from '../read-file.ts';
import { readJsonStream } from './json-stream.ts';
import { KINDS, type WorldObject, worldKind } from './kinds.ts';
import { isMapping, kindOf, misfits } from './shape.ts';
import { yamlValue } from './yaml-value.ts';

/** Where an object stands. Documents and items of Lists count from 1; lines are those of YAML. */
export interface Place {
  readonly path: string;
  readonly document: number;
  readonly item?: number;
  readonly line?: number;
  readonly col?: number;
}

/** What the API server would not take. */
export interface Fault {
  readonly place: Place;
  readonly problem: string;
  readonly remedy: string;
}

export type Manifest = WorldObject & { readonly place: Place };

/** All that one file says. */
export interface ManifestFile {
  readonly path: string;
  readonly manifests: readonly Manifest[];
  /** Kinds that the controller does not read, and how many objects of each. */
  readonly passedOver: ReadonlyMap<string, number>;
  readonly faults: readonly Fault[];
  /** What `yurtlb validate` says of the address configuration in it, `FILE:LINE:COL problem (remedy)`. */
  readonly configProblems: readonly string[];
  readonly configWarnings: readonly string[];
}

/** Somebody's own file on somebody's own machine: only the depth is held, for the stack of all that walks through it. */
const BOUNDS = { maxChars: Number.MAX_SAFE_INTEGER, maxDepth: 64, maxMarks: Number.MAX_SAFE_INTEGER };

/** Reads manifests: several documents, Lists, YAML or JSON; there may be none. Never throws; every fault is told at once. */
export function readManifests(path: string, text: string): ManifestFile {
  const reader = new ManifestReader(path);
  // what is too deep for JSON is too deep for YAML, which says where
  const json = exceedsBounds(text, BOUNDS) === undefined ? readJsonStream(text) : undefined;
  if (json === undefined) reader.readYaml(text);
  else for (const [i, value] of json.values.entries()) reader.readRoot(value, i + 1, () => ({}));
  return reader.result(json?.yaml ?? text);
}

/** Where a value of one document stands, by the keys from its root. */
type Locate = (keys: readonly (string | number)[]) => { line?: number; col?: number };

class ManifestReader {
  readonly #manifests: Manifest[] = [];
  readonly #passedOver = new Map<string, number>();
  readonly #faults: Fault[] = [];
  #hasAddresses = false;

  constructor(private readonly path: string) {}

  result(yaml: string): ManifestFile {
    const isReadable = this.#hasAddresses && exceedsBounds(yaml, MANIFEST_BOUNDS) === undefined;
    const { problems, warnings } = isReadable ? readAddressFile(yaml) : { problems: [], warnings: [] };
    return {
      path: this.path,
      manifests: this.#manifests,
      passedOver: this.#passedOver,
      faults: this.#faults,
      configProblems: problems.map((problem) => formatPlaced(this.path, problem)),
      configWarnings: warnings.map((warning) => formatPlaced(this.path, warning)),
    };
  }

  readYaml(text: string): void {
    const parsed = parseYaml(text, BOUNDS);
    if (!parsed.ok) {
      for (const { line, col, problem, remedy } of parsed.problems)
        this.#fault({ path: this.path, document: documentAt(text, line), line, col }, problem, remedy);
      return;
    }
    for (const [i, document] of parsed.documents.entries()) {
      if (isScalar(document.contents) && document.contents.value === null) continue;
      const locate: Locate = (keys) => {
        const node = keys.length === 0 ? document.contents : document.getIn(keys, true);
        return isNode(node) ? parsed.place(node.range?.[0] ?? 0) : {};
      };
      const read = yamlValue(document, parsed.place);
      if (read.ok) this.readRoot(read.value, i + 1, locate);
      else {
        for (const { line, col, problem, remedy } of read.faults)
          this.#fault({ path: this.path, document: i + 1, line, col }, problem, remedy);
      }
    }
  }

  /** An object or a List of them. */
  readRoot(root: unknown, document: number, locate: Locate): void {
    const place: Place = { path: this.path, document, ...locate([]) };
    if (isMapping(root)) this.#readAny(root, place, locate);
    else this.#fault(place, `is ${kindOf(root)}, not an object`, 'Write manifests as kubectl takes them.');
  }

  /** Lists in Lists too, as kubectl does. */
  #readAny(value: unknown, place: Place, locate: Locate): void {
    const { kind, items, apiVersion } = isMapping(value) ? value : {};
    if (typeof kind !== 'string' || !kind.endsWith('List') || !(Array.isArray(items) || items === null)) {
      this.#readObject(value, place, locate);
      return;
    }
    const typed = { apiVersion, kind: kind.slice(0, -'List'.length) };
    for (const [i, item] of (items ?? []).entries()) {
      const inside: Locate = (keys) => locate(['items', i, ...keys]);
      const own = isMapping(item) && typed.kind !== '' ? { ...typed, ...item } : item;
      this.#readAny(own, { ...place, item: i + 1, ...inside([]) }, inside);
    }
  }

  #readObject(value: unknown, place: Place, locate: Locate): void {
    if (!isMapping(value)) {
      this.#fault(place, `is ${kindOf(value)}, not an object`, 'Remove it.');
      return;
    }
    const { kind, apiVersion } = value;
    if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
      const isBare = 'address-pools' in value;
      const remedy = isBare
        ? 'Put it into a ConfigMap, as the text of data.config: its label says whose addresses they are.'
        : 'Write manifests as kubectl takes them.';
      const problem = isBare ? 'is the text of an address configuration alone' : 'has no apiVersion and kind';
      this.#fault(place, problem, remedy);
      return;
    }
    const known = worldKind(apiVersion, kind);
    if (known === undefined) {
      this.#passedOver.set(kind, (this.#passedOver.get(kind) ?? 0) + 1);
      return;
    }
    const wrong = misfits(value, KINDS[known].shape);
    const name = isMapping(value.metadata) && typeof value.metadata.name === 'string' ? value.metadata.name : '';
    const what = /^[\w.-]+$/.test(name) ? `${kind} ${name}` : kind;
    for (const { path, problem, remedy } of wrong)
      this.#fault({ ...place, ...locate(path) }, `${what}: ${problem}`, remedy);
    if (wrong.length > 0) return;
    if (known === 'ConfigMap')
      this.#hasAddresses ||= /address-pools|apps\.openyurt\.io\/nodepool/.test(JSON.stringify(value));
    // its shape has just been looked at
    this.#manifests.push({ kind: known, object: value, place } as unknown as Manifest);
  }

  #fault(place: Place, problem: string, remedy: string): void {
    this.#faults.push({ place, problem, remedy });
  }
}

/** `services.yaml:12:3 (document 2) problem (remedy)` */
export function formatFault({ place, problem, remedy }: Fault): string {
  return `${formatPlace(place)} ${problem} (${remedy})`;
}

export function formatPlace({ path, document, item, line, col }: Place): string {
  const at = line === undefined ? '' : `:${line}:${col}`;
  return `${nameOfPath(path)}${at} (document ${document}${item === undefined ? '' : `, item ${item}`})`;
}

/** Which document the line is in; a separator that nothing stands before begins the first one. */
function documentAt(text: string, line: number): number {
  const above = text.split('\n', line);
  const separators = above.flatMap((one, i) => (/^---(?:\s|$)/.test(one) ? [i] : []));
  const isFirst = above.slice(0, separators[0]).some((one) => /^\s*[^\s#%]/.test(one));
  return Math.max(1, separators.length + (isFirst ? 1 : 0));
}
