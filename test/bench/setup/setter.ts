import type { KubeObject } from '@openyurt/nodepool-types';
import { NODE_POOL_SELECTOR_ANNOTATION } from '@openyurt/nodepool-types';
import type { KubeCloud } from '../../support/cloud/kube-cloud.ts';
import { METALLB_VERSION, metalLbFiles } from '../../support/peers/metallb/binary.ts';
import { MetalLb } from '../../support/peers/metallb/metallb.ts';
import { metalLbService } from '../../support/peers/metallb/objects.ts';
import { type Stage, serviceWithEndpoints } from '../../support/stage.ts';
import { LANS, POOLS } from '../arp/lane.ts';
import { Ours } from '../failover/ours.ts';
import { progress } from '../failover/progress.ts';

/** A controller and three speakers on a LAN of their own, with one Service already; it gives out the lowest free address. */
export interface Setter {
  readonly name: string;
  /** NodePool, whose client asks. */
  readonly pool: string;
  /** Endpoints first, then the Service, for the run with this number, from 1; and the address that it will get. */
  prepare(run: number): { readonly slice: KubeObject; readonly service: KubeObject; readonly address: string };
  /** The address given to the Service that was there first. */
  readonly first: string;
  close(): Promise<void>;
}

const FIRST = 100;
export const MOST_RUNS = 90;
export const ADDRESSES = `address-pools:
- name: default
  protocol: layer2
  addresses: [${LANS.shop}.${FIRST}-${LANS.shop}.${FIRST + MOST_RUNS}]
`;

export async function oursSetter(stage: Stage): Promise<Setter> {
  const pool = POOLS.ours;
  const ours = await Ours.begin(stage, 1, { pool });
  await ours.untilAgreed(60_000, (alive) => progress(`${alive} sessions stand`));
  const nodes = stage.site.pool(pool).nodes.map(({ name }) => name);
  const annotations = { [NODE_POOL_SELECTOR_ANNOTATION]: `site=${pool}` };
  return {
    name: ours.name,
    pool,
    first: `${LANS.shop}.${FIRST}`,
    prepare: (run) => {
      const objects = serviceWithEndpoints(stage.site, { name: `setup-${run}`, port: 80, nodes, annotations });
      return { ...pair(objects), address: `${LANS.shop}.${FIRST + run}` };
    },
    close: () => ours.close(),
  };
}

export async function metalLbSetter(stage: Stage): Promise<Setter> {
  const pool = POOLS.peer;
  const cloud = stage.cloud as KubeCloud;
  const { nodes } = stage.site.pool(pool);
  const first = `${LANS.peer}.${FIRST}`;
  const spare = Array.from({ length: MOST_RUNS }, (_, i) => `${LANS.peer}.${FIRST + 1 + i}`);
  const files = await metalLbFiles(progress);
  progress('installing MetalLB');
  const metalLb = await MetalLb.install(cloud, stage.site, files, stage.dir, { addresses: [first], spare, nodes });
  await metalLb.startController(cloud);
  for (const { name } of nodes) metalLb.start(name);
  return {
    name: `MetalLB ${METALLB_VERSION}`,
    pool,
    first,
    prepare: (run) => {
      const { slice, service } = pair(metalLbService(`peer-${run}`, '', nodes));
      const { status: _, ...created } = service as KubeObject & { status?: unknown };
      return { slice, service: created, address: `${LANS.peer}.${FIRST + run}` };
    },
    close: () => metalLb.close(),
  };
}

function pair([service, slice]: readonly KubeObject[]): { readonly service: KubeObject; readonly slice: KubeObject } {
  if (service === undefined || slice === undefined) throw new Error('a Service and its EndpointSlice were expected');
  return { service, slice };
}
