import { strict as assert } from 'node:assert';
import type { LoadBalancerIngress, PoolServiceObject } from '@openyurt/nodepool-types';
import { OVERDUE_MS } from '../../../cloud-controller/src/reconcile/pool-service-watch.ts';
import { MemoryCluster } from './memory-cluster.ts';
import { managed, poolService, SELECTOR } from './pool-services.ts';
import { service } from './world.ts';

const vip = (hostname: string, ip: string): LoadBalancerIngress => ({ ip, hostname, ipMode: 'VIP' });
const KEY = 'service:default/web';

/** NodePools `shop` and `west`, both with addresses and the label `tier`. */
async function sites(): Promise<MemoryCluster> {
  const cluster = new MemoryCluster();
  cluster.isServed = true;
  for (const [at, name] of ['shop', 'west'].entries()) {
    cluster.putNodePool(name, { tier: 'shop' });
    cluster.putRanges(name, [`10.0.${at}.1-10.0.${at}.9`]);
  }
  await cluster.settle();
  return cluster;
}

function ingress(cluster: MemoryCluster, name: string): LoadBalancerIngress[] | undefined {
  return cluster.poolServiceMap.get(`default/${name}`)?.status?.loadBalancer?.ingress;
}

async function restarted(cluster: MemoryCluster): Promise<readonly string[]> {
  const before = cluster.writes.length;
  cluster.restart();
  await cluster.settle();
  return cluster.writes.slice(before);
}

describe('writes of PoolServices that fail', () => {
  it('one that the API refuses does not keep the others from theirs', async () => {
    const cluster = await sites();
    let refusals = 3;
    cluster.fate = (key) => (key === 'default/web-shop' && refusals-- > 0 ? 'refused' : 'ok');
    cluster.putService(managed);
    for (const name of ['shop', 'west']) cluster.putPoolService(poolService(name));
    await cluster.settle();
    assert.deepEqual(cluster.writes, ['default/web-west', 'default/web-shop']);
    assert.deepEqual(cluster.book.holdings('default/web').length, 2);
  });

  it('an answer that is lost after the write neither leaks nor doubles an address', async () => {
    const cluster = await sites();
    let lost = 2;
    cluster.fate = () => (lost-- > 0 ? 'lost' : 'ok');
    cluster.putService(managed);
    for (const name of ['shop', 'west']) cluster.putPoolService(poolService(name));
    await cluster.settle();
    assert.deepEqual(cluster.writes, ['default/web-shop', 'default/web-west']);
    assert.deepEqual(await restarted(cluster), []);
    cluster.putService({ ...managed, metadata: { ...managed.metadata, name: 'next', uid: 'next' } });
    cluster.putPoolService(poolService('shop', {}, 'next'));
    await cluster.settle();
    assert.deepEqual(ingress(cluster, 'next-shop'), [vip('shop', '10.0.0.2')]);
  });
});

describe('PoolServices that come out of order', () => {
  it('one before its NodePool is left alone until that is there, then filled, in one write', async () => {
    const cluster = await sites();
    cluster.putService(managed);
    cluster.putPoolService(poolService('new'));
    await cluster.settle();
    assert.deepEqual(cluster.writes, []);
    cluster.putRanges('new', ['10.0.9.1']);
    cluster.putNodePool('new', { tier: 'shop' });
    await cluster.settle();
    assert.deepEqual(cluster.writes, ['default/web-new']);
    assert.deepEqual(cluster.eventsOf('web'), ['IPAllocated']);
  });

  it('one whose NodePool goes keeps its entry, and nobody gets the address, until it goes too', async () => {
    const cluster = await sites();
    cluster.putRanges('west', ['10.0.1.1']);
    cluster.putService(managed);
    cluster.putPoolService(poolService('west'));
    await cluster.settle();
    cluster.deleteNodePool('west');
    await cluster.settle();
    assert.deepEqual(ingress(cluster, 'web-west'), [vip('west', '10.0.1.1')]);
    assert.deepEqual(cluster.writes, ['default/web-west']);
    cluster.putNodePool('west');
    cluster.putService(service({ name: 'next', ports: [81] }));
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/next'), ['shop=10.0.0.1']);
    cluster.poolServiceMap.clear();
    cluster.add(KEY);
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/next'), ['shop=10.0.0.1', 'west=10.0.1.1']);
  });

  it('a request for a NodePool whose PoolService is yet to come is no mistake; for one that is not selected it is', async () => {
    const cluster = await sites();
    const asks = (nodePool: string) => ({ [`service.openyurt.io/loadBalancerIP-${nodePool}`]: '10.0.1.5' });
    const put = (nodePool: string) => {
      const annotations = { ...managed.metadata.annotations, ...asks(nodePool) };
      cluster.putService({ ...managed, metadata: { ...managed.metadata, annotations } });
    };
    put('west');
    for (const name of ['shop', 'west']) {
      cluster.putPoolService(poolService(name));
      await cluster.settle();
    }
    assert.deepEqual(cluster.writes, ['default/web-shop', 'default/web-west']);
    assert.deepEqual(cluster.eventsOf('web'), ['IPAllocated', 'IPAllocated']);
    assert.deepEqual(ingress(cluster, 'web-west'), [vip('west', '10.0.1.5')]);
    cluster.putNodePool('far', { tier: 'none' });
    put('far');
    cluster.putService({
      ...managed,
      metadata: { ...managed.metadata, annotations: { [SELECTOR]: 'tier=shop', ...asks('far') } },
    });
    await cluster.settle();
    assert.ok(cluster.eventsOf('web').includes('NotSelected'));
  });

  it('as long as LoadBalancerSet gets on with others nobody is told that it makes none', async () => {
    const cluster = await sites();
    const names = Array.from({ length: 9 }, (_, i) => `s${i}`);
    for (const name of names) {
      cluster.putService({ ...managed, metadata: { ...managed.metadata, name, uid: name } });
    }
    await cluster.settle();
    for (const name of names.slice(0, 6)) {
      cluster.pass(OVERDUE_MS / 2);
      cluster.putPoolService(poolService('shop', {}, name));
      await cluster.settle();
    }
    const told = () => names.filter((name) => cluster.eventsOf(name).includes('NoPoolService'));
    assert.deepEqual(told(), []);
    for (let second = 0; second <= OVERDUE_MS; second += 1_000) {
      cluster.pass(1_000);
      await cluster.settle();
    }
    assert.deepEqual(told(), ['s6', 's7', 's8']);
  });
});

