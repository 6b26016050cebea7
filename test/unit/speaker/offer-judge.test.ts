import { strict as assert } from 'node:assert';
import { decodeAnnouncements, type KubeObject, type ServiceObject } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import type { TurnSize } from '../../../edge-speaker/src/candidates/candidate-index.ts';
import { ConflictPause, PAUSE_MIN_MS } from '../../../edge-speaker/src/candidates/conflict-pause.ts';
import { type Candidate, type Holder, judgeAddress } from '../../../edge-speaker/src/candidates/offers.ts';
import { OfferJudge } from '../../../edge-speaker/src/hub/offer-judge.ts';
import { View } from '../../../edge-speaker/src/offline/adopt.ts';
import { EndpointProbes } from '../../../edge-speaker/src/offline/endpoint-probes.ts';

const POOL = 'p';
const ADDRESSES = ['192.168.1.1', '192.168.1.2', '192.168.1.3'];

/** A node with all that its offers are judged by, changed from outside and judged a little at a time. */
class Bench {
  now = 0;
  readonly view = new View();
  readonly conflicts = new ConflictPause();
  readonly probes = new EndpointProbes(() => 0.5);
  readonly links = new Map<string, string>();
  trusted = true;
  proven = true;
  judged = 0;
  private rv = 1;
  private readonly judge: OfferJudge;

  constructor(turn?: TurnSize) {
    const { view, conflicts, probes } = this;
    const linkFor = (address: string) => this.links.get(address) ?? 'eth0';
    this.judge = new OfferJudge({ nodeName: 'a', view, conflicts, probes, linkFor, ...(turn && { turn }) });
    for (const node of ['a', 'b'])
      this.change('nodes', 'ADDED', node, { labels: { 'apps.openyurt.io/nodepool': POOL } });
  }

  change(
    resource: 'self' | 'nodes' | 'services' | 'slices',
    type: 'ADDED' | 'DELETED',
    name: string,
    { labels = {}, ...more }: { labels?: Record<string, string>; [field: string]: unknown } = {},
  ): void {
    const namespace = resource === 'services' || resource === 'slices' ? { namespace: 'ns' } : {};
    const metadata = { name, uid: `u-${name}`, resourceVersion: `${++this.rv}`, labels, ...namespace };
    const object: KubeObject = { metadata, ...more };
    this.view.adoptEvent(resource, type, object, this.now);
  }

  serve(name: string, ips: readonly string[], policy = 'Cluster'): void {
    const spec = { type: 'LoadBalancer', loadBalancerClass: 'service.openyurt.io/vip', externalTrafficPolicy: policy };
    const ingress = ips.map((ip) => ({ ip, hostname: POOL }));
    this.change('services', 'ADDED', name, { spec, status: { loadBalancer: { ingress } } });
  }

  endpoints(name: string, nodes: readonly string[]): void {
    const i = Number(name.slice(1));
    const endpoints = nodes.map((nodeName, n) => ({ nodeName, addresses: [`10.${n}.${i >> 8}.${i & 255}`] }));
    const labels = { 'kubernetes.io/service-name': name };
    this.change('slices', 'ADDED', `s-${name}`, { labels, endpoints, ports: [{ port: 80, protocol: 'TCP' }] });
  }

  linksChanged(): void {
    this.judge.touchAll();
  }

  turn(): void {
    const { trusted, proven } = this;
    const members = [...this.view.membersOf(POOL)];
    this.judged += this.judge.advance({ nodePool: POOL, members, trusted, proven }, this.now).length;
  }

  /** @returns addresses judged until nothing is left to judge */
  settle(): number {
    this.judged = 0;
    for (let turns = 0; turns === 0 || this.judge.candidates.isDue; turns++) {
      assert.ok(turns < 200, 'it never ends');
      this.turn();
    }
    return this.judged;
  }

  get incremental(): ReadonlyMap<string, Candidate> {
    return this.judge.candidates.byAddress;
  }

