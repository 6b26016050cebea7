import type { ServerResponse } from 'node:http';
import { StatusError } from '../api-server/status-error.ts';
import type { DiskCache } from './disk-cache.ts';
import { sendError, sendJson } from './reply.ts';
import type { HubCall } from './request-info.ts';
import { afterPendingReads, OBSERVED, type Pace } from './timing.ts';
import { type Upstream, WireError } from './upstream.ts';

const KEPT = new Set(['/version', '/apis/discovery.k8s.io/v1', '/apis/discovery.k8s.io/v1beta1']);
const FOLDER = '_internal';

/**
 * The few paths that are no resources and yet kept: asked with the hub's own rights, for any client, and hung up on after
 * 2 s without an answer.
 */
export class PlainRoad {
  constructor(
    private readonly upstream: Upstream,
    private readonly disk: DiskCache,
    private readonly pace: Pace,
  ) {}

  static leads({ method, url }: HubCall): boolean {
    return method === 'GET' && KEPT.has(url.pathname);
  }

  async serve({ url }: HubCall, response: ServerResponse, online: boolean): Promise<void> {
    const place = `${FOLDER}/${encodeURIComponent(url.pathname)}`;
    if (!online) {
      const kept = this.disk.text(place);
      if (kept === undefined) sendError(response, new StatusError(404, 'NotFound', `${url.pathname} is not cached`));
      else sendJson(response, kept);
      return;
    }
    const giveUp = new AbortController();
    const timer = setTimeout(
      () => void afterPendingReads().then(() => giveUp.abort()),
      this.pace.ms(OBSERVED.versionTimeoutS),
    );
    try {
      const { code, text } = await this.upstream.get(url.pathname, 'yurthub', giveUp.signal);
      if (code === 200) this.disk.keepText(place, text);
      sendJson(response, text, code);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      response.destroy();
    } finally {
      clearTimeout(timer);
    }
  }
}
