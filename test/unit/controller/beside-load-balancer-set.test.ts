import { strict as assert } from 'node:assert';
import type { PoolServiceObject } from '@openyurt/nodepool-types';
import { ASK_AGAIN_MS } from '../../../cloud-controller/src/reconcile/load-balancer-set.ts';
import { MemoryCluster } from './memory-cluster.ts';
import { managed, poolService, SELECTOR, selecting } from './pool-services.ts';
import { service } from './world.ts';

describe('the controller while LoadBalancerSet is slow, absent or wrong', () => {
  async function shop(...ranges: string[]): Promise<MemoryCluster> {
    const cluster = new MemoryCluster();
    cluster.isServed = true;
    cluster.putNodePool('shop', { tier: 'shop' });
    cluster.putRanges('shop', ranges);
    await cluster.settle();
    return cluster;
  }
  it('a Service that it may take waits for its sign, others do not; after a second it is written', async () => {
    const cluster = await shop('10.0.0.1-10.0.0.9');
    cluster.putService(selecting);
    cluster.putService(service({ name: 'plain', ports: [81] }));
    await cluster.settle();
    assert.deepEqual(cluster.writes, ['default/plain']);
    cluster.pass(ASK_AGAIN_MS);
    await cluster.settle();
    assert.deepEqual(cluster.writes, ['default/plain', 'default/web']);
    cluster.putService(service({ name: 'next', ports: [82], annotations: { [SELECTOR]: 'tier' } }));
    await cluster.settle();
    assert.equal(cluster.writes.length, 3, 'nobody waits any more');
  });

  it('no PoolService comes: said once after ten seconds, and taken back when one comes', async () => {
    const cluster = await shop('10.0.0.1');
    cluster.putService(managed);
    await cluster.settle();
    assert.equal(cluster.services_.outcomes.get('default/web'), 'NoPoolService');
    for (let second = 0; second < 30; second++) {
      assert.deepEqual(cluster.eventsOf('web'), second < 10 ? [] : ['NoPoolService']);
      cluster.pass(1_000);
      await cluster.settle();
    }
    cluster.putPoolService(poolService('shop'));
    await cluster.settle();
    assert.deepEqual(cluster.eventsOf('web'), ['NoPoolService', 'IPAllocated']);
    assert.equal(cluster.services_.outcomes.get('default/web'), 'Allocated');
    assert.deepEqual(cluster.writes, ['default/web-shop']);
  });

  it('a selector that matches no NodePool lacks nothing: the other says so itself', async () => {
    const cluster = await shop('10.0.0.1');
    cluster.putService({ ...managed, metadata: { ...managed.metadata, annotations: { [SELECTOR]: 'tier=none' } } });
    await cluster.settle();
    cluster.pass(60_000);
    await cluster.settle();
    assert.deepEqual(cluster.eventsOf('web'), []);
  });

  it('an address stays booked while the Service still shows it, after a restart too', async () => {
    const cluster = await shop('10.0.0.1');
    const shown = {
      ...managed,
      status: { loadBalancer: { ingress: [{ ip: '10.0.0.1', hostname: 'shop', ipMode: 'VIP' }] } },
    };
    const elsewhere = { ...managed.metadata, annotations: { [SELECTOR]: 'tier=none' } };
    cluster.putService({ ...shown, metadata: elsewhere });
    cluster.restart();
    await cluster.settle();
    cluster.putService(service({ name: 'envious', ports: [81] }));
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/envious'), []);
    cluster.serviceMap.set('default/web', { ...managed, metadata: elsewhere, status: {} });
    cluster.add('service:default/web');
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/envious'), ['shop=10.0.0.1']);
  });

  it('a write that is undone each time becomes rare, and an Event says it once', async () => {
    const cluster = await shop('10.0.0.1');
    cluster.mode = 'off';
    cluster.restart();
    cluster.putService(managed);
    for (let turn = 0; turn < 300; turn++) {
      await cluster.settle();
      const now = cluster.serviceMap.get('default/web');
      cluster.serviceMap.set('default/web', { ...(now ?? managed), status: {} });
      cluster.add('service:default/web');
      cluster.pass(100);
    }
    assert.equal(cluster.writes.length, 9, '30 s: five at once, then after 1, 2, 4 and 8 s');
    assert.equal(cluster.eventsOf('web').filter((reason) => reason === 'StatusOverwritten').length, 1);
    assert.equal(cluster.book.holdings('default/web').length, 1);
  });
});