  get linkNames(): string[] {
    return [...this.judge.candidates.links].sort();
  }

  /** All judged from nothing, as the rules say. */
  whole(): Map<string, Candidate> {
    const { view, conflicts, probes } = this;
    const held = new Map<string, Holder[]>();
    for (const service of view.services.values()) {
      for (const announcement of decodeAnnouncements(service, POOL).announcements)
        held.set(announcement.address, [...(held.get(announcement.address) ?? []), { announcement, service }]);
    }
    const world = {
      ...{
        nodeName: 'a',
        nodePool: POOL,
        poolNodes: new Set(['a', ...[...view.membersOf(POOL)].map(({ name }) => name)]),
      },
      ...{ excluded: view.self.get('a')?.excluded ?? false, endpointsKnown: view.slices.complete },
      serviceOf: (key: string): ServiceObject | undefined => view.services.get(key),
      endpointsOf: (key: string) => view.endpoints.of(key, 'IPv4'),
      linkFor: (address: string) => this.links.get(address) ?? 'eth0',
      inConflict: (address: string) => conflicts.isPaused(address, this.now),
      lifeOf: (address: string) => probes.wordOf(address),
    };
    return new Map([...held].map(([address, holders]) => [address, judgeAddress(address, holders, world)]));
  }
}

/** A pool of `count` Services, each with an address and an endpoint of its own, judged. */
function pool(count: number): { bench: Bench; ip: (i: number) => string } {
  const bench = new Bench();
  const ip = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  for (let i = 0; i < count; i++) {
    bench.serve(`w${i}`, [ip(i)]);
    bench.endpoints(`w${i}`, ['a']);
  }
  bench.settle();
  return { bench, ip };
}

