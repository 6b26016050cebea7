import { strict as assert } from 'node:assert';
import { decodeService, type IpFamily, rangeHolds, tryParseIpAddress } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { FOREIGN } from '../../../cloud-controller/src/ipam/address-book.ts';
import { poolCounts } from '../../../cloud-controller/src/ipam/pool-counts.ts';
import { MemoryCluster } from './memory-cluster.ts';
import { service } from './world.ts';

const SITES = ['a', 'b'];
/** Address pools of a NodePool: a range never goes from one pool to another. */
const FILES = [
  { w: ['10.0.0.1-10.0.0.2', 'fd00::1'], x: ['10.1.0.1', 'fd01::1-fd01::2'], y: ['10.2.0.1'], z: ['fd03::1'] },
  { y: ['10.2.0.1-10.2.0.2'], x: ['10.1.0.1-10.1.0.2', 'fd01::1-fd01::2'], w: ['10.0.0.1', 'fd00::1-fd00::2'] },
  { y: ['10.2.0.1', 'fd02::1'], z: ['fd03::1-fd03::3'], x: ['10.1.0.1'] },
  { w: ['10.0.0.1-10.0.0.3'], z: ['fd03::1', '10.3.0.1'] },
  { w: ['10.0.0.1-10.0.0.2'], x: ['10.1.0.1'] },
] as const;

const spec = fc.record({
  policy: fc.constantFrom('SingleStack', 'PreferDualStack', 'PreferDualStack', 'RequireDualStack', 'RequireDualStack'),
  first: fc.constantFrom<IpFamily>('IPv4', 'IPv6'),
  ports: fc.constantFrom([80], [443], [80, 443]),
  pool: fc.constantFrom(undefined, undefined, undefined, 'w', 'x'),
  sharing: fc.constantFrom(undefined, undefined, 'k'),
  asked: fc.constantFrom(
    undefined,
    undefined,
    undefined,
    '10.1.0.1',
    'fd01::1',
    '10.1.0.1,fd01::1',
    '10.0.0.1,fd01::1',
  ),
});
type Spec = typeof spec extends fc.Arbitrary<infer T> ? T : never;

const name = fc.constantFrom('s0', 's1', 's2', 's3', 's4', 's5');
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('put' as const), name, spec }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('file' as const),
      site: fc.constantFrom(...SITES),
      file: fc.constantFrom(...FILES),
      renumber: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function putFile(cluster: MemoryCluster, site: string, file: (typeof FILES)[number], renumber: boolean): void {
  const pools = Object.entries(file).map(
    ([pool, ranges]) => `{name: ${pool}, protocol: layer2, addresses: ['${ranges.join("', '")}']}`,
  );
  const annotations = renumber ? { 'service.openyurt.io/allow-renumber': 'true' } : {};
  cluster.putConfig(site, `address-pools: [${pools.join(', ')}]`, { annotations });
}

function putService(cluster: MemoryCluster, at: number, name: string, asks: Spec): void {
  const { policy, first, ports, pool, sharing, asked } = asks;
  const second = first === 'IPv4' ? 'IPv6' : 'IPv4';
  const ipFamilies = policy === 'SingleStack' ? [first] : [first, second];
  const usable = asked?.split(',').filter((ip) => ipFamilies.includes(ip.includes(':') ? 'IPv6' : 'IPv4'));
  const annotations = {
    ...(pool === undefined ? {} : { 'service.openyurt.io/address-pool': pool }),
    ...(sharing === undefined ? {} : { 'service.openyurt.io/allow-shared-ip': sharing }),
    ...(usable === undefined || usable.length === 0
      ? {}
      : { 'service.openyurt.io/loadBalancerIP-a': usable.join(',') }),
  };
  const made = service({ name, ports, annotations, spec: { ipFamilies, ipFamilyPolicy: policy }, createdSecond: at });
  const { creationTimestamp = made.metadata.creationTimestamp ?? '' } =
    cluster.serviceMap.get(`default/${name}`)?.metadata ?? {};
  cluster.putService({ ...made, metadata: { ...made.metadata, creationTimestamp } });
}

function apply(cluster: MemoryCluster, change: Step, at: number): void {
  if (change.kind === 'put') putService(cluster, at, change.name, change.spec);
  else if (change.kind === 'delete') cluster.deleteService(`default/${change.name}`);
  else if (change.kind === 'file') putFile(cluster, change.site, change.file, change.renumber);
  else cluster.restart();
}

async function begin(): Promise<MemoryCluster> {
  const cluster = new MemoryCluster();
  for (const site of SITES) {
    cluster.putNodePool(site);
    putFile(cluster, site, FILES[0], false);
  }
  await cluster.settle();
  return cluster;
}

/** All of it one after the other, each settled before the next. */
async function played(changes: readonly Step[]): Promise<MemoryCluster> {
  const cluster = await begin();
  for (const [at, change] of changes.entries()) {
    apply(cluster, change, at);
    await cluster.settle();
  }
  return cluster;
}

/** What each Service has in each NodePool, as its status says: `key nodePool` → addresses. */
function given(cluster: MemoryCluster): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const key of cluster.serviceMap.keys()) {
    for (const entry of cluster.ingress(key)) {
      const [site = '', ip = ''] = entry.split('=');
      all.set(`${key} ${site}`, [...(all.get(`${key} ${site}`) ?? []), ip]);
    }
  }
  return all;
}

function poolOf(cluster: MemoryCluster, site: string, ip: string): string | undefined {
  const address = tryParseIpAddress(ip);
  return address && cluster.book.site(site).ranges?.poolOf(address)?.name;
}

