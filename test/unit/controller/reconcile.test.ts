import { strict as assert } from 'node:assert';
import { encodeNodeReport, type PoolServiceObject } from '@openyurt/nodepool-types';
import { MemoryCluster } from './memory-cluster.ts';
import { service } from './world.ts';

const ASKS = 'service.openyurt.io/loadBalancerIP-shop';
const SELECTOR = 'service.openyurt.io/nodepool-labelselector';

async function shop(...ranges: string[]): Promise<MemoryCluster> {
  const cluster = new MemoryCluster();
  cluster.putNodePool('shop', { tier: 'shop' });
  cluster.putRanges('shop', ranges);
  await cluster.settle();
  return cluster;
}

describe('configuration of a NodePool', () => {
  it('a refused text changes nothing and is said once', async () => {
    const cluster = await shop('10.0.0.1');
    cluster.putConfig('shop', 'address-pools: nonsense');
    await cluster.settle();
    cluster.putNodePool('shop', { tier: 'other' });
    cluster.putService(service({}));
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/web'), ['shop=10.0.0.1']);
    assert.deepEqual(cluster.eventsOf('shop'), ['ConfigRefused']);
    assert.deepEqual(cluster.sites.standing('shop'), { state: 'in-force', stale: true, awaitsRelease: false });
    cluster.putRanges('shop', ['10.0.0.1-10.0.0.2']);
    await cluster.settle();
    assert.deepEqual(cluster.eventsOf('shop'), ['ConfigRefused', 'ConfigLoaded']);
  });

  it('after a restart with a bad text a Service without a selector is told so too', async () => {
    const cluster = await shop('10.0.0.1-10.0.0.9');
    cluster.putConfig('shop', 'address-pools: nonsense');
    cluster.restart();
    cluster.putService(service({}));
    cluster.putService(service({ name: 'picky', annotations: { 'service.openyurt.io/address-pool': 'gold' } }));
    await cluster.settle();
    assert.equal(cluster.condition('default/web')?.reason, 'ConfigRefused');
    assert.equal(cluster.condition('default/picky')?.reason, 'NoSuchPool');
    cluster.putRanges('shop', ['10.0.0.1-10.0.0.9']);
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/web'), ['shop=10.0.0.1']);
  });

  it('a change refused for what it takes is said once, however many Services go meanwhile', async () => {
    const cluster = await shop('10.0.0.1-10.0.0.30');
    const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
    for (const name of names) cluster.putService(service({ name }));
    await cluster.settle();
    cluster.putRanges('shop', ['10.5.0.1']);
    await cluster.settle();
    for (const name of names.slice(1)) {
      cluster.deleteService(`default/${name}`);
      await cluster.settle();
    }
    assert.deepEqual(cluster.eventsOf('shop'), ['ConfigRefused']);
    cluster.putRanges('shop', ['10.6.0.1']);
    await cluster.settle();
    assert.deepEqual(cluster.eventsOf('shop'), ['ConfigRefused', 'ConfigRefused']);
  });

  it('each configuration that comes into force is logged, and a NodePool that has none, once', async () => {
    const cluster = new MemoryCluster();
    cluster.putNodePool('shop');
    await cluster.settle();
    cluster.putNodePool('shop', { tier: 'shop' });
    await cluster.settle();
    assert.deepEqual(cluster.said, ['nodepool without address configmap']);
    assert.deepEqual([...cluster.sites.configs()], [{ nodePool: 'shop', loaded: false, stale: false }]);
    cluster.putRanges('shop', ['10.0.0.1']);
    await cluster.settle();
    cluster.putRanges('shop', ['10.0.0.7/30'], { touched: '1' });
    await cluster.settle();
    cluster.putRanges('shop', ['10.0.0.7/30'], { touched: '2' });
    await cluster.settle();
    assert.deepEqual(cluster.said.slice(1), [
      'configuration in force',
      'configuration in force',
      'configuration reads oddly',
    ]);
    assert.deepEqual(cluster.eventsOf('shop'), []);
  });
});

