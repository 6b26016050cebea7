import { strict as assert } from 'node:assert';
import type { LoadBalancerIngress } from '@openyurt/nodepool-types';
import { MemoryCluster } from './memory-cluster.ts';
import { service } from './world.ts';

const ADOPT = { 'service.openyurt.io/adopt': 'true' };
const ASKS = { 'service.openyurt.io/loadBalancerIP-shop': '10.0.0.5' };
const vip = (hostname: string, ip: string): LoadBalancerIngress => ({ ip, hostname, ipMode: 'VIP' });

/** A Service that asks by name for what a younger one has. */
const asking = service({ name: 'asking', ports: [81], createdSecond: 1, annotations: ASKS });

describe('what statuses record', () => {
  const rows = [
    { name: 'a NodePool that comes after the Services', has: vip('shop', '10.0.0.5'), annotations: {} },
    { name: 'an address that is to be adopted', has: { ip: '10.0.0.5' }, annotations: ADOPT },
  ];
  for (const { name, has, annotations } of rows) {
    const holding = service({ name: 'holding', createdSecond: 2, annotations, ingress: [has] });
    const keeps = (cluster: MemoryCluster) => {
      assert.deepEqual(cluster.ingress('default/holding'), ['shop=10.0.0.5']);
      assert.deepEqual(cluster.ingress('default/asking'), []);
      assert.match(
        cluster.condition('default/asking')?.message ?? '',
        /10\.0\.0\.5 is held by Service default\/holding/,
      );
    };

    it(`${name}: who has it keeps it, whoever is older and asks for it`, async () => {
      const cluster = new MemoryCluster();
      for (const one of [asking, holding]) cluster.serviceMap.set(`default/${one.metadata.name}`, one);
      cluster.restart();
      await cluster.settle();
      cluster.putRanges('shop', ['10.0.0.1-10.0.0.9']);
      await cluster.settle();
      cluster.putNodePool('shop');
      await cluster.settle();
      keeps(cluster);
    });

    it(`${name}: nor when the controller starts with all of them there`, async () => {
      const cluster = new MemoryCluster();
      for (const one of [asking, holding]) cluster.serviceMap.set(`default/${one.metadata.name}`, one);
      cluster.putNodePool('shop');
      cluster.putRanges('shop', ['10.0.0.1-10.0.0.9']);
      cluster.restart();
      await cluster.settle();
      keeps(cluster);
    });
  }

  it('adopt takes what lies in ranges and leaves the rest byte for byte, behind ours', async () => {
    const cluster = new MemoryCluster();
    cluster.putNodePool('shop');
    cluster.putNodePool('west');
    cluster.putRanges('shop', ['10.0.0.1-10.0.0.9']);
    cluster.putRanges('west', ['10.0.1.1-10.0.1.9']);
    const foreign = [
      { ip: '192.0.2.1', ports: [{ port: 80, protocol: 'TCP', error: 'example.com/odd' }], ipMode: 'Proxy' },
      { hostname: 'lb.example.com' },
      { ip: 'not an address' },
    ] as LoadBalancerIngress[];
    const [first, ...rest] = foreign;
    assert.ok(first);
    const ingress = [first, { ip: '10.0.1.4' }, ...rest, { ip: '10.0.0.3' }];
    cluster.putService(service({ annotations: ADOPT, ingress }));
    await cluster.settle();
    const after = cluster.serviceMap.get('default/web')?.status?.loadBalancer?.ingress;
    assert.deepEqual(after, [vip('shop', '10.0.0.3'), vip('west', '10.0.1.4'), ...foreign]);
    assert.equal(cluster.condition('default/web')?.reason, 'ForeignStatus');
    const written = cluster.writes.length;
    cluster.restart();
    await cluster.settle();
    assert.equal(cluster.writes.length, written, 'written again after a restart');
    cluster.putService(service({}));
    await cluster.settle();
    assert.deepEqual(cluster.serviceMap.get('default/web')?.status?.loadBalancer?.ingress, after);
  });

  it('--classless off and on again: what such Services have stays theirs meanwhile, and nothing is written', async () => {
    const cluster = new MemoryCluster();
    cluster.classless = true;
    cluster.restart();
    cluster.putNodePool('shop');
    cluster.putRanges('shop', ['10.0.0.1-10.0.0.9']);
    const plain = service({ name: 'plain' });
    delete plain.spec?.loadBalancerClass;
    const other = service({ name: 'other', spec: { loadBalancerClass: 'example.com/other' } });
    cluster.putService(plain);
    cluster.putService(other);
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/plain'), ['shop=10.0.0.1']);
    cluster.classless = false;
    cluster.restart();
    cluster.putService(service({ name: 'ours', ports: [81], createdSecond: 5 }));
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/ours'), ['shop=10.0.0.2']);
    cluster.classless = true;
    cluster.restart();
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/plain'), ['shop=10.0.0.1']);
    assert.deepEqual(cluster.writes, ['default/plain', 'default/ours']);
    assert.deepEqual(cluster.eventsOf('other'), []);
  });
});
