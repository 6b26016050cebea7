import type { Change } from '../offline/catalogue-changes.ts';
import type { LocalWatch } from '../ports/local-api.ts';
import type { ObjectSource } from './reads.ts';
import { apiVersionOf } from './resources.ts';
import { inNamespace, type Scope } from './scope.ts';
import { badRequest, tooOld } from './status.ts';
import { objectOf, partial, row, type Shape, tableHead, whole } from './table.ts';

const DEFAULT_TIMEOUT_MS = 30 * 60_000;
const BOOKMARK_MS = 60_000;

/** What a watch asks for. */
interface WatchQuery {
  /** undefined: begin with all that is there. */
  readonly from: bigint | undefined;
  readonly bookmarks: boolean;
  /** A streaming list: a marked bookmark follows what is there. */
  readonly initialEvents: boolean;
  readonly timeoutMs: number;
}

/** @throws StatusError 400 for a resourceVersion that is no number, 410 for one that is too old or unheard of */
export function openWatch(
  scope: Scope,
  source: ObjectSource,
  shape: Shape,
  parameters: URLSearchParams,
  wallMs: () => number,
): LocalWatch {
  const query = watchQuery(parameters);
  const writer = new EventWriter(scope, shape, wallMs);
  const { changes } = source;
  const begun = query.from === undefined ? source.entries().filter(([key]) => inNamespace(scope, key)) : [];
  const startRevision = changes.revision;
  const missed = query.from === undefined ? [] : changes.since(query.from);
  if (missed === undefined) throw tooOld(query.from ?? 0n, changes.revision);
  function* first(): Generator<string> {
    for (const [, text] of begun) yield writer.event('ADDED', text);
    if (query.initialEvents) yield writer.bookmark(startRevision, true);
    for (const change of missed ?? []) yield writer.change(change);
  }
  return {
    first: first(),
    timeoutMs: query.timeoutMs,
    bookmarkMs: query.bookmarks ? Math.min(BOOKMARK_MS, query.timeoutMs * 0.9) : undefined,
    bookmark: () => writer.bookmark(changes.revision),
    listen: (send) =>
      changes.listen((change) => {
        const line = writer.change(change);
        if (line !== '') send(line);
      }),
  };
}

function watchQuery(query: URLSearchParams): WatchQuery {
  const text = query.get('resourceVersion') ?? '';
  if (!/^\d{0,20}$/.test(text)) throw badRequest(`invalid resource version ${JSON.stringify(text)}`);
  const initialEvents = query.get('sendInitialEvents') === 'true';
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  return {
    from: initialEvents || text === '' || BigInt(text) === 0n ? undefined : BigInt(text),
    bookmarks: ['true', '1'].includes(query.get('allowWatchBookmarks') ?? ''),
    initialEvents,
    timeoutMs: seconds > 0 ? Math.min(seconds * 1000, DEFAULT_TIMEOUT_MS) : DEFAULT_TIMEOUT_MS,
  };
}

/** Events as lines of JSON, in the shape that the client asked for. */
class EventWriter {
  private headed = false;

  constructor(
    private readonly scope: Scope,
    private readonly shape: Shape,
    private readonly wallMs: () => number,
  ) {}

  /** A change as this scope sees it: leaving it is DELETED, entering it is ADDED. @returns '' for none of its business */
  change({ revision, key, before, now }: Change): string {
    if (!inNamespace(this.scope, key)) return '';
    const was = before !== undefined && this.matches(before);
    const is = now !== undefined && this.matches(now);
    if (is) return this.event(was ? 'MODIFIED' : 'ADDED', now);
    return was ? this.event('DELETED', stamped(before, revision), true) : '';
  }

  /** @param chosen it was seen to match */
  event(type: string, text: string, chosen = false): string {
    if (!chosen && !this.matches(text)) return '';
    return `{"type":"${type}","object":${this.shaped(text)}}\n`;
  }

  bookmark(revision: bigint, endOfInitial = false): string {
    const { resource } = this.scope;
    const annotations = endOfInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
    const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
    const object = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata };
    return `${JSON.stringify({ type: 'BOOKMARK', object })}\n`;
  }

  private matches(text: string): boolean {
    return this.scope.all || this.scope.matches(objectOf(this.scope.resource, text));
  }

  private shaped(text: string): string {
    const { resource } = this.scope;
    if (this.shape.kind === 'object') return whole(resource, text);
    const object = objectOf(resource, text);
    if (this.shape.kind === 'metadata') return JSON.stringify(partial(object));
    const head = tableHead(resource, object.metadata.resourceVersion ?? '', !this.headed);
    this.headed = true;
    return `${head}${JSON.stringify(row(resource, object, this.shape, this.wallMs()))}]}`;
  }
}

/** A deletion has a version of its own. */
function stamped(text: string, revision: bigint): string {
  return text.replace(/"resourceVersion":"[^"]*"/, `"resourceVersion":"${revision}"`);
}
