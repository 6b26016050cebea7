import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG, type KubeObject, LbError } from '@openyurt/nodepool-types';
import type { Effect } from '../../../edge-speaker/src/hub/facts.ts';
import { UNSERVED_MS } from '../../../edge-speaker/src/hub/service-reports.ts';
import { Speaker } from '../../../edge-speaker/src/hub/speaker.ts';
import { View } from '../../../edge-speaker/src/offline/adopt.ts';
import { STEADY_MS } from '../../../edge-speaker/src/offline/cloud-link.ts';
import { SETTLE_MS } from '../../../edge-speaker/src/offline/cloud-watch.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../edge-speaker/src/offline/snapshot.ts';
import type { Contact, Resource, WatchEventType } from '../../../edge-speaker/src/ports/announcement-feed.ts';
import { toldOffers } from './told-offers.ts';

const VIP = '192.168.1.1';
const POOL = 'apps.openyurt.io/nodepool';

const POOLS = 'address-pools:\n- { name: default, protocol: layer2, addresses: [192.168.1.0/28] }\n';

const node = (name: string, pool: string | undefined, rv = 1): KubeObject => ({
  metadata: { name, resourceVersion: `${rv}`, labels: pool === undefined ? {} : { [POOL]: pool } },
});
const service = (rv: number, more: { uid?: string; policy?: string; ip?: string } = {}): KubeObject => ({
  ...{ metadata: { name: 'web', namespace: 'ns', uid: more.uid ?? 'u1', resourceVersion: `${rv}` } },
  ...{
    spec: { type: 'LoadBalancer', loadBalancerClass: 'service.openyurt.io/vip', externalTrafficPolicy: more.policy },
  },
  ...{ status: { loadBalancer: { ingress: [{ ip: more.ip ?? VIP, hostname: 'p' }] } } },
});
const slice = (rv: number, nodes: string[]): KubeObject => ({
  ...{
    metadata: { name: 's', namespace: 'ns', resourceVersion: `${rv}`, labels: { 'kubernetes.io/service-name': 'web' } },
  },
  ...{ endpoints: nodes.map((nodeName) => ({ nodeName })) },
});
const config = (site: string, rv: number): KubeObject => ({
  ...{ metadata: { name: 'p', resourceVersion: `${rv}`, labels: { [POOL]: 'p' } } },
  ...{ data: { site, config: POOLS } },
});

/** A hub with a clock of its own; every effect it ever had lies in `effects`. */
class Bench {
  now = 0;
  effects: Effect[] = [];
  link: string | undefined = 'eth0';
  heldElsewhereMs: number | undefined;
  readonly speaker: Speaker;

  constructor(
    readonly view = new View(),
    nodePool?: string,
  ) {
    this.speaker = new Speaker({
      nodeName: 'a',
      view,
      nodePool,
      siteDefaults: DEFAULT_SITE_CONFIG,
      linkFor: () => this.link,
      heldElsewhereMs: () => this.heldElsewhereMs,
      monotonicMs: () => this.now,
      wallMs: () => 0,
      random: () => 0.5,
    });
    this.effects.push(...this.speaker.start());
  }

  list(resource: Resource, rv: number, objects: KubeObject[], proven = true): this {
    const resourceVersion = BigInt(rv);
    this.effects.push(...this.speaker.take({ kind: 'listed', resource, objects, resourceVersion, proven }));
    return this.settle();
  }

  event(resource: Resource, type: WatchEventType, object: KubeObject): this {
    this.effects.push(...this.speaker.take({ kind: 'changed', resource, type, object }));
    return this.settle();
  }

  contact(...contacts: Contact[]): this {
    for (const contact of contacts) this.effects.push(...this.speaker.take({ kind: 'contact', contact }));
    return this.settle();
  }

  conflict(kind: 'failed' | 'conflict', byMac = '02:00:00:00:00:99'): this {
    const fields = { address: VIP, link: 'eth0', byMac };
    const event =
      kind === 'failed' ? { kind, ...fields, retryMs: 1, heldMs: 0 } : { kind, ...fields, defended: true, times: 1 };
    this.effects.push(...this.speaker.take({ kind: 'announcer', event }));
    return this.settle();
  }

