import { strict as assert } from 'node:assert';
import { ADDRESSES_ALLOCATED_CONDITION } from '@openyurt/nodepool-types';
import { MemoryCluster } from '../memory-cluster.ts';
import { type ServiceSpec, service } from '../world.ts';

/** `--release-cooldown` of the rules that have one. */
export const REST_MS = 60_000;

/** Something that happens in a cluster; the controller has settled before the next one. */
export type Step = (cluster: MemoryCluster) => void;

/** What follows when something happens to a cluster that stands as it does. */
export interface Rule {
  readonly name: string;
  /** A cluster with the NodePool `shop` (label `tier: shop`), of which nothing is configured, to begin with. */
  readonly given: readonly Step[];
  readonly when: Step | readonly Step[];
  /**
   * By Service: what its status says. Each address as `<nodepool>=<ip>`, entries of others as `!<ip>`, and then the reason
   * where that is not `Allocated`, in parentheses where the Service has all the same what it asks for.
   */
  readonly expect: Readonly<Record<string, string>>;
  /** By object: what one of the condition's or the last Event's texts holds. */
  readonly says?: Readonly<Record<string, RegExp>>;
  /** By object: the reasons of its Events since `when`, in order. */
  readonly events?: Readonly<Record<string, readonly string[]>>;
  /** By Service: what a restart makes of it; absent: nothing, and then nothing is written again either. */
  readonly afterRestart?: Readonly<Record<string, string>>;
  /** `--release-cooldown` is {@link REST_MS}. */
  readonly rests?: true;
}

export function itHolds(rules: readonly Rule[]): void {
  for (const rule of rules) it(rule.name, () => check(rule));
}

async function check({ given, when, expect, says = {}, events = {}, afterRestart, rests }: Rule): Promise<void> {
  const cluster = new MemoryCluster();
  cluster.restMs = rests ? REST_MS : 0;
  cluster.restart();
  cluster.putNodePool('shop', { tier: 'shop' });
  await run(cluster, given);
  const before = cluster.events.length;
  await run(cluster, typeof when === 'function' ? [when] : when);
  assert.deepEqual(standings(cluster, expect), expect);
  for (const [about, pattern] of Object.entries(says)) assert.match(textsOf(cluster, about), pattern);
  for (const [about, reasons] of Object.entries(events)) {
    const since = cluster.events.slice(before).filter((one) => one.about === about);
    assert.deepEqual(
      since.map(({ event }) => event.reason),
      reasons,
    );
  }
  const said = () => [cluster.writes.length, cluster.events.length];
  const asSaid = said();
  for (const key of cluster.serviceMap.keys()) cluster.add(`service:${key}`);
  await cluster.settle();
  assert.deepEqual(said(), asSaid, 'a second look found something to do');
  cluster.restart();
  await cluster.settle();
  const want = afterRestart ?? expect;
  assert.deepEqual(standings(cluster, want), want, 'a restart changed it');
  if (afterRestart === undefined) assert.equal(cluster.writes.length, asSaid[0], 'written again after a restart');
}

async function run(cluster: MemoryCluster, steps: readonly Step[]): Promise<void> {
  await cluster.settle();
  for (const step of steps) {
    step(cluster);
    await cluster.settle();
  }
}

function standings(cluster: MemoryCluster, of: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(of).map((name) => [name, standing(cluster, name)]));
}

function standing(cluster: MemoryCluster, name: string): string {
  const { status } = cluster.serviceMap.get(keyOf(name)) ?? {};
  const entries = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname, ipMode }) =>
    ipMode === 'VIP' ? `${hostname}=${ip}` : `!${ip}`,
  );
  const { reason, status: isServed } = cluster.condition(keyOf(name)) ?? {};
  const why = reason === undefined || reason === 'Allocated' ? [] : [isServed === 'True' ? `(${reason})` : reason];
  return [...entries, ...why].join(' ');
}

function textsOf(cluster: MemoryCluster, about: string): string {
  const last = cluster.events.findLast((one) => one.about === about)?.event.note ?? '';
  const conditions = cluster.serviceMap.get(keyOf(about))?.status?.conditions ?? [];
  return [...conditions.filter(({ type }) => type === ADDRESSES_ALLOCATED_CONDITION), { message: last }]
    .map(({ message }) => message)
    .join('\n');
}

/** @param name `namespace/name`, or the name alone of one in `default` */
function keyOf(name: string): string {
  return name.includes('/') ? name : `default/${name}`;
}

/** One address pool of a ConfigMap: its name, its ranges, and what else it says, as YAML. */
export type PoolLine = readonly [name: string, addresses: string, more?: string];

