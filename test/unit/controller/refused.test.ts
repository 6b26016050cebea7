import { strict as assert } from 'node:assert';
import type { ReportedAddress, ReportedConflict, ServiceObject } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { at, conflict, HOUR_MS, MAC, report, shop } from './refusing-site.ts';
import { service } from './world.ts';

const ASKS = 'service.openyurt.io/loadBalancerIP-shop';
const SHARE = 'service.openyurt.io/allow-shared-ip';

describe('an address that its site refuses', () => {
  it('a new one is exchanged in one write, said once, and given to nobody else', async () => {
    const { cluster, says, condition, told, has } = await shop();
    const writes = cluster.writes.length;
    await says([conflict('10.0.0.1')]);
    assert.deepEqual(has(), ['shop=10.0.0.2']);
    assert.equal(cluster.writes.length - writes, 1);
    assert.equal(condition(), undefined);
    assert.deepEqual([told(), cluster.moved], [['AddressMoved'], 1]);
    const { event } = cluster.events.find(({ event: { reason } }) => reason === 'AddressMoved') ?? {};
    assert.equal(
      event?.note,
      `NodePool shop: 10.0.0.1 is used by the host ${MAC}, seen by node n1 on eth0; 10.0.0.2 is given instead.`,
    );
    cluster.putService(service({ name: 'next' }));
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/next'), ['shop=10.0.0.3']);
  });

  const stays: {
    name: string;
    web?: ServiceObject;
    ranges?: string[];
    before?: ReportedAddress[];
    reported: ReportedConflict;
    announced?: ReportedAddress[];
    reason: string | undefined;
    says?: RegExp;
    told: string[];
  }[] = [
    {
      name: 'asked for by name',
      web: service({ annotations: { [ASKS]: '10.0.0.1' } }),
      reported: conflict('10.0.0.1'),
      reason: 'RefusedBySite',
      says: /used by the host 02:00:00:00:00:66, seen by node n1 on eth0; it is not announced\. Take it from that host/,
      told: ['AddressRefused'],
    },
    {
      name: 'announced and defended',
      reported: conflict('10.0.0.1', { kind: 'contested' }),
      announced: [{ address: '10.0.0.1', since: at(0) }],
      reason: 'ContestedOnSite',
      says: /announced and defended\. Give that host another address/,
      told: [],
    },
    {
      name: 'in use before: announced for longer than a late objection takes',
      before: [{ address: '10.0.0.1', since: at(-60) }],
      reported: conflict('10.0.0.1'),
      reason: 'RefusedBySite',
      says: /It may be in use, so it is not exchanged unasked/,
      told: ['AddressRefused'],
    },
    {
      name: 'another node announces it',
      reported: conflict('10.0.0.1', { since: at(0), lastSeen: at(60) }),
      announced: [{ address: '10.0.0.1', since: at(30) }],
      reason: 'ContestedOnSite',
      told: [],
    },
    {
      name: 'no other is free',
      ranges: ['10.0.0.1'],
      reported: conflict('10.0.0.1'),
      reason: 'RefusedBySite',
      says: /no other to give/,
      told: ['AddressRefused'],
    },
    {
      name: 'the report is of another Service that had the address',
      reported: conflict('10.0.0.1', { services: ['uid-gone'] }),
      reason: undefined,
      told: [],
    },
  ];
  for (const { name, web, ranges, before, reported, announced, reason, says: text, told: events } of stays) {
    it(`stays: ${name}`, async () => {
      const { cluster, says, condition, told, has } = await shop(ranges, web);
      if (before !== undefined) await says([], before);
      cluster.pass(60_000);
      await says([reported], announced);
      assert.deepEqual(has(), ['shop=10.0.0.1']);
      assert.equal(condition()?.reason, reason);
      if (text !== undefined) assert.match(condition()?.message ?? '', text);
      assert.deepEqual(told(), events);
      const written = cluster.writes.length;
      cluster.restart();
      await cluster.settle();
      assert.deepEqual([has(), told()], [['shop=10.0.0.1'], events]);
      assert.equal(cluster.writes.length, written, 'a restart wrote');
      await says([]);
      assert.equal(condition(), undefined, 'over');
    });
  }

  it('announced for a moment, then refused by a late objection: exchanged', async () => {
    const { says, has } = await shop();
    await says([], [{ address: '10.0.0.1', since: at(0) }]);
    await says([conflict('10.0.0.1', { since: at(6) })]);
    assert.deepEqual(has(), ['shop=10.0.0.2']);
  });

  it('waits for another address where none is free, and takes it', async () => {
    const { cluster, says, condition, has } = await shop(['10.0.0.1-10.0.0.2'], service({ name: 'web' }));
    cluster.putService(service({ name: 'other' }));
    await cluster.settle();
    await says([conflict('10.0.0.1')]);
    assert.deepEqual(has(), ['shop=10.0.0.1']);
    assert.match(cluster.condition('default/web')?.message ?? '', /no free IPv4 address in address pool default/);
    cluster.deleteService('default/other');
    await cluster.settle();
    assert.deepEqual(has(), ['shop=10.0.0.2']);
    assert.equal(condition(), undefined);
  });

  it('a host that objects to everything moves a Service three times, then it stays and says so, also after a restart', async () => {
    const { cluster, says, condition, told, has } = await shop();
    const refused: ReportedConflict[] = [];
    for (const last of [1, 2, 3, 4]) {
      refused.push(conflict(`10.0.0.${last}`));
      await says(refused);
    }
    assert.deepEqual(has(), ['shop=10.0.0.4']);
    assert.match(condition()?.message ?? '', /It stays: the site refused those before it too/);
    cluster.pass(2 * HOUR_MS);
    cluster.add('service:default/web');
    await cluster.settle();
    assert.deepEqual(has(), ['shop=10.0.0.4']);
    cluster.restart();
    await cluster.settle();
    assert.deepEqual(has(), ['shop=10.0.0.4']);
    assert.deepEqual(told(), ['AddressMoved', 'AddressMoved', 'AddressMoved', 'AddressRefused']);
  });

  it('after a quiet hour it may be moved again', async () => {
    const { cluster, says, has } = await shop();
    for (const last of [1, 2, 3]) await says([conflict(`10.0.0.${last}`)]);
    await says([]);
    cluster.pass(HOUR_MS);
    await cluster.settle();
    await says([conflict('10.0.0.4')]);
    assert.deepEqual(has(), ['shop=10.0.0.1']);
  });

  it('is avoided for an hour after the last report of it, and then goes to who waits', async () => {
    const { cluster, says } = await shop(['10.0.0.1-10.0.0.2']);
    await says([conflict('10.0.0.1')]);
    cluster.putService(service({ name: 'late' }));
    await cluster.settle();
    assert.match(cluster.condition('default/late')?.message ?? '', /0 of 2 free; 1 used by other hosts of the site/);
    await says([]);
    cluster.pass(HOUR_MS - 1);
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/late'), []);
    cluster.pass(1);
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/late'), ['shop=10.0.0.1']);
  });

  it('counts while the Node is there and in that NodePool, and no longer than its report', async () => {
    const { cluster, says, condition } = await shop(undefined, service({ annotations: { [ASKS]: '10.0.0.1' } }));
    await says([conflict('10.0.0.1')]);
    assert.notEqual(condition(), undefined);
    cluster.putNode('n1', '192.168.0.1', 'elsewhere');
    await cluster.settle();
    assert.equal(condition(), undefined, 'in another NodePool');
    cluster.putNode('n1', '192.168.0.1', 'shop');
    await cluster.settle();
    assert.notEqual(condition(), undefined);
    cluster.deleteNode('n1');
    await cluster.settle();
    assert.equal(condition(), undefined, 'the Node is gone');
    cluster.putNode('n1', '192.168.0.1', 'shop');
    await cluster.settle();
    assert.notEqual(condition(), undefined);
    cluster.putReport('n1', 'shop', undefined);
    await cluster.settle();
    assert.equal(condition(), undefined, 'the report is gone');
  });

  it('one that another member found free since is not refused any more', async () => {
    const { says, condition } = await shop(undefined, service({ annotations: { [ASKS]: '10.0.0.1' } }));
    await says([conflict('10.0.0.1')]);
    assert.equal(condition()?.reason, 'RefusedBySite');
    await says([], [{ address: '10.0.0.1', since: at(9) }], 'n2');
    assert.equal(condition(), undefined);
  });

  it('both who share it move together', async () => {
    const annotations = { [SHARE]: 'k' };
    const { cluster, says, has } = await shop(undefined, service({ annotations }));
    cluster.putService(service({ name: 'partner', ports: [81], annotations }));
    await cluster.settle();
    await says([conflict('10.0.0.1', { services: ['uid-web', 'uid-partner'] })]);
    assert.deepEqual([has(), cluster.ingress('default/partner')], [['shop=10.0.0.2'], ['shop=10.0.0.2']]);
  });

  it('of two families the refused one is exchanged within the pool of the other', async () => {
    const both = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
    const { says, has } = await shop(['10.0.0.1-10.0.0.2', 'fd00::1-fd00::2'], service({ spec: both }));
    await says([conflict('fd00::1')]);
    assert.deepEqual(has(), ['shop=10.0.0.1', 'shop=fd00::2']);
  });

  it('stays where the NodePool has no configuration in force', async () => {
    const { cluster, says, condition, has } = await shop();
    cluster.configMapMap.clear();
    cluster.restart();
    await cluster.settle();
    await says([conflict('10.0.0.1')]);
    assert.deepEqual([has(), condition()?.reason], [['shop=10.0.0.1'], 'RefusedBySite']);
  });

  it('a report that says nothing new about hosts wakes nobody', async () => {
    const { cluster, says } = await shop();
    await says([], [{ address: '10.0.0.1', since: at(0) }]);
    const before = cluster.worked;
    await says([], [{ address: '10.0.0.1', since: at(5) }]);
    assert.equal(cluster.worked - before, 1, 'only the report itself is looked at');
  });

  it('a write that fails is repeated and told once', async () => {
    const { cluster, says, told, has } = await shop();
    const fates: ('refused' | 'lost')[] = ['refused', 'lost'];
    cluster.fate = () => fates.shift() ?? 'ok';
    await says([conflict('10.0.0.1')]);
    assert.deepEqual(has(), ['shop=10.0.0.2']);
    assert.deepEqual(told(), ['AddressMoved']);
  });

  it('what a report says cannot break anything', async () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom(
        report('n1', [conflict('10.0.0.1')], [], 'elsewhere'),
        report('other', [conflict('10.0.0.1')]),
        report('n1', [conflict('10.0.0.1')]).slice(0, -9),
        JSON.stringify({ ...JSON.parse(report('n1', [])), conflicts: [{ address: '10.0.0.1' }] }),
        'x'.repeat(300_000),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { maxLength: 4 }), async (all) => {
        const { cluster, condition, has } = await shop();
        for (const text of all) {
          cluster.putReport('n1', 'shop', text);
          await cluster.settle();
        }
        assert.deepEqual([has(), condition()], [['shop=10.0.0.1'], undefined]);
      }),
      { numRuns: 100 },
    );
  });

  it('whatever sites refuse: it settles, nobody moves more than three times, and nobody shares an address unasked', async () => {
    const address = fc.integer({ min: 1, max: 9 }).map((last) => `10.0.0.${last}`);
    const uid = fc.constantFrom('uid-web', 'uid-s1', 'uid-s2');
    const one = fc.tuple(fc.constantFrom('n1', 'n2'), fc.array(fc.tuple(address, fc.array(uid)), { maxLength: 9 }));
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 12 }), async (reports) => {
        const { cluster, says } = await shop();
        for (const name of ['s1', 's2']) cluster.putService(service({ name }));
        await cluster.settle();
        for (const [node, said] of reports) {
          await says(
            said.map(([ip, services]) => conflict(ip, { services })),
            [],
            node,
          );
          const given = ['web', 's1', 's2'].map((name) => cluster.ingress(`default/${name}`).join());
          assert.equal(new Set(given).size, 3, given.join(' '));
          assert.ok(
            given.every((text) => text !== ''),
            given.join(' '),
          );
        }
        for (const name of ['web', 's1', 's2']) {
          assert.ok(cluster.eventsOf(name).filter((reason) => reason === 'AddressMoved').length <= 3);
        }
      }),
      { numRuns: 60 },
    );
  });
});
