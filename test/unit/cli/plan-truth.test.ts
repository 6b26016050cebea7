import { strict as assert } from 'node:assert';
import type { ConfigMapObject, KubeObject, NodePoolObject, ServiceObject } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { ClusterWorld } from '../../../cloud-controller/src/cli/cluster-reader.ts';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import type { PlanJson } from '../../../cloud-controller/src/cli/plan/plan-json.ts';
import { MemoryCluster } from '../controller/memory-cluster.ts';
import { service } from '../controller/world.ts';
import { FakeTerminal } from './fake-terminal.ts';

const OURS = 'service.openyurt.io/';
const POOLS = ['a', 'b', 'c'];
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const TEXTS = [
  '[{name: default, protocol: layer2, addresses: [10.0.0.1-10.0.0.3]}]',
  '[{name: default, protocol: layer2, addresses: [10.0.0.2-10.0.0.5, "fd00::/126"]}]',
  '[{name: gold, protocol: layer2, addresses: [10.0.0.1], service-selectors: [{match-labels: {tier: gold}}]}, {name: default, protocol: layer2, addresses: [10.0.0.3-10.0.0.4], priority: 1}]',
  '[{name: default, protocol: layer2, addresses: [nonsense]}]',
];

const spec = fc.record({
  name: fc.constantFrom('s0', 's1', 's2', 's3', 's4'),
  ports: fc.constantFrom([80], [443], [80, 443]),
  selector: fc.constantFrom(undefined, undefined, 'site=a', 'site in (a,b)', 'site=='),
  sharing: fc.constantFrom(undefined, undefined, 'k'),
  requested: fc.constantFrom(undefined, undefined, undefined, '10.0.0.2', '10.0.0.9'),
  pool: fc.constantFrom(undefined, undefined, 'gold', 'default'),
  gold: fc.boolean(),
  dual: fc.constantFrom('SingleStack', 'SingleStack', 'PreferDualStack', 'RequireDualStack'),
});
type Spec = typeof spec extends fc.Arbitrary<infer T> ? T : never;
const sites = fc.array(fc.record({ text: fc.option(fc.constantFrom(...TEXTS)), renumber: fc.boolean() }), {
  minLength: 3,
  maxLength: 3,
});
const nodes = fc.array(fc.constantFrom('10.0.0.1', '10.0.0.4', '10.9.9.9'), { maxLength: 2 });

function made(
  { name, ports, selector, sharing, requested, pool, gold, dual }: Spec,
  createdSecond: number,
): ServiceObject {
  const annotations = Object.fromEntries(
    Object.entries({
      [`${OURS}nodepool-labelselector`]: selector,
      [`${OURS}allow-shared-ip`]: sharing,
      [`${OURS}address-pool`]: pool,
      [`${OURS}loadBalancerIP-a`]: requested,
    }).filter(([, text]) => text !== undefined),
  ) as Record<string, string>;
  const ipFamilies = dual === 'SingleStack' ? ['IPv4'] : ['IPv4', 'IPv6'];
  const labels = gold ? { tier: 'gold' } : {};
  return service({ name, ports, annotations, labels, spec: { ipFamilies, ipFamilyPolicy: dual }, createdSecond });
}

/** As a person has it in Git: nothing that only an API server says. */
function manifest({ apiVersion = 'v1', kind, metadata, ...rest }: KubeObject & { spec?: unknown; data?: unknown }) {
  const { name, namespace, labels, annotations = {} } = metadata;
  const { [LAST_APPLIED]: _, ...written } = annotations;
  const { spec: body, data } = rest;
  const own = namespace === undefined ? {} : { namespace };
  return {
    ...{ apiVersion, kind, metadata: { name, ...own, labels, annotations: written } },
    ...(body === undefined ? {} : { spec: body }),
    ...(data === undefined ? {} : { data }),
  };
}

const yaml = (objects: readonly unknown[]) => objects.map((object) => stringify(object)).join('---\n');

/** Three NodePools, their configuration and some Nodes. */
function furnish(cluster: MemoryCluster, texts: readonly { text: string | null; renumber: boolean }[]) {
  for (const [i, name] of POOLS.entries()) {
    cluster.putNodePool(name, { site: name });
    const { text = null, renumber = false } = texts[i] ?? {};
    const annotations: Record<string, string> = renumber ? { [`${OURS}allow-renumber`]: 'true' } : {};
    if (text !== null) cluster.putConfig(name, `address-pools: ${text}`, { annotations });
  }
}

