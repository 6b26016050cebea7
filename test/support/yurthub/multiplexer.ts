import type { ServerResponse } from 'node:http';
import { addBuiltinResources } from '../api-server/builtin-resources.ts';
import { NAME } from '../api-server/columns.ts';
import { scopeOf } from '../api-server/reads.ts';
import { itemJsonOf } from '../api-server/render.ts';
import { apiVersionOf, type Column, Registry, type View } from '../api-server/resources.ts';
import { Store } from '../api-server/store.ts';
import { type IncludeObject, partial, shapeOf, table } from '../api-server/tables.ts';
import type { DiskCache } from './disk-cache.ts';
import { PoolMemory } from './pool-memory.ts';
import { PoolSource } from './pool-source.ts';
import { PoolWatch } from './pool-watch.ts';
import type { Prober } from './prober.ts';
import { sendJson, tooEarly } from './reply.ts';
import type { HubCall, ResourceRequest } from './request-info.ts';
import type { Pace } from './timing.ts';
import type { Upstream } from './upstream.ts';

const SHARED = [
  { group: '', version: 'v1', resource: 'services' },
  { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
] as const;

/** `kubectl get` prints no more than this, whatever the kind. */
const CREATED: Column = { name: 'Created At', type: 'date', cell: (o) => o.metadata.creationTimestamp };

interface Pool {
  view: View;
  memory: PoolMemory;
  /** called at the first request of the resource */
  fill(): void;
}

/**
 * Lists and watches of Services and EndpointSlices, from the hub's memory: for any agent and any token or none, online and
 * offline alike, selectors applied. Limits are ignored.
 */
export class Multiplexer {
  private readonly pools: Pool[];
  private readonly stopping = new AbortController();

  constructor(
    nodeName: string,
    upstream: Upstream,
    disk: DiskCache,
    private readonly pace: Pace,
    prober: Prober,
    leader: Upstream | undefined,
  ) {
    const registry = new Registry(new Store(1));
    addBuiltinResources(registry, { serviceCidrs: ['10.96.0.0/12'], nodePorts: [30000, 32767] });
    const component = `multiplexer-proxy-${nodeName}`;
    this.pools = SHARED.map((gvr) => {
      const found = registry.find(gvr.group, gvr.version, gvr.resource);
      if (found === undefined) throw new Error(`no resource ${gvr.resource}`);
      const view: View = { ...found, columns: [NAME, CREATED] };
      const memory = new PoolMemory();
      const { signal } = this.stopping;
      const folder = { component, ...gvr };
      const source = new PoolSource({
        folder,
        kind: view.kind,
        memory,
        upstream,
        leader,
        disk,
        pace,
        prober,
        signal,
      });
      let isFilling = false;
      return {
        view,
        memory,
        fill() {
          if (!isFilling) void source.run();
          isFilling = true;
        },
      };
    });
  }

  /** Services are wanted by the hub itself from the start, the others when somebody first asks. */
  start(): void {
    this.pools[0]?.fill();
  }

  get hasServices(): boolean {
    return this.pools[0]?.memory.ready === true;
  }

  stop(): void {
    this.stopping.abort();
    for (const { memory } of this.pools) memory.endWatches();
  }

  leads({ resource }: HubCall): boolean {
    return resource !== undefined && this.poolOf(resource) !== undefined;
  }

  /** @throws StatusError */
  serve({ resource, url, headers }: HubCall, response: ServerResponse): void {
    const pool = resource === undefined ? undefined : this.poolOf(resource);
    if (resource === undefined || pool === undefined) throw new Error(`not shared: ${url.pathname}`);
    pool.fill();
    const { view, memory } = pool;
    if (!memory.ready) throw tooEarly(resource.resource);
    const query = url.searchParams;
    const scope = scopeOf(view, resource.namespace === '' ? undefined : resource.namespace, '', query);
    const shape = shapeOf(headers.accept ?? '');
    const include = (query.get('includeObject') ?? 'Metadata') as IncludeObject;
    // it looks a name up as `namespace/name`: without a namespace it finds nothing
    const lost = resource.name !== '' && resource.namespace === '';
    const matches: typeof scope.matches = lost ? () => false : scope.matches;
    if (resource.verb === 'watch') {
      new PoolWatch(memory, { ...scope, matches }, { shape, include }, response).run(query, this.pace);
      return;
    }
    const items = memory.list().filter(matches);
    const metadata = memory.revision === 0 ? {} : { resourceVersion: String(memory.revision) };
    if (shape === 'table') {
      sendJson(response, table(view, items, metadata, include));
      return;
    }
    const apiVersion = shape === 'metadata' ? 'meta.k8s.io/v1' : apiVersionOf(view);
    const kind = shape === 'metadata' ? 'PartialObjectMetadataList' : `${view.kind}List`;
    const texts = items.map((o) => (shape === 'metadata' ? JSON.stringify(partial(o)) : itemJsonOf(view, o)));
    const head = JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1);
    sendJson(response, `${head},"items":[${texts.join(',')}]}`);
  }

  private poolOf({ verb, group, version, resource, subresource }: ResourceRequest): Pool | undefined {
    if ((verb !== 'list' && verb !== 'watch') || subresource !== '') return undefined;
    return this.pools.find(({ view }) => view.plural === resource && view.group === group && view.version === version);
  }
}