describe('what a start finds of PoolServices', () => {
  const filled = (nodePool: string, ip: string, more: Partial<PoolServiceObject> = {}, of = 'web') =>
    poolService(nodePool, { status: { loadBalancer: { ingress: [vip(nodePool, ip)] } }, ...more }, of);
  const next = { ...managed, metadata: { ...managed.metadata, name: 'next', uid: 'z-next' } };
  const showing = (...entries: LoadBalancerIngress[]) => ({
    ...managed,
    status: { loadBalancer: { ingress: entries } },
  });

  /** What a second Service gets in `shop`. */
  async function given(prepare: (cluster: MemoryCluster) => void): Promise<readonly (string | undefined)[]> {
    const cluster = await sites();
    prepare(cluster);
    cluster.serviceMap.set('default/next', next);
    cluster.poolServiceMap.set('default/next-shop', poolService('shop', {}, 'next'));
    cluster.restart();
    await cluster.settle();
    return (ingress(cluster, 'next-shop') ?? []).map(({ ip }) => ip);
  }

  const rows: { name: string; prepare: (cluster: MemoryCluster) => void; want: string }[] = [
    {
      name: 'deleted while the controller was down, and the Service shows the address no more: it is free',
      prepare: (c) => c.serviceMap.set('default/web', managed),
      want: '10.0.0.1',
    },
    {
      name: 'deleted, and the Service still shows the address: it is not',
      prepare: (c) => c.serviceMap.set('default/web', showing(vip('shop', '10.0.0.1'))),
      want: '10.0.0.2',
    },
    {
      name: 'filled, and the Service does not show it yet: it is not',
      prepare: (c) => {
        c.serviceMap.set('default/web', managed);
        c.poolServiceMap.set('default/web-shop', filled('shop', '10.0.0.1'));
      },
      want: '10.0.0.2',
    },
    {
      name: 'of a Service that is gone: the address is free, and the PoolService is not written',
      prepare: (c) => c.poolServiceMap.set('default/web-shop', filled('shop', '10.0.0.1')),
      want: '10.0.0.1',
    },
    {
      name: 'of another class: what it has is no address of ours',
      prepare: (c) => {
        c.serviceMap.set('default/web', managed);
        c.poolServiceMap.set('default/web-shop', filled('shop', '10.0.0.1', { spec: { loadBalancerClass: 'x/y' } }));
      },
      want: '10.0.0.1',
    },
  ];
  for (const { name, prepare, want } of rows) {
    it(name, async () => assert.deepEqual(await given(prepare), [want]));
  }

  for (const era of ['off', 'on'] as const) {
    it(`left behind with another address than the Service shows, which was last written under ${era}: the newer counts`, async () => {
      const cluster = await sites();
      cluster.mode = era;
      cluster.restart();
      cluster.putService(managed);
      cluster.putPoolService(poolService('shop'));
      await cluster.settle();
      const now = cluster.serviceMap.get('default/web');
      assert.ok(now);
      const shows = era === 'off' ? '10.0.0.5' : '10.0.0.9';
      const status = { ...now.status, loadBalancer: { ingress: [vip('shop', shows)] } };
      cluster.serviceMap.set('default/web', { ...now, status });
      cluster.poolServiceMap.set('default/web-shop', filled('shop', era === 'off' ? '10.0.0.9' : '10.0.0.5'));
      cluster.serviceMap.set('default/next', {
        ...next,
        status: { loadBalancer: { ingress: [vip('shop', '10.0.0.9')] } },
      });
      cluster.mode = 'on';
      cluster.restart();
      await cluster.settle();
      cluster.putPoolService(poolService('shop', {}, 'next'));
      await cluster.settle();
      assert.deepEqual(ingress(cluster, 'web-shop'), [vip('shop', '10.0.0.5')]);
      assert.deepEqual(ingress(cluster, 'next-shop'), [vip('shop', '10.0.0.9')]);
    });
  }

  it('of other classes, other owners and lost Services: none is ever written', async () => {
    const cluster = await sites();
    cluster.serviceMap.set('default/web', managed);
    const labels = { ...poolService('west').metadata.labels, 'poolservice.openyurt.io/managed-by': 'somebody' };
    const others = [
      filled('shop', '10.0.0.1', { spec: { loadBalancerClass: 'x/y' } }),
      filled('west', '10.0.1.1', { metadata: { ...poolService('west').metadata, labels } }),
      filled('shop', '10.0.0.2', {}, 'lost'),
    ];
    for (const one of others) cluster.putPoolService(one);
    await cluster.settle();
    assert.deepEqual(await restarted(cluster), []);
    assert.deepEqual(cluster.writes, []);
    assert.deepEqual(cluster.events, []);
  });

  it('an entry without ipMode is written once more, with it', async () => {
    const cluster = await sites();
    cluster.serviceMap.set('default/web', managed);
    const entry = { ip: '10.0.0.4', hostname: 'shop' };
    cluster.poolServiceMap.set(
      'default/web-shop',
      poolService('shop', { status: { loadBalancer: { ingress: [entry] } } }),
    );
    assert.deepEqual(await restarted(cluster), ['default/web-shop']);
    assert.deepEqual(ingress(cluster, 'web-shop'), [vip('shop', '10.0.0.4')]);
    assert.deepEqual(await restarted(cluster), []);
  });

  it('finalizers are left but the CRD is gone: the Services are written, addresses as before; back it is filled again', async () => {
    const cluster = await sites();
    cluster.putService(showing(vip('shop', '10.0.0.7')));
    cluster.putPoolService(filled('shop', '10.0.0.7'));
    await cluster.settle();
    cluster.poolServiceMap.clear();
    cluster.isServed = false;
    cluster.add(KEY);
    await cluster.settle();
    assert.deepEqual(cluster.writes.at(-1), 'default/web');
    assert.ok(cluster.ingress('default/web').includes('shop=10.0.0.7'));
    assert.deepEqual(await restarted(cluster), []);
    cluster.putPoolService(poolService('shop'));
    await cluster.settle();
    assert.deepEqual(ingress(cluster, 'web-shop'), [vip('shop', '10.0.0.7')]);
  });
});

