import { strict as assert } from 'node:assert';
import { decodeService } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { FOREIGN } from '../../../cloud-controller/src/ipam/address-book.ts';
import { sharingRefusal } from '../../../cloud-controller/src/ipam/sharing.ts';
import { MemoryCluster, type WriteFate } from './memory-cluster.ts';
import { service } from './world.ts';

const SELECTOR = 'service.openyurt.io/nodepool-labelselector';
const SHARE = 'service.openyurt.io/allow-shared-ip';
const POOLS = ['a', 'b', 'c'];
const RANGES = [['10.0.0.1-10.0.0.3'], ['10.0.0.2-10.0.0.5'], ['10.0.0.1-10.0.0.6', 'fd00::/126'], ['10.1.0.0/30']];

const name = fc.constantFrom('s0', 's1', 's2', 's3', 's4', 's5');
const pool = fc.constantFrom(...POOLS);
const spec = fc.record({
  ports: fc.constantFrom([80], [443], [80, 443], [53]),
  selector: fc.constantFrom(undefined, 'site=a', 'site in (a,b)', 'tier'),
  sharing: fc.constantFrom(undefined, undefined, 'k'),
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
      const { ports, selector, sharing, requested, families } = change.spec;
      const annotations: Record<string, string> = {};
      if (selector !== undefined) annotations[SELECTOR] = selector;
      if (sharing !== undefined) annotations[SHARE] = sharing;
      if (requested !== undefined && families.includes('IPv4'))
        annotations['service.openyurt.io/loadBalancerIP-a'] = requested;
      const ipFamilyPolicy = families.length > 1 ? 'PreferDualStack' : 'SingleStack';
      const before = cluster.serviceMap.get(`default/${change.name}`);
      const made = service({
        name: change.name,
        ports,
        annotations,
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

function begin(): MemoryCluster {
  const cluster = new MemoryCluster();
  for (const name of POOLS) {
    cluster.putNodePool(name, { site: name });
    cluster.putRanges(name, RANGES[0] ?? []);
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

describe('controller core, changes in any order', () => {
  it('stays sound, settles, and leaks nothing', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const cluster = begin();
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
      }),
      { numRuns: 300 },
    );
  });

  it('moves nothing unasked: other Services keep their addresses whatever happens to one', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const cluster = begin();
        await cluster.settle();
        for (const [index, change] of changes.entries()) {
          const before = new Map([...cluster.serviceMap.keys()].map((key) => [key, cluster.ingress(key)]));
          apply(cluster, change, index);
          await cluster.settle();
          if (change.kind === 'label' || (change.kind === 'config' && change.renumber)) continue; // these ask for it
          if (change.kind === 'no-config' || change.kind === 'config') continue; // an earlier renumber may be let through
          const touched = 'name' in change ? `default/${change.name}` : '';
          for (const [key, had] of before) {
            const asks = Object.keys(cluster.serviceMap.get(key)?.metadata.annotations ?? {}).some((a) =>
              a.includes('loadBalancerIP'),
            );
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
        async (puts, nodePool, ranges) => {
          const cluster = begin();
          for (const [index, put] of puts.entries()) apply(cluster, put, index);
          await cluster.settle();
          const before = [...cluster.serviceMap.keys()].map((key) => [key, cluster.ingress(key)] as const);
          cluster.putRanges(nodePool, ranges);
          await cluster.settle();
          for (const [key, had] of before)
            assert.deepEqual(
              had.filter((entry) => !cluster.ingress(key).includes(entry)),
              [],
            );
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
      fc.asyncProperty(steps, async (changes) => {
        const cluster = begin();
        for (const [index, change] of changes.entries()) {
          apply(cluster, change, index);
          await cluster.settle();
        }
        cluster.fate = () => 'ok';
        const written = cluster.writes.length;
        for (const key of cluster.serviceMap.keys()) cluster.add(`service:${key}`);
        await cluster.settle();
        assert.deepEqual(cluster.writes.slice(written), [], 'a second look found something to do');
      }),
      { numRuns: 200 },
    );
  });

  it('a restart changes no address and writes nothing again', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const cluster = begin();
        for (const [index, change] of changes.entries()) {
          if (change.kind === 'bad-config' || change.kind === 'config' || change.kind === 'no-config') continue;
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
