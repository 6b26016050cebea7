import type { ServerResponse } from 'node:http';
import { fieldsOf, textOf } from '../api-server/object.ts';
import * as errors from '../api-server/status-error.ts';
import type { AnswerCache } from './answer-cache.ts';
import { openStream, sendJson, timeoutMsOf } from './reply.ts';
import { type HubCall, type ResourceRequest, wordsOf } from './request-info.ts';
import { OBSERVED, type Pace } from './timing.ts';

/** Without a limit of its own a watch ends after 30 to 60 minutes. */
const LONGEST_WATCH_S = 45 * 60;

/** Offline: answers from the disk, or as if. Nobody is asked who he is, and nothing of a write is kept for later. */
export class CacheRoad {
  constructor(
    private readonly cache: AnswerCache,
    private readonly isOnline: () => boolean,
    private readonly pace: Pace,
  ) {}

  /** @throws StatusError */
  serve(call: HubCall, response: ServerResponse): void {
    const { resource } = call;
    if (resource === undefined) {
      throw errors.badRequest(`request(${wordsOf(call)}) is not supported when cluster is unhealthy`);
    }
    switch (resource.verb) {
      case 'watch':
        this.watch(call, response);
        return;
      case 'create':
        this.create(call, resource, response);
        return;
      case 'delete':
      case 'deletecollection': {
        const details = { name: resource.name, group: resource.namespace, kind: resource.resource };
        throw new errors.StatusError(403, 'Forbidden', 'delete request is not supported in local cache', details);
      }
      default: {
        if (!this.cache.takes(call)) throw errors.badRequest(`can not cache for ${wordsOf(call)}`);
        const found = this.cache.query(call);
        const named = { group: resource.group, plural: resource.resource, kind: '' };
        if (found === undefined) throw errors.notFound(named, resource.name);
        sendJson(response, found);
      }
    }
  }

  /** 200 and silence, whoever asks for whatever, until the cloud is back. */
  private watch({ url }: HubCall, response: ServerResponse): void {
    openStream(response);
    const asked = timeoutMsOf(url.searchParams);
    const limit = setTimeout(() => response.end(), asked > 0 ? asked : this.pace.ms(LONGEST_WATCH_S));
    const tick = setInterval(() => {
      if (this.isOnline()) response.end();
    }, this.pace.ms(OBSERVED.localWatchTickS));
    response.once('close', () => {
      clearTimeout(limit);
      clearInterval(tick);
    });
  }

  /** 201 and the body back. Only Events are put on the disk, where nobody fetches them. */
  private create(call: HubCall, resource: ResourceRequest, response: ServerResponse): void {
    const text = call.body.toString();
    if (resource.resource === 'serviceaccounts' && resource.subresource === 'token') {
      const { kind, apiVersion, spec } = bodyOf(text);
      const status = { token: 'fake-token', expirationTimestamp: new Date(Date.now() + 3_600_000).toISOString() };
      sendJson(response, { kind, apiVersion, metadata: {}, spec, status }, 201);
      return;
    }
    if (resource.resource === 'events' && textOf(fieldsOf(bodyOf(text).metadata).name) !== '') {
      if (this.cache.takes(call)) this.cache.save(call, text);
    }
    response.writeHead(201, { 'Content-Type': call.headers['content-type'] ?? 'application/json' }).end(call.body);
  }
}

function bodyOf(text: string): Record<string, unknown> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}
