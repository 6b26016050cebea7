import { strict as assert } from 'node:assert';
import { decodeService, formatIpAddress } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { FOREIGN } from '../../../cloud-controller/src/ipam/address-book.ts';
import { sharingRefusal } from '../../../cloud-controller/src/ipam/sharing.ts';
import { MemoryCluster, type WriteFate } from './memory-cluster.ts';
import { service } from './world.ts';

const SELECTOR = 'service.openyurt.io/nodepool-labelselector';
const SHARE = 'service.openyurt.io/allow-shared-ip';
const POOL = 'service.openyurt.io/address-pool';
const POOLS = ['a', 'b', 'c'];
const RANGES = [['10.0.0.1-10.0.0.3'], ['10.0.0.2-10.0.0.5'], ['10.0.0.1-10.0.0.6', 'fd00::/126'], ['10.1.0.0/30']];

/** Address pools that differ in turn and in whom they serve, over addresses that overlap from one text to the next. */
const POOL_TEXTS = [
  '{name: default, protocol: layer2, addresses: [10.0.0.1-10.0.0.3]}, {name: gold, protocol: layer2, addresses: [10.0.0.4-10.0.0.5], service-selectors: [{match-labels: {tier: gold}}]}',
  '{name: gold, protocol: layer2, addresses: [10.0.0.1-10.0.0.2], priority: 2, service-selectors: [{match-labels: {tier: gold}}]}, {name: default, protocol: layer2, addresses: [10.0.0.3-10.0.0.6, "fd00::/126"], priority: 1}',
  '{name: default, protocol: layer2, addresses: [10.0.0.1-10.0.0.3], namespaces: [other]}, {name: late, protocol: layer2, addresses: [10.0.0.4-10.0.0.6]}, {name: early, protocol: layer2, addresses: [10.0.0.7], priority: 1}',
  '{name: renamed, protocol: layer2, addresses: [10.0.0.1-10.0.0.3]}, {name: gold, protocol: layer2, addresses: [10.0.0.4-10.0.0.5]}',
];
const poolText = fc.constantFrom(...POOL_TEXTS);

