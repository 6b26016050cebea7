import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG, type KubeObject } from '@openyurt/nodepool-types';
import { endpointsOf } from '../../../edge-speaker/src/election/offer.ts';
import type { Effect } from '../../../edge-speaker/src/hub/facts.ts';
import { Speaker } from '../../../edge-speaker/src/hub/speaker.ts';
import { View } from '../../../edge-speaker/src/offline/adopt.ts';
import { SETTLE_MS } from '../../../edge-speaker/src/offline/cloud-watch.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../edge-speaker/src/offline/snapshot.ts';
import type { Contact, Resource } from '../../../edge-speaker/src/ports/announcement-feed.ts';
import { toldOffers } from './told-offers.ts';

const VIP = '192.168.1.1';
const labels = { 'apps.openyurt.io/nodepool': 'p' };

/** Node a of NodePool p, with Service ns/web under policy Local and a Pod for it on each node. Pods live or not. */
class Bench {
  now = 0;
  effects: Effect[] = [];
  readonly alive = new Set(['10.0.0.1']);
  readonly speaker: Speaker;
  asked = 0;

  constructor(view = new View(), nodePool?: string) {
    const siteDefaults = DEFAULT_SITE_CONFIG;
    const [monotonicMs, wallMs] = [() => this.now, () => 1_000_000 + this.now];
    const parts = { nodeName: 'a', view, nodePool, siteDefaults, monotonicMs, wallMs, random: () => 0.5 };
    this.speaker = new Speaker({ ...parts, linkFor: () => 'eth0', heldElsewhereMs: () => undefined });
    this.effects.push(...this.speaker.start());
  }

  list(resource: Resource, ...objects: KubeObject[]): this {
    const fact = { kind: 'listed', resource, objects, resourceVersion: 9n, proven: true } as const;
    this.effects.push(...this.speaker.take(fact), ...this.speaker.settle());
    return this;
  }

  contact(...contacts: Contact[]): this {
    for (const contact of contacts) this.effects.push(...this.speaker.take({ kind: 'contact', contact }));
    this.effects.push(...this.speaker.settle());
    return this;
  }

  announced(kind: 'announced' | 'withdrawn' = 'announced'): this {
    const place = { address: VIP, link: 'eth0' };
    const event =
      kind === 'announced'
        ? ({ kind, ...place, probed: false } as const)
        : ({ kind, ...place, reason: 'asked', heldMs: 0 } as const);
    this.effects.push(...this.speaker.take({ kind: 'announcer', event }));
    return this;
  }

  /** Time goes by as in the driver: endpoints are asked and answer, and the hub judges when it said it would. */
  pass(ms: number): this {
    const { probes } = this.speaker;
    let dueMs = this.now + (this.speaker.nextSettleMs() ?? Number.POSITIVE_INFINITY);
    for (const end = this.now + ms; this.now < end; this.now += 50) {
      let judge = this.now >= dueMs;
      for (let at = probes.take(this.now); at !== undefined; at = probes.take(this.now)) {
        this.asked++;
        judge = probes.heard(at, this.alive.has(at.ip) ? 'answered' : 'refused', this.now) || judge;
      }
      if (!judge) continue;
      this.effects.push(...this.speaker.settle());
      dueMs = this.now + (this.speaker.nextSettleMs() ?? Number.POSITIVE_INFINITY);
    }
    return this;
  }

  of<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);
  }

  /** Whether the last offer says that its endpoints are dead. */
  get stale(): boolean {
    return this.word === 'dead';
  }

  get word(): string | undefined {
    return endpointsOf(toldOffers(this.effects).get(VIP));
  }

  get said(): string[] {
    return this.of('say').map(({ msg }) => msg);
  }
}

const node = (name: string): KubeObject => ({ metadata: { name, resourceVersion: '1', labels } });
const web = (annotations = {}): KubeObject =>
  Object.assign(
    { metadata: { name: 'web', namespace: 'ns', uid: 'u', resourceVersion: '5', annotations } },
    {
      spec: { type: 'LoadBalancer', loadBalancerClass: 'service.openyurt.io/vip', externalTrafficPolicy: 'Local' },
      status: { loadBalancer: { ingress: [{ ip: VIP, hostname: 'p' }] } },
    },
  );