describe('PoolServices that two Services claim', () => {
  const other = service({ name: 'a-b', ports: [81], annotations: { [SELECTOR]: 'site=short' } });
  const first = service({ name: 'a', ports: [82], annotations: { [SELECTOR]: 'site=long' } });
  const ofOther = {
    ...poolService('pa', {}, 'a-b'),
    metadata: { ...poolService('pa', {}, 'a-b').metadata, uid: 'one' },
  };
  const ofFirst: PoolServiceObject = {
    ...ofOther,
    metadata: { ...ofOther.metadata, labels: { ...poolService('b-pa', {}, 'a').metadata.labels } },
  };
  const relabel = (cluster: MemoryCluster, to: PoolServiceObject) => {
    const now = cluster.poolServiceMap.get('default/a-b-pa');
    cluster.putPoolService({ ...to, ...(now?.status === undefined ? {} : { status: now.status }) });
    for (const key of ['service:default/a', 'service:default/a-b']) cluster.add(key);
  };
  async function fight(): Promise<MemoryCluster> {
    const cluster = new MemoryCluster();
    cluster.putNodePool('pa', { site: 'short' });
    cluster.putNodePool('b-pa', { site: 'long' });
    cluster.putRanges('pa', ['10.0.0.1-10.0.0.9']);
    cluster.putRanges('b-pa', ['10.0.1.1-10.0.1.9']);
    cluster.putService(other);
    cluster.putPoolService(ofOther);
    await cluster.settle();
    cluster.putService(first);
    for (let flip = 0; flip < 40; flip++) {
      relabel(cluster, flip % 2 === 0 ? ofFirst : ofOther);
      await cluster.settle();
    }
    return cluster;
  }
  const reason = (cluster: MemoryCluster) =>
    cluster.poolServiceMap.get('default/a-b-pa')?.status?.conditions?.[0]?.reason;

  it('are written twice in forty flips: filled, then emptied; each Service is told once', async () => {
    const cluster = await fight();
    assert.deepEqual(cluster.writes, ['default/a-b-pa', 'default/a-b-pa']);
    assert.equal(reason(cluster), 'NameContested');
    assert.deepEqual(cluster.eventsOf('a'), ['NameContested']);
    assert.deepEqual(cluster.eventsOf('a-b'), ['IPAllocated', 'NameContested']);
    assert.deepEqual(cluster.book.holdings('default/a'), []);
    assert.equal(cluster.book.holdings('default/a-b').length, 1, 'its address waits for it');
  });

  it('stay so over a restart: nothing is written, nobody is told again', async () => {
    const cluster = await fight();
    const [writes, events] = [cluster.writes.length, cluster.events.length];
    cluster.restart();
    await cluster.settle();
    for (const to of [ofFirst, ofOther, ofFirst]) {
      relabel(cluster, to);
      await cluster.settle();
    }
    assert.deepEqual([cluster.writes.length, cluster.events.length], [writes, events]);
  });

  it('are served when one of the two is gone, or selects otherwise', async () => {
    for (const end of ['gone', 'selects otherwise']) {
      const cluster = await fight();
      relabel(cluster, ofOther);
      if (end === 'gone') cluster.deleteService('default/a');
      else cluster.putService(service({ name: 'a', ports: [82], annotations: { [SELECTOR]: 'site=none' } }));
      await cluster.settle();
      assert.equal(reason(cluster), 'Allocated', end);
      const { status } = cluster.poolServiceMap.get('default/a-b-pa') ?? {};
      assert.equal(status?.loadBalancer?.ingress?.[0]?.ip, '10.0.0.1', end);
    }
  });

  it('a label that a person edits is no claim', async () => {
    const cluster = await fight();
    cluster.deleteService('default/a');
    relabel(cluster, ofOther);
    await cluster.settle();
    cluster.putService(service({ name: 'web', ports: [83], annotations: { [SELECTOR]: 'site=short' } }));
    const labels = { ...ofOther.metadata.labels, 'openyurt.io/service-name': 'web' };
    relabel(cluster, { ...ofOther, metadata: { ...ofOther.metadata, labels } });
    relabel(cluster, ofOther);
    await cluster.settle();
    assert.equal(reason(cluster), 'Allocated');
  });
});