  linked(link: string | undefined): this {
    this.link = link;
    this.effects.push(...this.speaker.take({ kind: 'announcer', event: { kind: 'links-changed' } }));
    return this.settle();
  }

  settle(): this {
    this.effects.push(...this.speaker.settle());
    return this;
  }

  of<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);
  }

  /** The last offers as text, `(proven)` where proven, `gone` for tombstones. */
  get offers(): string[] {
    return [...toldOffers(this.effects).values()].map((item) =>
      'gone' in item
        ? `${item.address} gone ${item.rv}`
        : `${item.address} ${item.uids} ${item.rv}${item.proven ? ' proven' : ''}`,
    );
  }
}

/** In NodePool p, connected, with one Service and an endpoint on this node. */
/** @param known the NodePool has announced the address before */
function online(policy?: string, known = false): Bench {
  const bench = new Bench()
    .contact('answered')
    .list('self', 9, [node('a', 'p')])
    .list('nodes', 9, [node('a', 'p'), node('b', 'p')])
    .list('slices', 9, [slice(4, ['a'])]);
  if (known) bench.view.announced.add(VIP);
  return bench.list('services', 9, [service(5, policy === undefined ? {} : { policy })]);
}

describe('speaker hub', () => {
  it('joins the NodePool that its Node names, and offers', () => {
    const bench = online();
    assert.deepEqual(
      bench.of('join').map(({ nodePool }) => nodePool),
      ['p'],
    );
    assert.deepEqual(
      bench.of('follow').map(({ nodePool }) => nodePool),
      ['p'],
    );
    assert.deepEqual(
      bench
        .of('members')
        .at(-1)
        ?.members.map(({ node }) => node),
      ['b'],
    );
    assert.deepEqual(bench.offers, [`${VIP} u1 5 proven`]);
  });

  it('tells nothing twice', () => {
    const bench = online();
    const before = bench.effects.length;
    bench.settle().list('nodes', 10, [node('a', 'p', 10), node('b', 'p', 10)]);
    assert.equal(bench.effects.length, before);
  });

  it('tells an offer again after a failed claim, for the session has dropped it', () => {
    const bench = online();
    const before = bench.of('offers-changed').length;
    bench.speaker.claimFailed(VIP);
    bench.settle();
    assert.deepEqual(
      bench
        .of('offers-changed')
        .slice(before)
        .flatMap(({ set }) => set.map(({ address }) => address)),
      [VIP],
    );
  });

  it('another NodePool begins with nothing known of it', () => {
    const bench = online();
    bench.list('configs', 10, []);
    assert.deepEqual([bench.view.nodes.complete, bench.view.configs.complete], [true, true]);
    bench.event('self', 'MODIFIED', node('a', 'q', 10));
    assert.deepEqual([bench.view.nodes.complete, bench.view.configs.complete], [false, false]);
  });

  it('starts from the disk with no cloud at all', () => {
    const { text } = encodeSnapshot(online().view, 'a', 'p');
    const { view, nodePool } = decodeSnapshot(text, 'a', 0);
    const bench = new Bench(view, nodePool);
    assert.deepEqual([bench.of('join').length, bench.offers], [1, [`${VIP} u1 5`]]);
  });

  it('a list of a silent hub takes nothing away, a proven one does and leaves a tombstone', () => {
    const bench = online().list('services', 11, [], false);
    assert.deepEqual(bench.offers, [`${VIP} u1 5`]);
    assert.deepEqual(bench.list('services', 12, []).offers, [`${VIP} gone 12`]);
  });

  it('an address given again later silences its tombstone', () => {
    const bench = online()
      .event('services', 'DELETED', service(10))
      .event('services', 'ADDED', service(12, { uid: 'u2' }));
    assert.deepEqual(bench.offers, [`${VIP} u2 12 proven`]);
  });

  it('is not proven while the link is in doubt', () => {
    assert.deepEqual(online().contact('unknown').offers, [`${VIP} u1 5`]);
  });

  it('says each reason for which the cloud is not reached once, and the last one stays readable', () => {
    const bench = new Bench();
    const away = (why: string) => new LbError('LB_API_UNREACHABLE', `http://hub/healthz: ${why}`, 'r');
    const fail = (contact: Contact, error: LbError) =>
      bench.effects.push(...bench.speaker.take({ kind: 'contact', contact, error }));
    for (let i = 0; i < 5; i++) {
      fail('unknown', away('refused'));
      bench.now += 1_000;
    }
    fail('unknown', away('silence'));
    const told = () => bench.effects.flatMap((e) => (e.kind === 'say' ? [e.fields.err] : e.kind === 'link' ? [e] : []));
    const [first, turn, second, ...more] = told();
    assert.deepEqual(
      [first, turn, second, more],
      [
        away('refused'),
        { kind: 'link', before: 'doubtful', after: 'offline', forMs: 3_000, error: away('refused') },
        away('silence'),
        [],
      ],
    );
    bench.contact('answered');
    assert.equal(bench.speaker.cloud.failure?.error.message, away('silence').message);
    fail('unknown', away('refused'));
    assert.deepEqual(bench.of('link').at(-1)?.error, away('refused'));
  });

  it('says once that a list is refused while the cloud is there, and keeps quiet about it while it is not', () => {
    const refused = new LbError('LB_API_REFUSED', 'http://hub/api/v1/services: HTTP 403', 'r');
    const hear = (bench: Bench) => {
      for (let i = 0; i < 3; i++)
        bench.effects.push(...bench.speaker.take({ kind: 'refused', resource: 'services', error: refused }));
      return bench.of('say').map(({ level, fields }) => `${level} ${fields.resource}`);
    };
    assert.deepEqual(hear(online()), ['warn services']);
    assert.deepEqual(hear(online().contact('hub-offline')), []);
  });

  it('a changed label is a farewell and a new session', () => {
    const bench = online().event('self', 'MODIFIED', node('a', 'q', 10));
    assert.deepEqual(
      bench.of('join').map(({ nodePool }) => nodePool),
      ['p', 'q'],
    );
    bench.event('self', 'MODIFIED', node('a', undefined, 11));
    assert.equal(bench.of('leave').length, 1);
  });

  it('offers nothing without a link, and again with it', () => {
    const bench = online();
    assert.deepEqual(bench.linked(undefined).offers, []);
    assert.deepEqual(bench.linked('eth0').offers, [`${VIP} u1 5 proven`]);
  });

  it('endpoints that went away in doubt count only after the cloud is proven, and after an outage some time later', () => {
    const bench = online('Local', true).contact('hub-offline').event('slices', 'MODIFIED', slice(10, []));
    assert.equal(bench.offers.length, 1);
    bench.contact('answered', 'answered', 'answered');
    assert.equal(bench.speaker.cloud.link.kind, 'connected');
    assert.equal(bench.offers.length, 1);
    assert.equal(bench.speaker.nextSettleMs(), SETTLE_MS);
    bench.now += SETTLE_MS;
    assert.deepEqual(bench.settle().offers, []);
  });

  it('while connected they count at once', () => {
    assert.deepEqual(online('Local').event('slices', 'MODIFIED', slice(10, [])).offers, []);
  });

  it('lists everything again after an outage, after a doubt only what was not proven', () => {
    const bench = online();
    bench.now += STEADY_MS;
    bench.contact('unknown', 'answered', 'answered');
    bench.now += STEADY_MS;
    bench.contact('hub-offline', 'answered', 'answered', 'answered');
    assert.deepEqual(
      bench.of('relist').map(({ which }) => which),
      ['unproven', 'unproven', 'all'],
    );
  });

  it('an address that belongs to another host is not offered for a while, then probed again', () => {
    const bench = online(undefined, true).conflict('failed');
    assert.deepEqual([bench.of('fail-claim').length, bench.offers], [1, []]);
    const offeredAfter = (ms: number) => {
      for (const endMs = bench.now + ms; bench.now < endMs; ) {
        bench.now = Math.min(endMs, bench.now + (bench.speaker.nextSettleMs() ?? ms));
        bench.settle();
      }
      return bench.offers.length;
    };
    assert.deepEqual([offeredAfter(9_999), offeredAfter(1), bench.speaker.mustProbe(VIP)], [0, 1, true]);
    bench.conflict('failed');
    assert.deepEqual([offeredAfter(19_999), offeredAfter(1)], [0, 1]);
  });

  it('remembers an address as announced once nobody has objected in time, and not one that was refused', () => {
    const bench = online();
    const announce = () => {
      const event = { kind: 'announced', address: VIP, link: 'eth0', probed: true } as const;
      bench.effects.push(...bench.speaker.take({ kind: 'announcer', event }));
      bench.settle();
    };
    assert.equal(bench.speaker.mustProbe(VIP), true);
    announce();
    bench.now += 2_000;
    bench.speaker.remember([VIP, '10.9.9.9']);
    assert.deepEqual([bench.speaker.mustProbe(VIP), [...bench.view.announced]], [false, []]);
    bench.now += bench.speaker.nextSettleMs() ?? 0;
    bench.settle();
    assert.deepEqual([...bench.view.announced], [VIP]);
    bench.conflict('failed').speaker.remember([VIP]);
    assert.deepEqual([bench.speaker.mustProbe(VIP), [...bench.view.announced]], [true, []]);
  });

  it('an address that the NodePool gave up in exchange for another one is new when it comes back', () => {
    const bench = online(undefined, true);
    assert.equal(bench.speaker.mustProbe(VIP), false);
    bench.event('services', 'MODIFIED', service(6, { ip: '192.168.1.2' }));
    assert.deepEqual([...bench.view.announced], []);
    bench.event('services', 'MODIFIED', service(7));
    assert.equal(bench.speaker.mustProbe(VIP), true);
  });

  it('the disk hears of it where an address that was known is refused', () => {
    const bench = online(undefined, true);
    const before = bench.of('touch').length;
    bench.conflict('failed');
    assert.equal(bench.of('touch').length, before + 1);
    assert.equal(bench.conflict('failed').of('touch').length, before + 1);
  });

  it('a failover asks nobody once another member has held the address since the conflict, with nothing else happening', () => {
    const bench = online(undefined, true).conflict('failed');
    bench.heldElsewhereMs = 200;
    assert.equal(bench.speaker.mustProbe(VIP), true, 'that member may be asking itself');
    for (let i = 0; i < 3; i++) {
      const waitMs = bench.speaker.nextSettleMs() ?? assert.fail('it looks at nothing by itself');
      bench.now += waitMs;
      bench.heldElsewhereMs += waitMs;
      bench.settle();
    }
    bench.heldElsewhereMs = undefined;
    assert.deepEqual([bench.speaker.mustProbe(VIP), [...bench.view.announced]], [false, [VIP]]);
  });

  it('a member that heard of it while another was refused again and again asks before it takes it', () => {
    const bench = online();
    for (let round = 0; round < 20; round++) {
      for (const heldMs of [10, 3_000, 6_900, undefined]) {
        bench.heldElsewhereMs = heldMs;
        bench.now += 3_000;
        bench.settle();
      }
      assert.deepEqual([bench.speaker.mustProbe(VIP), [...bench.view.announced]], [true, []], `after round ${round}`);
    }
  });

  it('reports the same host again where it does something else, or to another Service', () => {
    const bench = online().conflict('failed').conflict('failed');
    const notes = () => bench.of('report').map(({ event }) => event.action);
    assert.deepEqual(notes(), ['Withdraw']);
    assert.deepEqual([bench.conflict('conflict'), notes()].slice(1), [['Withdraw', 'Defend']]);
    const told = bench.of('tell-cloud').filter(({ urgent }) => urgent).length;
    assert.equal(told, 2, 'refused and then contested, each once');
    assert.deepEqual(
      bench.speaker.report().report?.conflicts.map(({ kind, byMac, services }) => [kind, byMac, services]),
      [['contested', '02:00:00:00:00:99', ['u1']]],
    );
  });

  it('reports a conflict once per MAC, with the MAC', () => {
    const bench = online().conflict('conflict').conflict('conflict').conflict('conflict', '02:00:00:00:00:98');
    const events = bench
      .of('report')
      .map(({ event }) => [
        event.reason,
        'serviceUid' in event ? event.serviceUid : '',
        /02:[0-9a-f:]+/.exec(event.note)?.[0],
      ]);
    assert.deepEqual(events, [
      ['AddressConflict', 'u1', '02:00:00:00:00:99'],
      ['AddressConflict', 'u1', '02:00:00:00:00:98'],
    ]);
    assert.equal(bench.offers.length, 1);
  });

  it('writes a few Events at most for somebody who invents a MAC for each frame, and others again later', () => {
    const bench = online();
    const said = () => bench.of('report').length;
    for (let i = 0; i < 100; i++) bench.conflict('conflict', `02:00:00:00:01:${i.toString(16).padStart(2, '0')}`);
    const first = said();
    assert.ok(first >= 1 && first <= 8, `${first} Events`);
    bench.now += 600_000;
    assert.equal(bench.conflict('conflict', '02:00:00:00:02:00') && said(), first + 1);
  });

  it('reports two owners in the pool once in ten minutes, with both MACs', () => {
    const bench = online();
    const fields = { address: VIP, link: 'eth0', byMac: '02:00:00:00:00:99', ownMac: '02:00:00:00:00:11', forMs: 1000 };
    const told = () => bench.of('report').map(({ event: { reason, note } }) => [reason, note.match(/02:[0-9a-f:]+/g)]);
    const hear = () =>
      bench.effects.push(...bench.speaker.take({ kind: 'announcer', event: { kind: 'duplicate-owner', ...fields } }));
    hear();
    hear();
    const once = ['DuplicateOwner', ['02:00:00:00:00:11', '02:00:00:00:00:99']];
    assert.deepEqual(told(), [once]);
    bench.now += 600_000;
    hear();
    assert.deepEqual(told(), [once, once]);
    assert.equal(bench.offers.length, 1, 'it is kept');
  });

  it('a cordoned node, or one out of service, is to be emptied', () => {
    const node = (rv: number, spec: object): KubeObject => ({
      ...{ metadata: { name: 'a', resourceVersion: `${rv}`, labels: { [POOL]: 'p' } }, spec },
    });
    const bench = online();
    const draining = (rv: number, spec: object) => bench.event('self', 'MODIFIED', node(rv, spec)).speaker.draining;
    const taints = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }];
    assert.deepEqual(
      [draining(90, { unschedulable: true }), draining(91, {}), draining(92, { taints })],
      [true, false, true],
    );
  });

  it('says that nobody serves an announced address, after a while, once, and only while the cloud is there', () => {
    const bench = online(undefined, true).event('slices', 'MODIFIED', slice(10, []));
    const event = { kind: 'announced', address: VIP, link: 'eth0', probed: true } as const;
    bench.effects.push(...bench.speaker.take({ kind: 'announcer', event }));
    assert.equal(bench.speaker.nextSettleMs(), UNSERVED_MS);
    bench.now += UNSERVED_MS;
    bench.settle().contact('unknown').contact('answered', 'answered').settle();
    assert.deepEqual(
      bench.of('report').map(({ event: { reason } }) => reason),
      ['NoEndpoints'],
    );
  });

  it('a hidden Service is reported by the first node of the NodePool, once', () => {
    const hidden = {
      ...service(10),
      metadata: { ...service(10).metadata, annotations: { 'svc.openyurt.io/discard': 'true' } },
    };
    const bench = online().event('services', 'MODIFIED', hidden).settle();
    assert.deepEqual(
      bench.of('report').map(({ event: { reason } }) => reason),
      ['DiscardedAtEdge'],
    );
    const later = online()
      .list('nodes', 11, [node('0', 'p'), node('a', 'p')])
      .event('services', 'MODIFIED', hidden);
    assert.deepEqual(later.of('report'), []);
  });

  it('site configuration is hot, and a bad text leaves the last good one, also over a restart', () => {
    const bench = online().list('configs', 10, [config('heartbeat: 50ms', 10)]);
    assert.equal(bench.of('configure').at(-1)?.site.heartbeatMs, 50);
    bench.event('configs', 'MODIFIED', config('heartbeat: [', 11));
    assert.deepEqual(
      [bench.of('configure').length, bench.of('trouble').map(({ error }) => error.code)],
      [1, ['LB_CONFIG_REFUSED']],
    );
    const { view, nodePool } = decodeSnapshot(encodeSnapshot(bench.view, 'a', 'p').text, 'a', 0);
    assert.equal(new Bench(view, nodePool).speaker.site.heartbeatMs, 50);
  });

  it('a proven list that is older than what is known is said and not adopted', () => {
    const bench = online().list('services', 3, []);
    assert.deepEqual([bench.offers.length, bench.of('say').map(({ level }) => level)], [1, ['warn']]);
  });
});