describe('Services that wait', () => {
  it('one Service for hundreds of NodePools that are full makes ten Events, not hundreds', async () => {
    const cluster = new MemoryCluster();
    for (let i = 0; i < 200; i++) cluster.putNodePool(`site-${i}`, { all: '1' });
    cluster.putService(service({ annotations: { [SELECTOR]: 'all' } }));
    await cluster.settle();
    assert.equal(cluster.eventsOf('web').length, 10);
    cluster.deleteNodePool('site-199');
    await cluster.settle();
    assert.equal(cluster.eventsOf('web').length, 10);
  });

  it('a Service that is no LoadBalancer any more is cleared, also when the first try fails', async () => {
    const cluster = await shop('10.0.0.1');
    cluster.putService(service({}));
    await cluster.settle();
    cluster.deleteService('default/web');
    let tries = 0;
    cluster.fate = () => (++tries < 3 ? 'refused' : 'ok');
    await cluster.settle();
    assert.deepEqual(cluster.cleared, ['default/web']);
    assert.equal(cluster.services_.outcomes.size, 0);
  });

  it('an address that the oldest can make nothing of goes to the next', async () => {
    const cluster = await shop('10.0.0.1', 'fd00::1');
    cluster.putService(service({ name: 'v4' }));
    cluster.putService(service({ name: 'v6', spec: { ipFamilies: ['IPv6'] } }));
    const both = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
    cluster.putService(service({ name: 'oldest', spec: both, createdSecond: 1 }));
    for (const [at, name] of ['next', 'last'].entries()) cluster.putService(service({ name, createdSecond: 2 + at }));
    await cluster.settle();
    cluster.deleteService('default/v4');
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/oldest'), []);
    assert.deepEqual(cluster.ingress('default/next'), ['shop=10.0.0.1']);
  });

  for (const { what, annotations } of [
    { what: 'any address', annotations: () => ({}) },
    { what: 'one address each', annotations: (i: number) => ({ [ASKS]: `10.0.0.${i}` }) },
  ]) {
    it(`a hundred deletions beside a hundred who wait for ${what} wake a hundred, the oldest first`, async () => {
      const cluster = await shop('10.0.0.1-10.0.0.100');
      const names = Array.from({ length: 100 }, (_, i) => i + 1);
      for (const i of names) cluster.putService(service({ name: `old-${i}`, createdSecond: i }));
      await cluster.settle();
      for (const i of names) {
        cluster.putService(service({ name: `new-${i}`, createdSecond: 200 + i, annotations: annotations(i) }));
      }
      await cluster.settle();
      assert.equal(cluster.waiting.size, 100);
      const before = cluster.worked;
      for (const i of names) cluster.deleteService(`default/old-${i}`);
      await cluster.settle();
      for (const i of names) assert.deepEqual(cluster.ingress(`default/new-${i}`), [`shop=10.0.0.${i}`]);
      assert.equal(cluster.worked - before, 200);
    });
  }

  it('Events and status are written on change only', async () => {
    const cluster = await shop('10.0.0.1');
    cluster.putService(service({ name: 'holder' }));
    cluster.putService(service({ name: 'waits', createdSecond: 1 }));
    await cluster.settle();
    const [events, writes] = [cluster.events.length, cluster.writes.length];
    for (let i = 0; i < 3; i++) cluster.add('service:default/waits');
    cluster.restart();
    await cluster.settle();
    assert.deepEqual([cluster.events.length, cluster.writes.length], [events, writes]);
  });
});

