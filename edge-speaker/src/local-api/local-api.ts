import { humanDuration } from '@openyurt/nodepool-types';
import type { LocalAnswer, LocalApi, LocalRequest } from '../ports/local-api.ts';
import type { CloudFact } from './announcements.ts';
import * as discovery from './discovery.ts';
import { getOne, listPieces, type ObjectSource } from './reads.ts';
import type { SourceName } from './resources.ts';
import { type Route, routeOf } from './route.ts';
import { scopeOf } from './scope.ts';
import { noSuchPath, StatusError } from './status.ts';
import { shapeOf } from './table.ts';
import { openWatch } from './watch.ts';

export interface LocalApiParts {
  readonly nodeName: string;
  readonly version: string;
  readonly sources: Readonly<Record<SourceName, ObjectSource>> & { readonly announcements: { poll(): void } };
  readonly cloud: () => CloudFact;
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

const JSON_TYPE = 'application/json';
const PLAIN_TYPE = 'text/plain; charset=utf-8';

/** The read-only Kubernetes API of this node's view: requests in, answers out. Nothing here can change anything. */
export class ReadOnlyApi implements LocalApi {
  constructor(private readonly parts: LocalApiParts) {}

  answer(request: LocalRequest): LocalAnswer {
    try {
      return this.answered(request);
    } catch (error) {
      if (error instanceof StatusError) return refusal(error);
      return refusal(new StatusError(500, 'InternalError', `Internal error occurred: ${(error as Error).message}`));
    }
  }

  refuse(status: number, reason: string, message: string): LocalAnswer {
    return refusal(new StatusError(status, reason, message));
  }

  poll(): void {
    this.parts.sources.announcements.poll();
  }

  private answered({ method, url, accept }: LocalRequest): LocalAnswer {
    const mark = url.indexOf('?');
    const path = (mark < 0 ? url : url.slice(0, mark)).replace(/(?<=.)\/$/, '');
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    if (method !== 'GET' && method !== 'HEAD') throw this.readOnly();
    if (path.startsWith('/openapi/')) return this.noSchema();
    const route = routeOf(path);
    return route === undefined ? this.plain(path, accept) : this.read(route, query, accept);
  }

  private read({ resource, namespace, name }: Route, query: URLSearchParams, accept: string): LocalAnswer {
    const { sources, wallMs } = this.parts;
    const source = sources[resource.source];
    const shape = shapeOf(accept, query.get('includeObject'));
    const scope = scopeOf(resource, namespace, name, query);
    if (['true', '1'].includes(query.get('watch') ?? ''))
      return { kind: 'watch', type: JSON_TYPE, watch: openWatch(scope, source, shape, query, wallMs) };
    if (name === undefined)
      return { kind: 'pieces', type: JSON_TYPE, pieces: listPieces(scope, source, shape, wallMs()) };
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    return { kind: 'whole', status: 200, type: JSON_TYPE, body: getOne(resource, source, key, shape, wallMs()) };
  }

  /** Health, version and discovery. */
  private plain(path: string, accept: string): LocalAnswer {
    const [, root = '', group = '', version] = path.split('/');
    if (['/healthz', '/livez', '/readyz'].includes(path))
      return { kind: 'whole', status: 200, type: PLAIN_TYPE, body: 'ok' };
    if (path === '/version') return json(this.version());
    if (path === '/api' || path === '/apis') {
      const all = discovery.aggregated(accept, path === '/api');
      if (all !== undefined) return json(all.body, all.type);
      return json(path === '/api' ? discovery.apiVersions() : discovery.groupList());
    }
    let body: unknown;
    if (root === 'api' || version !== undefined) body = discovery.resourceList(path.slice(`/${root}/`.length));
    else if (root === 'apis') body = discovery.oneGroup(group);
    if (body === undefined) throw noSuchPath();
    return json(body);
  }

  private version(): unknown {
    const { version } = this.parts;
    const gitVersion = `v1.34.0-yurtlb.${version}`;
    return { major: '1', minor: '34', gitVersion, platform: 'linux', ...EMPTY_BUILD };
  }

  private readOnly(): StatusError {
    const { nodeName, cloud, monotonicMs } = this.parts;
    const { state, sinceMs } = cloud();
    const message = `this is the read-only view of node ${nodeName}; the cloud has been ${state} for ${humanDuration(monotonicMs() - sinceMs)}; write to the cloud's API server`;
    return new StatusError(405, 'MethodNotAllowed', message);
  }

  /** kubectl asks here for `explain`, and before it applies. As text: of a Status it would show only the reason here. */
  private noSchema(): LocalAnswer {
    const body = `this is the read-only view of node ${this.parts.nodeName}: it keeps no schemas and takes no writes; explain and apply want the cloud's API server`;
    return { kind: 'whole', status: 406, type: PLAIN_TYPE, body };
  }
}

const EMPTY_BUILD = { gitCommit: '', gitTreeState: '', buildDate: '', goVersion: '', compiler: '' };

function json(body: unknown, type = JSON_TYPE): LocalAnswer {
  return { kind: 'whole', status: 200, type, body: JSON.stringify(body) };
}

function refusal(error: StatusError): LocalAnswer {
  return { kind: 'whole', status: error.code, type: JSON_TYPE, body: JSON.stringify(error.body()) };
}