/** The NodePool's ConfigMap. */
export function config(
  nodePool: string,
  pools: readonly PoolLine[],
  { renumber = false, outside = false, ...more }: ConfigMore = {},
): Step {
  const lines = pools.map(
    ([name, addresses, rest]) =>
      `- {name: ${name}, protocol: layer2, addresses: [${addresses}]${rest ? `, ${rest}` : ''}}`,
  );
  const annotations: Record<string, string> = renumber ? { 'service.openyurt.io/allow-renumber': 'true' } : {};
  const site = outside ? 'allowOutsideRanges: true' : undefined;
  return (cluster) =>
    cluster.putConfig(nodePool, ['address-pools:', ...lines].join('\n'), { ...more, annotations, site });
}

interface ConfigMore {
  /** `service.openyurt.io/allow-renumber: "true"` */
  readonly renumber?: boolean;
  /** `allowOutsideRanges: true` */
  readonly outside?: boolean;
  /** Of the ConfigMap. */
  readonly name?: string;
  readonly created?: string;
}

/** One address pool, `default`, of the NodePool `shop`. */
export const shop = (...addresses: string[]): Step => config('shop', [['default', addresses.join(', ')]]);
/** The address pools of the NodePool `shop`. */
export const pools = (...lines: readonly PoolLine[]): Step => config('shop', lines);
/** What a Service gets of them. */
export const gets = (
  name: string,
  lines: readonly PoolLine[],
  web: string,
  spec: ServiceSpec = {},
  ...more: Step[]
): Rule => ({
  ...{ name, given: [pools(...lines), ...more], when: put(spec), expect: { web } },
});
export const badConfig = (nodePool: string): Step => {
  return (cluster) => cluster.putConfig(nodePool, 'address-pools: nonsense');
};
/** @param name of the ConfigMap, if it is not the NodePool's */
export const noConfig = (nodePool: string, name = nodePool): Step => {
  return (cluster) => cluster.deleteConfig(nodePool, name);
};

/** A NodePool with its labels, and one address pool where ranges are given. */
export function site(name: string, labels: Record<string, string>, ...addresses: string[]): Step {
  return (cluster) => {
    cluster.putNodePool(name, labels);
    if (addresses.length > 0) config(name, [['default', addresses.join(', ')]])(cluster);
  };
}
export const gone = (nodePool: string): Step => {
  return (cluster) => cluster.deleteNodePool(nodePool);
};

/** Services come or change, all at once. A Service keeps its age. */
export function put(...specs: readonly ServiceSpec[]): Step {
  return (cluster) => {
    for (const spec of specs) {
      const made = service(spec);
      const key = `${made.metadata.namespace}/${made.metadata.name}`;
      const { metadata } = cluster.serviceMap.get(key) ?? made;
      const { creationTimestamp = '' } = metadata;
      cluster.putService({ ...made, metadata: { ...made.metadata, creationTimestamp } });
    }
  };
}
export function remove(...names: readonly string[]): Step {
  return (cluster) => {
    for (const name of names) cluster.deleteService(keyOf(name));
  };
}
/** Its deletion has begun, and somebody's finalizer holds it up. */
export function terminating(name: string): Step {
  return (cluster) => {
    const object = cluster.serviceMap.get(keyOf(name));
    if (object === undefined) throw new Error(`there is no Service ${name}`);
    const metadata = {
      ...object.metadata,
      deletionTimestamp: '2026-01-01T00:00:00Z',
      finalizers: ['example.com/hold'],
    };
    cluster.putService({ ...object, metadata });
  };
}

export const node = (name: string, ip: string, type?: 'ExternalIP'): Step => {
  return (cluster) => cluster.putNode(name, ip, undefined, type);
};
export const noNode = (name: string): Step => {
  return (cluster) => cluster.deleteNode(name);
};

export const restart: Step = (cluster) => cluster.restart();
export const after = (ms: number): Step => {
  return (cluster) => cluster.pass(ms);
};
/** The controller sees all of it at once. */
export const together = (...steps: readonly Step[]): Step => {
  return (cluster) => {
    for (const step of steps) step(cluster);
  };
};
/** All of it happens while no controller runs. */
export const meanwhile = (...steps: readonly Step[]): Step => together(...steps, restart);

// What Services ask for.
export const SELECTOR = 'service.openyurt.io/nodepool-labelselector';
export const POOL = 'service.openyurt.io/address-pool';
export const SHARE = 'service.openyurt.io/allow-shared-ip';
/** By the annotation for one NodePool. */
export const asks = (ips: string, nodePool = 'shop') => ({ [`service.openyurt.io/loadBalancerIP-${nodePool}`]: ips });
export const BOTH = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