describe('judging what changed', () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('serve' as const),
      service: fc.nat(4),
      ips: fc.subarray(ADDRESSES),
      policy: fc.constantFrom('Local', 'Cluster'),
    }),
    fc.record({ do: fc.constantFrom('unserve' as const, 'no slice' as const), service: fc.nat(4) }),
    fc.record({ do: fc.constant('endpoints' as const), service: fc.nat(4), nodes: fc.subarray(['a', 'b', 'c']) }),
    fc.record({ do: fc.constant('member' as const), node: fc.constantFrom('b', 'c'), in: fc.boolean() }),
    fc.record({
      do: fc.constant('link' as const),
      ip: fc.constantFrom(...ADDRESSES),
      link: fc.constantFrom('eth0', 'eth1'),
    }),
    fc.record({ do: fc.constant('conflict' as const), ip: fc.constantFrom(...ADDRESSES) }),
    fc.record({ do: fc.constant('time' as const), ms: fc.nat(PAUSE_MIN_MS) }),
    fc.record({ do: fc.constantFrom('trusted' as const, 'proven' as const, 'excluded' as const), is: fc.boolean() }),
    fc.record({ do: fc.constant('probe' as const), answers: fc.boolean() }),
    fc.record({ do: fc.constantFrom('list slices' as const, 'turn' as const) }),
  );
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  function run(bench: Bench, s: Step): void {
    switch (s.do) {
      case 'serve':
        bench.serve(`w${s.service}`, s.ips, s.policy);
        return;
      case 'unserve':
        bench.change('services', 'DELETED', `w${s.service}`);
        return;
      case 'no slice':
        bench.change('slices', 'DELETED', `s-w${s.service}`);
        return;
      case 'endpoints':
        bench.endpoints(`w${s.service}`, s.nodes);
        return;
      case 'member': {
        const labels = { 'apps.openyurt.io/nodepool': POOL };
        bench.change('nodes', s.in ? 'ADDED' : 'DELETED', s.node, { labels });
        return;
      }
      case 'link':
        bench.links.set(s.ip, s.link);
        bench.linksChanged();
        return;
      case 'conflict':
        bench.conflicts.pause(s.ip, 'mac', bench.now);
        return;
      case 'time':
        bench.now += s.ms;
        return;
      case 'trusted':
        bench.trusted = s.is;
        return;
      case 'proven':
        bench.proven = s.is;
        return;
      case 'excluded': {
        const labels = s.is ? { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } : {};
        bench.change('self', 'ADDED', 'a', { labels });
        return;
      }
      case 'probe': {
        const at = bench.probes.take(bench.now);
        if (at !== undefined) bench.probes.heard(at, s.answers ? 'answered' : 'refused', bench.now);
        return;
      }
      case 'list slices':
        bench.view.adoptList('slices', [], undefined, false, bench.now);
        return;
      case 'turn':
        bench.turn();
        return;
    }
  }

  it('comes to the same as judging all, whatever changes in whatever order, a little at a time', () => {
    const turn = fc.record({ decoded: fc.integer({ min: 1, max: 3 }), judged: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), turn, (steps, size) => {
        const bench = new Bench(size);
        for (const one of steps) run(bench, one);
        bench.settle();
        const whole = bench.whole();
        assert.deepEqual(new Map([...bench.incremental].sort()), new Map([...whole].sort()));
        assert.deepEqual(bench.linkNames, [...new Set([...whole.values()].flatMap(({ link }) => link ?? []))].sort());
      }),
      { numRuns: 300 },
    );
  });

  it('an address that goes from one Service to another is not given up in between', () => {
    const bench = new Bench({ decoded: 1, judged: 1 });
    bench.serve('w0', ADDRESSES);
    bench.settle();
    bench.serve('w0', []);
    for (const [i, ip] of ADDRESSES.entries()) bench.serve(`w${i + 1}`, [ip]);
    for (let turns = 0; turns < 10; turns++) {
      bench.turn();
      assert.deepEqual([...bench.incremental.keys()].sort(), ADDRESSES);
    }
    assert.deepEqual(bench.incremental.get('192.168.1.1')?.serviceKeys, ['ns/w1']);
  });

  describe('of a thousand Services', () => {
    const cases: { name: string; change: (bench: Bench, ip: (i: number) => string) => void; most: number }[] = [
      { name: 'nothing changed', change: () => {}, most: 0 },
      { name: 'one comes', change: (bench) => bench.serve('new', ['10.9.9.9']), most: 1 },
      { name: 'one goes', change: (bench) => bench.change('services', 'DELETED', 'w7'), most: 1 },
      { name: 'one gets another address', change: (bench) => bench.serve('w7', ['10.9.9.9']), most: 2 },
      { name: 'the endpoints of one change', change: (bench) => bench.endpoints('w7', ['b']), most: 1 },
      { name: 'another host has the address of one', change: (b, ip) => b.conflicts.pause(ip(7), 'mac', 0), most: 1 },
      {
        name: 'a member comes: all',
        change: (b) => b.change('nodes', 'ADDED', 'c', { labels: { 'apps.openyurt.io/nodepool': POOL } }),
        most: 1000,
      },
    ];
    for (const { name, change, most } of cases) {
      it(`${name}: ${most} judged`, () => {
        const { bench, ip } = pool(1000);
        change(bench, ip);
        assert.equal(bench.settle(), most);
      });
    }

    it('one endpoint that answers while the cloud is away: its address is judged, and no other', () => {
      const { bench } = pool(1000);
      bench.trusted = false;
      bench.settle();
      bench.now = 5_000;
      const at = bench.probes.take(bench.now) ?? assert.fail('nothing is asked');
      bench.probes.heard(at, 'answered', bench.now);
      assert.equal(bench.settle(), 1);
    });

    it('many are judged in many turns', () => {
      const { bench } = pool(1000);
      bench.linksChanged();
      bench.judged = 0;
      bench.turn();
      assert.ok(bench.judged <= 128);
      assert.equal(bench.settle(), 1000 - 128);
    });
  });
});