function policyOf(cluster: MemoryCluster, key: string) {
  return cluster.serviceMap.get(key)?.spec?.ipFamilyPolicy;
}

/** Addresses of the family that are free and of this pool, whatever the allocator thinks; ports and sharing aside. */
function freeIn(cluster: MemoryCluster, site: string, pool: string, family: IpFamily): number {
  const ranges =
    cluster.book
      .site(site)
      .ranges?.pool(pool)
      ?.ranges.filter((range) => range.family === family) ?? [];
  const size = ranges.reduce((sum, { first, last }) => sum + Number(last - first + 1n), 0);
  const taken = new Set(
    SITES.flatMap((one) => [...given(cluster)].filter(([at]) => at.endsWith(` ${one}`)).flatMap(([, ips]) => ips)),
  );
  const inside = [...taken].filter((ip) => {
    const address = tryParseIpAddress(ip);
    return address !== undefined && ranges.some((range) => rangeHolds(range, address));
  });
  return size - inside.length;
}

/** What a Service lost to a port change it waits for, and takes no other. */
function waitsForLost(cluster: MemoryCluster, key: string, site: string): boolean {
  return (cluster.condition(key)?.message ?? '').includes(`NodePool ${site}: TCP port `);
}

const steps = fc.array(step, { minLength: 1, maxLength: 20 });

describe('dual stack, changes in any order', () => {
  it('one address pool, both or none, nothing leaks', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const cluster = await begin();
        for (const [at, change] of changes.entries()) {
          const before = given(cluster);
          apply(cluster, change, at);
          await cluster.settle();
          for (const [where, ips] of given(cluster)) {
            const [key = '', site = ''] = where.split(' ');
            // one that was asked for stays when its range goes, and is of a pool again when that comes back
            const pools = new Set(ips.flatMap((ip) => poolOf(cluster, site, ip) ?? []));
            const had = before.get(where) ?? [];
            const isNew = ips.some((ip) => !had.includes(ip));
            assert.ok(pools.size <= 1 || !isNew, `${where}: ${ips.join(' ')} of ${[...pools].join(' and ')}`);
            if (policyOf(cluster, key) !== 'RequireDualStack' || ips.length === 2) continue;
            assert.ok(
              ips.every((ip) => had.includes(ip)),
              `${where}: ${ips.join(' ')} alone, it had ${had.join(' ')}`,
            );
          }
          for (const key of cluster.serviceMap.keys()) {
            const held = cluster.book.holdings(key).filter(({ nodePool }) => nodePool !== FOREIGN);
            assert.equal(held.length, cluster.ingress(key).length, `${key}: the book differs from the status`);
          }
        }
        for (const key of [...cluster.serviceMap.keys()]) cluster.deleteService(key);
        await cluster.settle();
        assert.deepEqual([...cluster.book.services], []);
        assert.equal(cluster.waiting.size, 0);
        for (const { pool, inUse } of poolCounts(cluster.book))
          assert.equal(inUse, 0, `${pool} counts ${inUse} in use`);
      }),
      { numRuns: 200 },
    );
  });

  it('who can be served is served: nobody is left who misses what is free, and a second look moves nothing', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const cluster = await played(changes);
        for (const [key, object] of cluster.serviceMap) {
          const request = decodeService(object);
          if (request.addressPool !== undefined || request.requestedByPool.size > 0) continue;
          for (const site of SITES) {
            if (cluster.ingress(key).some((entry) => entry.startsWith(`${site}=`))) continue;
            for (const { name: pool } of cluster.book.site(site).ranges?.config.pools ?? []) {
              const free = (family: IpFamily) => freeIn(cluster, site, pool, family) > 0;
              const could =
                request.familyPolicy === 'RequireDualStack'
                  ? free('IPv4') && free('IPv6')
                  : request.families.some(free);
              assert.ok(!could || waitsForLost(cluster, key, site), `${key} could have ${pool} of ${site}`);
            }
          }
        }
        const before = given(cluster);
        for (const key of cluster.serviceMap.keys()) cluster.add(`service:${key}`);
        await cluster.settle();
        assert.deepEqual(given(cluster), before);
      }),
      { numRuns: 200 },
    );
  });

  it('a restart keeps every address', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const cluster = await played(changes);
        const before = given(cluster);
        cluster.restart();
        await cluster.settle();
        for (const [where, ips] of before) assert.deepEqual(given(cluster).get(where), ips, where);
      }),
      { numRuns: 150 },
    );
  });

  it('a hundred who need both are not looked at for each address of one family that comes free', async () => {
    const cluster = new MemoryCluster();
    cluster.putNodePool('a');
    cluster.putRanges('a', ['10.0.0.1-10.0.0.50', 'fd00::1']);
    for (let i = 0; i < 50; i++) cluster.putService(service({ name: `old-${i}` }));
    cluster.putService(service({ name: 'v6', spec: { ipFamilies: ['IPv6'] } }));
    await cluster.settle();
    const both = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
    for (let i = 0; i < 100; i++) cluster.putService(service({ name: `new-${i}`, spec: both, createdSecond: 1 + i }));
    await cluster.settle();
    const before = cluster.worked;
    for (let i = 0; i < 50; i++) cluster.deleteService(`default/old-${i}`);
    await cluster.settle();
    assert.equal(cluster.worked - before, 50);
    cluster.deleteService('default/v6');
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/new-0'), ['a=10.0.0.1', 'a=fd00::1']);
  });
});