const slice = (protocol = 'TCP'): KubeObject =>
  Object.assign(
    { metadata: { name: 's', namespace: 'ns', resourceVersion: '4', labels: { 'kubernetes.io/service-name': 'web' } } },
    {
      endpoints: ['a', 'b'].map((nodeName, i) => ({ nodeName, addresses: [`10.0.0.${i + 1}`] })),
      ports: [{ port: 80, protocol }],
    },
  );

function online({ service = web(), endpoints = slice() } = {}): Bench {
  return new Bench()
    .contact('answered')
    .list('self', node('a'))
    .list('nodes', node('a'), node('b'))
    .list('configs')
    .list('slices', endpoints)
    .list('services', service);
}

describe('a hub whose endpoints die', () => {
  it('asks nobody while the cloud is there', () => {
    assert.equal(online().pass(60_000).asked, 0);
  });

  it('tells the pool when all of its own are dead, and when one lives again', () => {
    const bench = online().contact('hub-offline').pass(20_000);
    assert.ok(bench.asked > 0);
    assert.equal(bench.word, 'alive');
    bench.alive.clear();
    bench.pass(15_000);
    assert.deepEqual([bench.stale, bench.speaker.candidates.byAddress.get(VIP)?.endpoints], [true, 'dead']);
    bench.alive.add('10.0.0.1');
    bench.pass(30_000);
    assert.equal(bench.stale, false);
    assert.deepEqual(bench.said, [
      'no endpoint of the address takes connections',
      'endpoints of the address are believed again',
    ]);
  });

  const never = [
    { name: 'that is switched off', service: web({ 'service.openyurt.io/endpoint-probe': 'off' }) },
    { name: 'without a TCP port', endpoints: slice('UDP') },
  ];
  for (const { name, ...more } of never) {
    it(`leaves a Service alone ${name}`, () => {
      const bench = online(more).contact('hub-offline');
      bench.alive.clear();
      bench.pass(60_000);
      assert.deepEqual([bench.asked, bench.stale], [0, false]);
    });
  }

  it('goes on asking after the return until what the cloud takes away counts, then forgets', () => {
    const bench = online().contact('hub-offline');
    bench.alive.clear();
    bench.pass(20_000).contact('answered', 'answered', 'answered').pass(10_000);
    assert.equal(bench.stale, true);
    bench.pass(SETTLE_MS);
    const { asked } = bench;
    assert.deepEqual([bench.stale, bench.pass(30_000).asked], [false, asked]);
  });

  it('asks what the disk remembers after a restart without the cloud', () => {
    const before = online();
    const { view, nodePool } = decodeSnapshot(encodeSnapshot(before.speaker.view, 'a', 'p').text, 'a', 0);
    const bench = new Bench(view, nodePool);
    bench.alive.clear();
    assert.equal(bench.pass(15_000).stale, true);
  });

  it('says on return how long it served with dead endpoints, and what changed hands', () => {
    const bench = online().announced().contact('hub-offline');
    bench.alive.clear();
    bench.pass(60_000).announced('withdrawn').pass(10_000).contact('answered', 'answered', 'answered');
    const reports = bench.of('report').map(({ event }) => event);
    assert.deepEqual(
      reports.map(({ reason }) => reason),
      ['CloudLinkRestored', 'AnnouncerChanged', 'StaleEndpoints'],
    );
    assert.match(reports[2]?.note ?? '', /node a served 5\d s with stale endpoints/);
    assert.ok(reports.every((event) => event.atWallMs <= 1_000_000 + bench.now));
  });

  it('an outage is remembered over a restart, and forgotten when it is told', () => {
    const bench = online().contact('hub-offline').announced('announced').pass(1_000);
    assert.ok(bench.of('touch').length > 0);
    bench.speaker.lastWord();
    const { text } = encodeSnapshot(bench.speaker.view, 'a', 'p');
    const { view, nodePool } = decodeSnapshot(text, 'a', 0);
    const after = new Bench(view, nodePool).pass(1_000).contact('answered');
    assert.deepEqual(
      after.of('report').map(({ event }) => event.reason),
      ['CloudLinkRestored', 'AnnouncerChanged'],
    );
    assert.equal(after.speaker.view.outage, undefined);
  });
});
