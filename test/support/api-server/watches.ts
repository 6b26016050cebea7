import type { ServerResponse } from 'node:http';
import { forbidden } from './field-error.ts';
import type { Fields, KubeObject } from './object.ts';
import type { Rendering, Scope } from './reads.ts';
import { jsonOf } from './render.ts';
import { apiVersionOf, type Registry, type View } from './resources.ts';
import * as errors from './status-error.ts';
import { type Change, stamped } from './store.ts';
import { partial, table } from './tables.ts';

const MINUTE_MS = 60_000;
/** The real server ends a watch nobody limited after 30 to 60 minutes. */
const DEFAULT_TIMEOUT_MS = 45 * MINUTE_MS;
/** A bookmark is sent this long before a watch times out, so that the next one can start from it. */
const BOOKMARK_BEFORE_END_MS = 2_000;

interface WatchQuery {
  /** undefined: begin with what is there */
  from: number | undefined;
  bookmarks: boolean;
  /** streaming list: the initial objects end with a marked bookmark */
  initialEvents: boolean;
  timeoutMs: number;
}

/** Running watches: each streams the changes of its scope, one JSON object a line. */
export class Watches {
  private readonly running = new Set<Watch>();
  private expireNext = 0;
  constructor(
    private readonly registry: Registry,
    private readonly bookmarkMs: number = MINUTE_MS,
  ) {
    registry.onWithdrawn(({ id }) => {
      for (const watch of this.running) if (watch.shows(id)) watch.end();
    });
  }

  get count(): number {
    return this.running.size;
  }

  /** The next `n` watches are told 410, whatever they start from. */
  expire(n: number): void {
    this.expireNext = n;
  }

  /** Hangs up on every watch, without an end of the stream a client could take for a timeout. */
  drop(): void {
    for (const w of [...this.running]) w.destroy();
  }

  open(scope: Scope, query: URLSearchParams, as: Rendering, response: ServerResponse): void {
    const { store } = this.registry;
    const asked = watchQuery(query);
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
    response.flushHeaders();
    const watch = new Watch(scope, as, response, asked.from ?? 0, () => store.revision);
    const shelf = store.shelf(scope.view.id);
    const past = asked.from === undefined || this.expireNext > 0 ? [] : shelf.since(asked.from);
    if (past === undefined || this.expireNext > 0) {
      if (this.expireNext > 0) this.expireNext--;
      const message = `too old resource version: ${asked.from ?? 0} (${shelf.oldest})`;
      watch.fail(errors.expired(message).body());
      return;
    }
    if (asked.from === undefined) for (const o of shelf.list()) if (scope.matches(o)) watch.send('ADDED', o);
    if (asked.initialEvents) watch.bookmark(true);
    for (const change of past) watch.offer(change);
    const unlisten = shelf.listen((change) => watch.offer(change));
    this.running.add(watch);
    watch.run(asked, this.bookmarkMs, () => {
      unlisten();
      this.running.delete(watch);
    });
  }
}

function watchQuery(query: URLSearchParams): WatchQuery {
  const version = query.get('resourceVersion') ?? '';
  const isTrue = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  if (!/^\d*$/.test(version)) {
    // the real server answers 500 here, and without a reason
    const why = `strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`;
    throw new errors.StatusError(500, '', `resourceVersion: Invalid value: ${JSON.stringify(version)}: ${why}`);
  }
  const initialEvents = isTrue('sendInitialEvents');
  if (initialEvents && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    const why = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
    throw errors.unprocessable(errors.LIST_OPTIONS, '', [forbidden('resourceVersionMatch', why)]);
  }
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  const from = version === '' || version === '0' || initialEvents ? undefined : Number(version);
  return {
    from,
    bookmarks: isTrue('allowWatchBookmarks'),
    initialEvents,
    timeoutMs: seconds > 0 ? seconds * 1000 : DEFAULT_TIMEOUT_MS,
  };
}

/** One client's watch. */
class Watch {
  private headed = false;
  private readonly openedAt: number;
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly scope: Scope,
    private readonly as: Rendering,
    private readonly response: ServerResponse,
    /** changes up to this revision are not told: a client may ask for the future */
    private readonly from: number,
    private readonly revision: () => number,
  ) {
    this.openedAt = from === 0 ? revision() : 0;
  }

  run(asked: WatchQuery, bookmarkMs: number, ended: () => void): void {
    this.timers.push(setTimeout(() => this.response.end(), asked.timeoutMs));
    if (asked.bookmarks) {
      const last = Math.max(0, asked.timeoutMs - BOOKMARK_BEFORE_END_MS);
      this.timers.push(setTimeout(() => this.bookmark(), last));
      this.timers.push(setInterval(() => this.bookmark(), bookmarkMs));
    }
    for (const t of this.timers) t.unref();
    this.response.once('close', () => {
      for (const t of this.timers) clearTimeout(t);
      ended();
    });
  }

  /** Passes a change on as this scope sees it: leaving it is DELETED, entering it is ADDED. */
  offer(change: Change): void {
    if (change.revision <= this.from) return;
    const now = change.type !== 'DELETED' && this.scope.matches(change.object);
    const before = change.previous !== undefined && this.scope.matches(change.previous);
    if (now) this.send(before ? 'MODIFIED' : 'ADDED', change.object);
    else if (before && change.previous !== undefined) this.send('DELETED', stamped(change.previous, change.revision));
  }

  send(type: string, o: KubeObject): void {
    const { view } = this.scope;
    if (this.as.shape === 'object') this.line(`{"type":"${type}","object":${jsonOf(view, o)}}`);
    else this.line(JSON.stringify({ type, object: this.shaped(view, o) }));
  }

  private shaped(view: View, o: KubeObject): Fields {
    if (this.as.shape === 'metadata') return partial(o);
    const rows = table(view, [o], { resourceVersion: o.metadata.resourceVersion }, this.as.include, !this.headed);
    this.headed = true;
    return rows;
  }

  /** A bookmark says how far the client has seen; where nothing happened since it began, there is nothing to say. */
  bookmark(endOfInitial = false): void {
    if (!endOfInitial && this.revision() <= Math.max(this.from, this.openedAt)) return;
    const { view } = this.scope;
    const annotations = endOfInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
    const metadata = { resourceVersion: String(this.revision()), creationTimestamp: null, ...annotations };
    this.line(
      JSON.stringify({ type: 'BOOKMARK', object: { kind: view.kind, apiVersion: apiVersionOf(view), metadata } }),
    );
  }

  /** Ends the stream with an ERROR event, the way the watch cache says 410 after the headers have gone out. */
  fail(status: Fields): void {
    this.line(JSON.stringify({ type: 'ERROR', object: status }));
    this.response.end();
  }

  /** @param id of a view */
  shows(id: string): boolean {
    return this.scope.view.id === id;
  }

  end(): void {
    this.response.end();
  }

  destroy(): void {
    this.response.destroy();
  }

  private line(text: string): void {
    if (!this.response.writableEnded) this.response.write(`${text}\n`);
  }
}