function furniture(cluster: MemoryCluster): unknown[] {
  const nodePools = [...cluster.nodePoolMap.values()].map((one) => ({
    ...manifest(one),
    apiVersion: 'apps.openyurt.io/v1beta2',
  }));
  const nodeObjects = [...cluster.nodeMap.values()].map((one) => ({ ...one, apiVersion: 'v1', kind: 'Node' }));
  return [...nodePools, ...nodeObjects, ...[...cluster.configMapMap.values()].map(manifest)];
}

/** The cluster as the API server lists it: items of a list have no kind. */
function listed(cluster: MemoryCluster): ClusterWorld {
  const bare = <T extends KubeObject>({ kind: _, ...object }: T) => object as T;
  return {
    namespace: 'default',
    server: 'https://cloud',
    services: async () => [...cluster.serviceMap.values()].map(bare),
    nodePools: async () => [...cluster.nodePoolMap.values()].map((one) => bare(one as KubeObject) as NodePoolObject),
    nodes: async () => [...cluster.nodeMap.values()],
    addressConfigMaps: async () => [...cluster.configMapMap.values()].map(bare),
    reports: async () => [...cluster.reportMap.values()],
    poolServices: async () => [],
    allPoolServices: async () => undefined,
    serviceFamilies: async () => ['IPv4', 'IPv6'],
  };
}

async function planOf(
  files: Record<string, string>,
  argv: readonly string[],
  cluster?: ClusterWorld,
): Promise<PlanJson> {
  const terminal = new FakeTerminal(files, '', undefined, {}, cluster);
  const names = Object.keys(files).flatMap((name) => ['-f', name]);
  const code = await main(['plan', ...names, ...argv, '-o', 'json'], terminal);
  assert.equal(terminal.printed.length, 1, terminal.complained.join('\n'));
  const json = JSON.parse(terminal.printed[0] ?? '') as PlanJson;
  const isWrong = json.problems.length > 0 || json.configMaps.some(({ reason }) => reason !== 'NodeAddress');
  assert.equal(code, isWrong || json.services.some(({ waiting }) => waiting) ? 1 : 0);
  return json;
}

/** The plan says of each Service what its status says: the same addresses, and the same of what is missing. */
function assertTrue({ services }: PlanJson, cluster: MemoryCluster): void {
  const said = services.map(({ namespace, name, rows, waiting }) => {
    const isThere = (state: string) => state !== 'loses' && state !== 'waiting';
    const held = rows.flatMap(({ state, nodePool, address }) => (isThere(state) ? [`${nodePool}=${address}`] : []));
    const messages = rows.flatMap(({ reasons }) => reasons.map(({ message }) => message));
    return { key: `${namespace}/${name}`, held: held.sort(), waiting, messages };
  });
  const keys = [...cluster.serviceMap.keys()].sort();
  assert.deepEqual(
    said.map(({ key, held, waiting }) => ({ key, held, waiting })),
    keys.map((key) => ({
      key,
      held: cluster.ingress(key).sort(),
      waiting: cluster.condition(key)?.status !== 'True',
    })),
  );
  for (const { key, messages } of said) {
    const whole = cluster.condition(key)?.message ?? '';
    const rest = messages.reduce((text, message) => text.replace(message, ''), whole);
    assert.match(rest, /^\d+ addresse?s? in \d+ NodePools?\. *$/, `${key}: ${whole}\n${messages.join('\n')}`);
  }
}