describe('a status that somebody undoes each time', () => {
  it('of a PoolService becomes rare; another of the same Service, and other Services, do not wait for it', async () => {
    const cluster = await sites();
    cluster.putService(managed);
    for (const name of ['shop', 'west']) cluster.putPoolService(poolService(name));
    for (let turn = 0; turn < 100; turn++) {
      await cluster.settle();
      cluster.poolServiceMap.set('default/web-shop', poolService('shop'));
      cluster.add(KEY);
      cluster.pass(10);
    }
    const writes = (name: string) => cluster.writes.filter((key) => key === name).length;
    assert.equal(writes('default/web-shop'), 5);
    assert.equal(cluster.eventsOf('web').filter((reason) => reason === 'StatusOverwritten').length, 1);
    cluster.poolServiceMap.set('default/web-west', poolService('west'));
    cluster.putService({ ...managed, metadata: { ...managed.metadata, name: 'next', uid: 'next' } });
    cluster.putPoolService(poolService('shop', {}, 'next'));
    await cluster.settle();
    assert.equal(writes('default/web-west'), 2);
    assert.equal(writes('default/next-shop'), 1);
  });

  it('becomes rare too where the other writes something else each time', async () => {
    const cluster = await sites();
    cluster.putService(service({}));
    for (let turn = 0; turn < 50; turn++) {
      await cluster.settle();
      const now = cluster.serviceMap.get('default/web');
      assert.ok(now);
      cluster.serviceMap.set('default/web', {
        ...now,
        status: { loadBalancer: { ingress: [{ ip: `192.0.2.${turn}` }] } },
      });
      cluster.add(KEY);
      cluster.pass(10);
    }
    assert.ok(cluster.writes.length <= 6, `${cluster.writes.length} writes`);
  });
});
