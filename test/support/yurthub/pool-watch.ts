import type { ServerResponse } from 'node:http';
import type { Fields, KubeObject } from '../api-server/object.ts';
import type { Rendering, Scope } from '../api-server/reads.ts';
import { jsonOf } from '../api-server/render.ts';
import { apiVersionOf } from '../api-server/resources.ts';
import { expired, StatusError } from '../api-server/status-error.ts';
import { type Change, stamped } from '../api-server/store.ts';
import { partial, table } from '../api-server/tables.ts';
import type { PoolMemory } from './pool-memory.ts';
import { openStream, timeoutMsOf } from './reply.ts';
import { OBSERVED, type Pace } from './timing.ts';

/** One client's watch of a pool's memory. It outlives a silent cut, and brings deletions afterwards. */
export class PoolWatch {
  constructor(
    private readonly memory: PoolMemory,
    private readonly scope: Scope,
    private readonly as: Rendering,
    private readonly response: ServerResponse,
  ) {}

  run(query: URLSearchParams, pace: Pace): void {
    openStream(this.response);
    if (['true', '1'].includes(query.get('sendInitialEvents') ?? '')) {
      this.fail(new StatusError(500, 'InternalError', 'required storage feature RequestWatchProgress is disabled'));
      return;
    }
    const asked = query.get('resourceVersion') ?? '';
    if (asked === '' || asked === '0') {
      for (const o of this.memory.list()) if (this.scope.matches(o)) this.send('ADDED', o);
    } else {
      const past = this.memory.since(Number(asked));
      if (past === undefined) {
        this.fail(expired(`too old resource version: ${asked} (${this.memory.oldest})`));
        return;
      }
      for (const change of past) this.offer(change);
    }
    const unfollow = this.memory.follow(
      (change) => this.offer(change),
      () => this.response.end(),
    );
    const timers: NodeJS.Timeout[] = [];
    const limit = timeoutMsOf(query);
    if (limit > 0) timers.push(setTimeout(() => this.response.end(), limit));
    if (['true', '1'].includes(query.get('allowWatchBookmarks') ?? '')) {
      timers.push(setInterval(() => this.bookmark(), pace.ms(OBSERVED.poolBookmarkS)));
    }
    this.response.once('close', () => {
      unfollow();
      for (const t of timers) clearTimeout(t);
    });
  }

  /** As this scope sees it: leaving it is DELETED, entering it is ADDED. */
  private offer({ type, object, previous, revision }: Change): void {
    const now = type !== 'DELETED' && this.scope.matches(object);
    const before = previous !== undefined && this.scope.matches(previous);
    if (now) this.send(before ? 'MODIFIED' : 'ADDED', object);
    else if (before) this.send('DELETED', stamped(previous, revision));
  }

  private send(type: string, o: KubeObject): void {
    const { view } = this.scope;
    if (this.as.shape === 'object') this.line(`{"type":"${type}","object":${jsonOf(view, o)}}`);
    else if (this.as.shape === 'metadata') this.event(type, partial(o));
    else this.event(type, table(view, [o], { resourceVersion: o.metadata.resourceVersion }, this.as.include));
  }

  private bookmark(): void {
    const { kind } = this.scope.view;
    const metadata = { resourceVersion: String(this.memory.revision), creationTimestamp: null };
    this.event('BOOKMARK', { kind, apiVersion: apiVersionOf(this.scope.view), metadata });
  }

  private fail(error: StatusError): void {
    this.event('ERROR', error.body());
    this.response.end();
  }

  private event(type: string, object: Fields): void {
    this.line(JSON.stringify({ type, object }));
  }

  private line(text: string): void {
    if (!this.response.writableEnded) this.response.write(`${text}\n`);
  }
}