describe('yurtlb plan tells the truth', () => {
  it('without a cluster: what the controller gives to the same objects', async () => {
    await fc.assert(
      fc.asyncProperty(sites, nodes, fc.array(spec, { maxLength: 8 }), async (texts, addresses, specs) => {
        const cluster = new MemoryCluster();
        furnish(cluster, texts);
        for (const [i, address] of addresses.entries()) cluster.putNode(`n${i}`, address);
        cluster.restart();
        await cluster.settle();
        const files = { 'services.yaml': '', 'pools.yaml': yaml(furniture(cluster)) };
        const names = new Set<string>();
        const services = specs.flatMap((one, i) => (names.has(one.name) ? [] : [names.add(one.name) && made(one, i)]));
        for (const one of services) {
          cluster.putService(one as ServiceObject);
          await cluster.settle();
        }
        files['services.yaml'] = yaml(services.map((one) => manifest(one as ServiceObject)));
        if (services.length === 0) files['services.yaml'] = yaml([{ apiVersion: 'v1', kind: 'Namespace' }]);
        assertTrue(await planOf(files, []), cluster);
      }),
      { numRuns: 40 },
    );
  });

  it('from a dump with statuses: what a controller that starts keeps', async () => {
    await fc.assert(
      fc.asyncProperty(sites, fc.array(spec, { minLength: 1, maxLength: 8 }), async (texts, specs) => {
        const cluster = new MemoryCluster();
        furnish(cluster, texts);
        for (const [i, one] of specs.entries()) {
          const next = made(one, i);
          const { creationTimestamp = '' } = (cluster.serviceMap.get(keyOf(next)) ?? next).metadata;
          cluster.putService({ ...next, metadata: { ...next.metadata, creationTimestamp } });
          await cluster.settle();
        }
        const dump = { apiVersion: 'v1', kind: 'List', items: [...cluster.serviceMap.values()] };
        const files = { 'dump.json': JSON.stringify(dump), 'pools.yaml': yaml(furniture(cluster)) };
        const recorded = [...cluster.serviceMap.values()].filter((one) => cluster.ingress(keyOf(one)).length > 0);
        const json = await planOf(files, []);
        const kept = json.services.filter(({ namespace, name }) =>
          recorded.some((one) => keyOf(one) === `${namespace}/${name}`),
        );
        for (const { rows } of kept) assert.ok(rows.some(({ state }) => state === 'keeps'));
        cluster.restart();
        await cluster.settle();
        assertTrue(json, cluster);
      }),
      { numRuns: 40 },
    );
  });

  it('with a cluster: what the controller that runs there makes of the change', async () => {
    const change = fc.oneof(
      fc.record({ kind: fc.constant('service' as const), spec }),
      fc.record({
        kind: fc.constant('config' as const),
        pool: fc.constantFrom(...POOLS),
        text: fc.constantFrom(...TEXTS),
        renumber: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(sites, fc.array(spec, { maxLength: 6 }), fc.array(change), async (texts, specs, changes) => {
        const cluster = new MemoryCluster();
        furnish(cluster, texts);
        for (const [i, one] of specs.entries()) {
          cluster.putService(applied(made(one, i)));
          await cluster.settle();
        }
        cluster.restart(); // what only its memory knew, such as a text before a refused one, no plan can know
        await cluster.settle();
        const lists = listed(cluster);
        const found: ClusterWorld = await frozen(lists);
        const documents: unknown[] = [{ apiVersion: 'v1', kind: 'Namespace' }];
        for (const [i, one] of changes.entries()) {
          if (one.kind === 'service') {
            const next = made(one.spec, 100 + i);
            const { creationTimestamp } = cluster.serviceMap.get(keyOf(next))?.metadata ?? next.metadata;
            documents.push(manifest(next));
            cluster.putService(
              applied({ ...next, metadata: { ...next.metadata, ...(creationTimestamp && { creationTimestamp }) } }),
            );
          } else {
            const annotations: Record<string, string> = one.renumber ? { [`${OURS}allow-renumber`]: 'true' } : {};
            const before = cluster.configMapMap.get(one.pool)?.metadata.annotations ?? {};
            cluster.putConfig(one.pool, `address-pools: ${one.text}`, { annotations: { ...before, ...annotations } });
            documents.push(manifest(cluster.configMapMap.get(one.pool) as ConfigMapObject));
          }
          await cluster.settle();
        }
        const json = await planOf({ 'change.yaml': yaml(documents) }, ['--cluster', '--all'], found);
        assertTrue(json, cluster);
      }),
      { numRuns: 40 },
    );
  });
});

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** With what `kubectl apply` notes down. */
function applied(object: ServiceObject): ServiceObject {
  const annotations = { ...object.metadata.annotations, [LAST_APPLIED]: JSON.stringify(manifest(object)) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** As it is now, whatever becomes of it. */
async function frozen(lists: ClusterWorld): Promise<ClusterWorld> {
  const [services, nodePools, nodeObjects, configMaps] = [
    await lists.services(undefined),
    await lists.nodePools(),
    await lists.nodes(),
    await lists.addressConfigMaps(''),
  ];
  return {
    ...lists,
    services: async () => services,
    nodePools: async () => nodePools,
    nodes: async () => nodeObjects,
    addressConfigMaps: async () => configMaps,
  };
}
