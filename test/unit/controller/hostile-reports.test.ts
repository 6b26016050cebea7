import { strict as assert } from 'node:assert';
import type { ReportedConflict } from '@openyurt/nodepool-types';
import { AddressBook } from '../../../cloud-controller/src/ipam/address-book.ts';
import { Refusals } from '../../../cloud-controller/src/reconcile/refusals.ts';
import { SiteReports } from '../../../cloud-controller/src/reconcile/site-reports.ts';
import { at, conflict, HOUR_MS, report, shop } from './refusing-site.ts';
import { service } from './world.ts';

const ASKS = 'service.openyurt.io/loadBalancerIP-shop';
const SHARE = 'service.openyurt.io/allow-shared-ip';
const MINUTE_MS = 60_000;
const announced = (address: string, second = 0) => [{ address, since: at(second) }];

describe('reports that lie, are old, or never end', () => {
  const clocks: { name: string; announcedAt: number; refusedAt: number }[] = [
    { name: 'refused long before it was announced', announcedAt: 0, refusedAt: -1_000_000 },
    { name: 'refused at the same time', announcedAt: 0, refusedAt: 0 },
    { name: 'refused long after', announcedAt: -1_000_000, refusedAt: 0 },
  ];
  for (const { name, announcedAt, refusedAt } of clocks) {
    const reported = conflict('10.0.0.1', { since: at(refusedAt), lastSeen: at(refusedAt) });
    it(`an address that was served stays, whatever the node's clock says: ${name}`, async () => {
      const { cluster, says, condition, has } = await shop();
      await says([], announced('10.0.0.1', announcedAt));
      cluster.pass(2 * MINUTE_MS);
      await says([reported]);
      assert.deepEqual(has(), ['shop=10.0.0.1']);
      assert.match(condition()?.message ?? '', /not exchanged unasked/);
    });
    it(`a new one is exchanged, whatever the node's clock says: ${name}`, async () => {
      const { says, has } = await shop();
      await says([], announced('10.0.0.1', announcedAt));
      await says([reported]);
      assert.deepEqual(has(), ['shop=10.0.0.2']);
    });
  }

  it('whose clock is ahead is not believed longer: another member found the address free', async () => {
    const { says, condition } = await shop(undefined, service({ annotations: { [ASKS]: '10.0.0.1' } }));
    await says([conflict('10.0.0.1', { since: at(86_400), lastSeen: at(86_400) })]);
    assert.equal(condition()?.reason, 'RefusedBySite');
    await says([], announced('10.0.0.1', 9), 'n2');
    assert.equal(condition(), undefined);
  });

  it('a node that names several hosts of one address is heard in full', async () => {
    const { says, condition, has } = await shop();
    const other = '02:00:00:00:00:77';
    await says([conflict('10.0.0.1', { services: ['uid-gone'] }), conflict('10.0.0.1')]);
    assert.deepEqual(has(), ['shop=10.0.0.2']);
    await says([conflict('10.0.0.2'), conflict('10.0.0.2', { byMac: other, services: ['uid-gone'] })]);
    assert.deepEqual(has(), ['shop=10.0.0.3']);
    const both = [
      conflict('10.0.0.3', { kind: 'contested' }),
      conflict('10.0.0.3', { kind: 'contested', byMac: other }),
    ];
    await says(both, announced('10.0.0.3'));
    assert.match(condition()?.message ?? '', /00:66, .*00:77, /);
  });

  it('who joins an address that is announced keeps it too', async () => {
    const annotations = { [SHARE]: 'k' };
    const { cluster, says, has } = await shop(undefined, service({ annotations }));
    await says([], announced('10.0.0.1'));
    cluster.putService(service({ name: 'partner', ports: [81], annotations }));
    await cluster.settle();
    cluster.pass(HOUR_MS);
    await says([conflict('10.0.0.1', { services: ['uid-web', 'uid-partner'] })]);
    assert.deepEqual([has(), cluster.ingress('default/partner')], [['shop=10.0.0.1'], ['shop=10.0.0.1']]);
  });

  it('what was served before a restart is not exchanged after it', async () => {
    const { cluster, says, has } = await shop();
    await says([], announced('10.0.0.1'));
    cluster.pass(HOUR_MS);
    await says([]);
    cluster.restart();
    await cluster.settle();
    await says([conflict('10.0.0.1')]);
    assert.deepEqual(has(), ['shop=10.0.0.1']);
  });

  it('who waits for another address still does after a restart, and says the same', async () => {
    const { cluster, says, has, told } = await shop(['10.0.0.1-10.0.0.2']);
    cluster.putService(service({ name: 'other' }));
    await cluster.settle();
    await says([conflict('10.0.0.1')]);
    const writes = cluster.writes.length;
    cluster.restart();
    await cluster.settle();
    assert.equal(cluster.writes.length, writes);
    cluster.deleteService('default/other');
    cluster.restart();
    await cluster.settle();
    assert.deepEqual(has(), ['shop=10.0.0.2']);
    assert.deepEqual(told(), ['AddressRefused', 'AddressMoved']);
  });

  it('after a restart a host that objects to everything moves nobody again', async () => {
    const { cluster, says, has } = await shop();
    const refused: ReportedConflict[] = [];
    for (const last of [1, 2]) await says([...refused, conflict(`10.0.0.${last}`)]);
    for (const last of [3, 4, 5]) {
      cluster.restart();
      await cluster.settle();
      await says([...refused, conflict(`10.0.0.${last}`)]);
    }
    assert.deepEqual(has(), ['shop=10.0.0.3']);
  });

  it('an address that another controller gave the Service, and it adopted, is not exchanged', async () => {
    const web = service({ annotations: { 'service.openyurt.io/adopt': 'true' } });
    const status = { loadBalancer: { ingress: [{ ip: '10.0.0.5' }] } };
    const { says, has } = await shop(undefined, { ...web, status });
    assert.deepEqual(has(), ['shop=10.0.0.5']);
    await says([conflict('10.0.0.5')]);
    assert.deepEqual(has(), ['shop=10.0.0.5']);
  });

  it('a report of another NodePool, or in the name of a node that is not there, moves nobody', async () => {
    const { cluster, says, condition, has } = await shop();
    cluster.putNodePool('other');
    cluster.putRanges('other', ['10.9.0.1']);
    cluster.putNode('stolen', '192.168.9.1', 'other');
    for (const [node, label] of [
      ['stolen', 'shop'],
      ['nobody', 'shop'],
    ] as const) {
      cluster.putReport(node, label, report(node, [conflict('10.0.0.1')], [], 'shop'));
    }
    await says([]);
    assert.deepEqual([has(), condition()], [['other=10.9.0.1', 'shop=10.0.0.1'], undefined]);
  });

  it('one that changes all the time costs few writes and fewer Events', async () => {
    const { cluster, says } = await shop(undefined, service({ annotations: { [ASKS]: '10.0.0.1' } }));
    const writes = cluster.writes.length;
    for (let i = 0; i < 600; i++) {
      cluster.pass(1_000);
      await says([conflict('10.0.0.1', { byMac: `02:00:00:00:${i % 2 ? 'aa' : 'bb'}:${(i % 90) + 10}` })]);
    }
    assert.ok(cluster.writes.length - writes < 40, `${cluster.writes.length - writes} writes in ten minutes`);
    assert.ok(cluster.eventsOf('web').filter((reason) => reason === 'AddressRefused').length <= 2);
  });

  it('what came too fast is taken in a little later, the last word of it', async () => {
    const { cluster, says, condition } = await shop(undefined, service({ annotations: { [ASKS]: '10.0.0.1' } }));
    for (let i = 10; i < 60; i++) await says([conflict('10.0.0.1', { byMac: `02:00:00:00:00:${i}` })]);
    await says([]);
    assert.notEqual(condition(), undefined);
    cluster.pass(30_000);
    await cluster.settle();
    assert.equal(condition(), undefined);
  });

  it('what a node says of its own NodePool makes nobody forget what others say of theirs', async () => {
    const { cluster, says } = await shop();
    cluster.putNodePool('other');
    cluster.putRanges('other', ['10.9.0.0/16']);
    cluster.putNode('stolen', '192.168.9.1', 'other');
    await says([conflict('10.0.0.1')]);
    await says([]);
    for (let i = 0; i < 20; i++) {
      const many = Array.from({ length: 256 }, (_, j) => conflict(`10.9.${i}.${j}`));
      cluster.putReport('stolen', 'other', report('stolen', many, [], 'other'));
      cluster.pass(MINUTE_MS);
      await cluster.settle();
    }
    cluster.putService(service({ name: 'late' }));
    await cluster.settle();
    assert.ok(!cluster.ingress('default/late').includes('shop=10.0.0.1'));
  });

  it('three moves at most each, also where five thousand Services are refused at once', () => {
    const reports = new SiteReports();
    const refusals = new Refusals(reports, new AddressBook(), () => 0);
    const uids = Array.from({ length: 5_000 }, (_, i) => `uid-${i}`);
    for (let round = 0; round < 3; round++)
      for (const uid of uids) refusals.moved(uid, { nodePool: 'shop', address: '10.0.0.9' });
    const conflicts = [conflict('10.0.0.1', { services: ['uid-0'] })];
    const head = { version: 1 as const, node: 'n1', nodePool: 'shop', writtenAt: at(0), announced: [], conflicts };
    reports.set('n1', { ...head, cloud: { state: 'connected', since: at(0) } });
    assert.equal(refusals.verdict({ uid: 'uid-0' }, { nodePool: 'shop', address: '10.0.0.1' }), 'moved-enough');
  });
});
