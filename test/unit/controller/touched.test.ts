import { strict as assert } from 'node:assert';
import { MemoryCluster } from './memory-cluster.ts';
import { managed, poolService, SELECTOR } from './pool-services.ts';
import { service } from './world.ts';

const RENUMBER = { 'service.openyurt.io/allow-renumber': 'true' };
const PREFERS_BOTH = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack' };
const SITES = 20;

/** Twenty NodePools with five Services each, which select theirs by label. */
async function chain(): Promise<MemoryCluster> {
  const cluster = new MemoryCluster();
  for (let i = 0; i < SITES; i++) {
    cluster.putNodePool(`s${i}`, { site: `s${i}` });
    cluster.putRanges(`s${i}`, ['10.0.0.1-10.0.0.200']);
    for (let j = 0; j < 5; j++) {
      cluster.putService(service({ name: `w${i}-${j}`, annotations: { [SELECTOR]: `site=s${i}` } }));
    }
  }
  await cluster.settle();
  return cluster;
}

/** Services looked at until all is quiet. */
async function looked(cluster: MemoryCluster, change: () => void): Promise<number> {
  const before = cluster.worked;
  change();
  await cluster.settle();
  return cluster.worked - before - 1;
}

describe('a change of one NodePool', () => {
  const rows: { name: string; change: (cluster: MemoryCluster) => void; want: number }[] = [
    { name: 'more addresses, and nobody waits', change: (c) => c.putRanges('s3', ['10.0.0.1-10.0.0.220']), want: 0 },
    {
      name: 'an address less',
      change: (c) => c.putRanges('s3', ['10.0.0.1-10.0.0.15', '10.0.0.17-10.0.0.200'], RENUMBER),
      want: 1,
    },
    {
      name: 'another name for the address pool',
      change: (c) =>
        c.putConfig('s3', 'address-pools: [{name: new, protocol: layer2, addresses: [10.0.0.1-10.0.0.200]}]'),
      want: 5,
    },
    { name: 'no ConfigMap any more', change: (c) => c.deleteConfig('s3'), want: 0 },

    {
      name: 'an annotation of its ConfigMap',
      change: (c) => c.putRanges('s3', ['10.0.0.1-10.0.0.200'], { a: 'b' }),
      want: 0,
    },
    { name: 'labels that nobody selects', change: (c) => c.putNodePool('s3', { site: 's3', floor: '1' }), want: 5 },
    { name: 'labels that others select', change: (c) => c.putNodePool('s3', { site: 's4' }), want: 10 },
    { name: 'its end', change: (c) => c.deleteNodePool('s3'), want: 5 },
    { name: 'a new one that nobody selects', change: (c) => c.putNodePool('new'), want: 0 },
  ];
  for (const { name, change, want } of rows) {
    it(`${name}: ${want} of 100 Services are planned anew`, async () => {
      const cluster = await chain();
      assert.equal(await looked(cluster, () => change(cluster)), want);
    });
  }

  it('concerns who asks for it by name, and who may get a second family', async () => {
    const cluster = await chain();
    const asks = { [SELECTOR]: 'site=s4', 'service.openyurt.io/loadBalancerIP-s3': '10.0.0.7' };
    cluster.putService(service({ name: 'asks', annotations: asks }));
    cluster.putService(service({ name: 'everywhere', ports: [81] }));
    await cluster.settle();
    const next = () => looked(cluster, () => cluster.putRanges('s3', ['10.0.0.1-10.0.0.220', `10.1.0.${++count}`]));
    let count = 0;
    assert.equal(await next(), 1, 'only who asks');
    cluster.putService(service({ name: 'pair', ports: [82], spec: PREFERS_BOTH }));
    await cluster.settle();
    assert.equal(await next(), 2, 'a second family may come');
    cluster.putRanges('s3', ['10.0.0.1-10.0.0.220', 'fd00::1']);
    await cluster.settle();
    assert.ok(cluster.ingress('default/pair').includes('s3=fd00::1'));
  });

  it('concerns who has a PoolService there, whatever it selects', async () => {
    const cluster = new MemoryCluster();
    for (const name of ['s3', 's5']) cluster.putNodePool(name, { site: name });
    cluster.putService({ ...managed, metadata: { ...managed.metadata, annotations: { [SELECTOR]: 'site=s5' } } });
    cluster.putPoolService(poolService('s3'));
    await cluster.settle();
    cluster.putRanges('s3', ['10.0.0.1']);
    await cluster.settle();
    assert.equal(cluster.poolServiceMap.get('default/web-s3')?.status?.loadBalancer?.ingress?.[0]?.ip, '10.0.0.1');
  });

  it('the first NodePool and the end of the last concern all: what they are told depends on it', async () => {
    const cluster = new MemoryCluster();
    cluster.putService(service({ annotations: { [SELECTOR]: 'site=none' } }));
    await cluster.settle();
    const message = () => cluster.condition('default/web')?.message ?? '';
    assert.match(message(), /The cluster has no NodePool/);
    cluster.putNodePool('shop');
    await cluster.settle();
    assert.match(message(), /No NodePool has labels that match "site=none"/);
    cluster.deleteNodePool('shop');
    await cluster.settle();
    assert.match(message(), /The cluster has no NodePool/);
  });
});