const name = fc.constantFrom('s0', 's1', 's2', 's3', 's4', 's5');
const pool = fc.constantFrom(...POOLS);
const spec = fc.record({
  ports: fc.constantFrom([80], [443], [80, 443], [53]),
  selector: fc.constantFrom(undefined, 'site=a', 'site in (a,b)', 'tier'),
  sharing: fc.constantFrom(undefined, undefined, 'k'),
  gold: fc.boolean(),
  addressPool: fc.constantFrom(undefined, undefined, undefined, 'gold', 'default'),
  requested: fc.constantFrom(undefined, undefined, undefined, '10.0.0.2', '10.0.0.5'),
  families: fc.constantFrom<string[]>(['IPv4'], ['IPv4'], ['IPv6'], ['IPv4', 'IPv6']),
});

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('put' as const), name, spec }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('config' as const),
      pool,
      ranges: fc.constantFrom(...RANGES),
      renumber: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pools' as const), pool, text: poolText, renumber: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 500, 1000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bad-config' as const), pool }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('no-config' as const), pool }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('label' as const), pool, tier: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('node' as const), address: fc.constantFrom('10.0.0.1', '10.9.9.9') }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('writes' as const),
      fates: fc.array(fc.constantFrom<WriteFate>('ok', 'refused', 'lost'), { maxLength: 4 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function apply(cluster: MemoryCluster, change: Step, index: number): void {
  switch (change.kind) {
    case 'put': {
      const { ports, selector, sharing, requested, families, gold, addressPool } = change.spec;
      const annotations: Record<string, string> = {};
      if (selector !== undefined) annotations[SELECTOR] = selector;
      if (sharing !== undefined) annotations[SHARE] = sharing;
      if (addressPool !== undefined) annotations[POOL] = addressPool;
      if (requested !== undefined && families.includes('IPv4'))
        annotations['service.openyurt.io/loadBalancerIP-a'] = requested;
      const ipFamilyPolicy = families.length > 1 ? 'PreferDualStack' : 'SingleStack';
      const before = cluster.serviceMap.get(`default/${change.name}`);
      const made = service({
        name: change.name,
        ports,
        annotations,
        labels: gold ? { tier: 'gold' } : {},
        spec: { ipFamilies: families, ipFamilyPolicy },
        createdSecond: index,
      });
      const { creationTimestamp = made.metadata.creationTimestamp ?? '' } = before?.metadata ?? {};
      cluster.putService({ ...made, metadata: { ...made.metadata, creationTimestamp } });
      return;
    }
    case 'delete':
      cluster.deleteService(`default/${change.name}`);
      return;
    case 'config':
      cluster.putRanges(
        change.pool,
        change.ranges,
        change.renumber ? { 'service.openyurt.io/allow-renumber': 'true' } : {},
      );
      return;
    case 'pools':
      cluster.putConfig(
        change.pool,
        `address-pools: [${change.text}]`,
        change.renumber ? { annotations: { 'service.openyurt.io/allow-renumber': 'true' } } : {},
      );
      return;
    case 'pass':
      cluster.pass(change.ms);
      return;
    case 'bad-config':
      cluster.putConfig(change.pool, 'address-pools: [{name: default, protocol: layer2, addresses: [nonsense]}]');
      return;
    case 'no-config':
      cluster.deleteConfig(change.pool);
      return;
    case 'label':
      cluster.putNodePool(change.pool, change.tier ? { site: change.pool, tier: '1' } : { site: change.pool });
      return;
    case 'node':
      cluster.putNode('n1', change.address);
      return;
    case 'restart':
      cluster.restart();
      return;
    case 'writes': {
      const fates = [...change.fates];
      cluster.fate = () => fates.shift() ?? 'ok';
    }
  }
}

/** @param restMs `--release-cooldown` */
function begin(restMs = 0, text?: string): MemoryCluster {
  const cluster = new MemoryCluster();
  cluster.restMs = restMs;
  cluster.restart();
  for (const name of POOLS) {
    cluster.putNodePool(name, { site: name });
    if (text === undefined) cluster.putRanges(name, RANGES[0] ?? []);
    else cluster.putConfig(name, `address-pools: [${text}]`);
  }
  return cluster;
}

/** No address twice where it may not be; no address/protocol/port twice in the cluster; the book says what statuses say. */
function assertSound(cluster: MemoryCluster): void {
  const ports = new Map<string, string>();
  const holders = new Map<string, ReturnType<typeof decodeService>[]>();
  for (const object of cluster.serviceMap.values()) {
    const request = decodeService(object);
    const held = cluster.book.holdings(request.key).filter(({ nodePool }) => nodePool !== FOREIGN);
    const status = cluster.ingress(request.key);
    assert.equal(status.length, held.length, `${request.key}: the status says ${status.join(' ')}`);
    for (const entry of status) {
      const [, ip = ''] = entry.split('=');
      for (const { protocol, port } of request.ports) {
        const before = ports.get(`${ip} ${protocol}/${port}`);
        assert.ok(
          before === undefined || before === request.key,
          `${ip} ${protocol}/${port}: ${before} and ${request.key}`,
        );
        ports.set(`${ip} ${protocol}/${port}`, request.key);
      }
      for (const other of holders.get(entry) ?? []) {
        assert.equal(sharingRefusal(request, other), undefined, `${entry}: ${other.key} and ${request.key}`);
      }
      holders.set(entry, [...(holders.get(entry) ?? []), request]);
    }
  }
  for (const key of cluster.book.services)
    assert.ok(cluster.serviceMap.has(key), `${key} is gone and still holds an address`);
}

const steps = fc.array(step, { minLength: 1, maxLength: 25 });
const rest = fc.constantFrom(0, 700);

describe('controller core, changes in any order', () => {
  it('stays sound, settles, and leaks nothing', async () => {
    await fc.assert(
      fc.asyncProperty(steps, rest, async (changes, restMs) => {
        const cluster = begin(restMs);
        await cluster.settle();
        for (const [index, change] of changes.entries()) {
          apply(cluster, change, index);
          await cluster.settle();
          assertSound(cluster);
        }
        for (const key of [...cluster.serviceMap.keys()]) cluster.deleteService(key);
        await cluster.settle();
        assert.deepEqual([...cluster.book.services], []);
        assert.equal(cluster.waiting.size, 0);
        cluster.pass(restMs);
        await cluster.settle();
        assert.equal(cluster.book.resting?.nextEndInMs(), undefined, 'something rests for ever');
      }),
      { numRuns: 300 },
    );
  });

  it('moves nothing unasked: other Services keep their addresses whatever happens to one', async () => {
    await fc.assert(
      fc.asyncProperty(steps, rest, async (changes, restMs) => {
        const cluster = begin(restMs);
        await cluster.settle();
        for (const [index, change] of changes.entries()) {
          const before = new Map([...cluster.serviceMap.keys()].map((key) => [key, cluster.ingress(key)]));
          apply(cluster, change, index);
          await cluster.settle();
          if (change.kind === 'label' || ('renumber' in change && change.renumber)) continue; // these ask for it
          if (change.kind === 'no-config' || 'renumber' in change) continue; // an earlier renumber may be let through
          const touched = 'name' in change ? `default/${change.name}` : '';
          for (const [key, had] of before) {
            const asks = Object.keys(cluster.serviceMap.get(key)?.metadata.annotations ?? {}).some((a) =>
              a.includes('loadBalancerIP'),
            );
            // a new process does not know whose a range was that a refused text gives to another pool
            if (change.kind === 'restart' && POOL in (cluster.serviceMap.get(key)?.metadata.annotations ?? {}))
              continue;
            if (asks) continue; // it may move to the address it asks for as soon as that is free
            const missing = had.filter((entry) => !cluster.ingress(key).includes(entry));
            if (key !== touched) assert.deepEqual(missing, [], `${change.kind} took from ${key}`);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a refused or unannotated change of ranges takes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ kind: fc.constant('put' as const), name, spec }), { maxLength: 8 }),
        pool,
        fc.constantFrom(...RANGES),
        fc.option(poolText, { nil: undefined }),
        poolText,
        async (puts, nodePool, ranges, first, next) => {
          const cluster = begin(0, first);
          for (const [index, put] of puts.entries()) apply(cluster, put, index);
          await cluster.settle();
          const before = [...cluster.serviceMap.keys()].map((key) => [key, cluster.ingress(key)] as const);
          const puttings = [
            () => cluster.putRanges(nodePool, ranges),
            () => cluster.putConfig(nodePool, `address-pools: [${next}]`),
          ];
          for (const put of puttings) {
            put();
            await cluster.settle();
            for (const [key, had] of before)
              assert.deepEqual(
                had.filter((entry) => !cluster.ingress(key).includes(entry)),
                [],
              );
          }
          cluster.deleteConfig(nodePool);
          await cluster.settle();
          for (const [key, had] of before)
            assert.deepEqual(
              had.filter((entry) => !cluster.ingress(key).includes(entry)),
              [],
            );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('who waits is served as soon as it can be, the oldest first', async () => {
    await fc.assert(
      fc.asyncProperty(steps, rest, async (changes, restMs) => {
        const cluster = begin(restMs);
        for (const [index, change] of changes.entries()) {
          apply(cluster, change, index);
          await cluster.settle();
        }
        cluster.fate = () => 'ok';
        cluster.pass(restMs);
        await cluster.settle();
        const written = cluster.writes.length;
        for (const key of cluster.serviceMap.keys()) cluster.add(`service:${key}`);
        await cluster.settle();
        assert.deepEqual(cluster.writes.slice(written), [], 'a second look found something to do');
      }),
      { numRuns: 200 },
    );
  });

  it('a released address rests before another Service gets it', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const cluster = begin(1000);
        await cluster.settle();
        /** `nodepool=ip` → who had it last, and when it was found free. */
        const released = new Map<string, { key: string; atMs: number }>();
        const holders = () => {
          const found = new Map<string, string[]>();
          for (const key of cluster.serviceMap.keys())
            for (const { nodePool, address } of cluster.book.holdings(key)) {
              const at = `${nodePool}=${formatIpAddress(address)}`;
              found.set(at, [...(found.get(at) ?? []), key]);
            }
          return found;
        };
        for (const [index, change] of changes.entries()) {
          if (change.kind === 'restart') continue; // forgets
          const before = holders();
          apply(cluster, change, index);
          await cluster.settle();
          const after = holders();
          for (const [at, keys] of after) {
            const rested = released.get(at);
            const former = before.get(at) ?? [];
            if (rested !== undefined && cluster.nowMs - rested.atMs < 1000) {
              assert.ok(keys.includes(rested.key), `${at} was ${rested.key}'s, now ${keys}`);
            } else if (former.length === 1) {
              assert.ok(keys.includes(former[0] ?? ''), `${at} went from ${former} to ${keys}`);
            }
            released.delete(at);
          }
          for (const [at, keys] of before) {
            if (!after.has(at) && keys.length === 1) released.set(at, { key: keys[0] ?? '', atMs: cluster.nowMs });
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('a restart changes no address and writes nothing again', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.option(poolText, { nil: undefined }), async (changes, text) => {
        const cluster = begin(0, text);
        for (const [index, change] of changes.entries()) {
          if (change.kind === 'bad-config' || 'renumber' in change || change.kind === 'no-config') continue;
          apply(cluster, change, index);
          await cluster.settle();
        }
        cluster.fate = () => 'ok';
        const before = new Map([...cluster.serviceMap.keys()].map((key) => [key, cluster.ingress(key)]));
        // of several holders that stand in the way the one who came first is named, and after a restart the oldest
        const names = (key: string) => /held by|shared with/.test(cluster.condition(key)?.message ?? '');
        const settled = [...cluster.serviceMap.keys()].filter((key) => !names(key));
        const written = cluster.writes.length;
        cluster.restart();
        await cluster.settle();
        for (const [key, had] of before) assert.deepEqual(cluster.ingress(key), had, key);
        const again = cluster.writes.slice(written);
        assert.deepEqual(
          again.filter((key) => settled.includes(key)),
          [],
        );
      }),
      { numRuns: 200 },
    );
  });
});