describe("beside yurt-manager's LoadBalancerSet", () => {
  const poolService = (name: string, nodePool: string): PoolServiceObject => ({
    kind: 'PoolService',
    metadata: {
      name,
      namespace: 'default',
      uid: `ps-${name}`,
      resourceVersion: '1',
      labels: {
        'openyurt.io/service-name': 'web',
        'openyurt.io/pool-name': nodePool,
        'poolservice.openyurt.io/managed-by': 'load-balancer-set-controller',
      },
    },
    spec: { loadBalancerClass: 'service.openyurt.io/vip' },
  });
  const selects = service({ annotations: { [SELECTOR]: 'tier' } });
  const managed = { ...selects, metadata: { ...selects.metadata, finalizers: ['poolservice.openyurt.io/resources'] } };

  it('fills the PoolService, with ipMode, and never writes the Service', async () => {
    const cluster = await shop('10.0.0.1-10.0.0.5');
    cluster.isServed = true;
    cluster.putService(managed);
    await cluster.settle();
    assert.deepEqual(cluster.writes, []);
    cluster.putPoolService(poolService('named-by-nobody', 'shop'));
    await cluster.settle();
    assert.deepEqual(cluster.writes, ['default/named-by-nobody']);
    const { status } = cluster.poolServiceMap.get('default/named-by-nobody') ?? {};
    assert.deepEqual(status?.loadBalancer?.ingress, [{ ip: '10.0.0.1', hostname: 'shop', ipMode: 'VIP' }]);
    cluster.restart();
    await cluster.settle();
    assert.deepEqual(cluster.writes, ['default/named-by-nobody'], 'it was written again after a restart');
  });

  it('a conflict stands on the PoolService of that NodePool, and the exchange is told once', async () => {
    const cluster = await shop('10.0.0.1-10.0.0.2');
    cluster.putNode('n1', '192.168.0.1', 'shop');
    cluster.putService(managed);
    cluster.putPoolService(poolService('ps', 'shop'));
    await cluster.settle();
    const says = async (...addresses: string[]) => {
      const now = '2026-01-01T00:00:00Z';
      const more = { kind: 'refused' as const, byMac: '02:00:00:00:00:66', link: 'eth0', since: now, lastSeen: now };
      const conflicts = addresses.map((address) => ({ address, ...more, services: ['uid-web'] }));
      const head = { version: 1 as const, node: 'n1', nodePool: 'shop', writtenAt: now };
      const cloud = { state: 'connected' as const, since: now };
      cluster.putReport('n1', 'shop', encodeNodeReport({ ...head, cloud, announced: [], conflicts }));
      await cluster.settle();
    };
    await says('10.0.0.1');
    const { status } = cluster.poolServiceMap.get('default/ps') ?? {};
    assert.deepEqual(status?.loadBalancer?.ingress?.[0]?.ip, '10.0.0.2');
    await says('10.0.0.1', '10.0.0.2');
    const types = cluster.poolServiceMap.get('default/ps')?.status?.conditions?.map(({ type }) => type);
    assert.deepEqual(types, ['service.openyurt.io/AddressesAllocated', 'service.openyurt.io/AddressConflict']);
    assert.deepEqual(new Set(cluster.writes), new Set(['default/ps']), 'the Service was written');
    assert.equal(cluster.eventsOf('web').filter((reason) => reason === 'AddressMoved').length, 1);
  });

  it('a deleted PoolService gives its address back once the NodePool is no longer selected', async () => {
    const cluster = await shop('10.0.0.1-10.0.0.5');
    cluster.putService(managed);
    cluster.putPoolService(poolService('ps', 'shop'));
    await cluster.settle();
    cluster.putNodePool('shop', {});
    cluster.poolServiceMap.clear();
    cluster.add('service:default/web');
    await cluster.settle();
    assert.deepEqual(cluster.book.holdings('default/web'), []);
  });

  it('a PoolService made anew gets its address back', async () => {
    const cluster = await shop('10.0.0.1-10.0.0.5');
    cluster.putService(managed);
    cluster.putPoolService(poolService('ps', 'shop'));
    await cluster.settle();
    cluster.poolServiceMap.clear();
    cluster.add('service:default/web');
    cluster.putService(service({ name: 'other' }));
    await cluster.settle();
    cluster.putPoolService(poolService('ps', 'shop'));
    await cluster.settle();
    const { status } = cluster.poolServiceMap.get('default/ps') ?? {};
    assert.equal(status?.loadBalancer?.ingress?.[0]?.ip, '10.0.0.1');
  });

  it('off: the Service is written, whatever signs there are', async () => {
    const cluster = new MemoryCluster();
    cluster.mode = 'off';
    cluster.restart();
    cluster.putNodePool('shop', { tier: 'shop' });
    cluster.putRanges('shop', ['10.0.0.1']);
    cluster.putPoolService(poolService('ps', 'shop'));
    cluster.putService(managed);
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/web'), ['shop=10.0.0.1']);
  });
});
