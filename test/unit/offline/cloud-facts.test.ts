import { strict as assert } from 'node:assert';
import { type KubeObject, LbError } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { type CloudFact, CloudFacts } from '../../../edge-speaker/src/hub/cloud-facts.ts';
import { View } from '../../../edge-speaker/src/offline/adopt.ts';
import { MOST_GOOD } from '../../../edge-speaker/src/offline/cloud-link.ts';
import { SETTLE_MS } from '../../../edge-speaker/src/offline/cloud-watch.ts';
import { LONGEST_HOMECOMING_MS } from '../../../edge-speaker/src/offline/homecoming.ts';
import { STALE_AGAIN_MS } from '../../../edge-speaker/src/offline/learning.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../edge-speaker/src/offline/snapshot.ts';

const POOL = 'p';
const READ = ['self', 'nodes', 'services', 'slices', 'configs'] as const;

/** Services by name as the cloud has them, at one resourceVersion. */
interface Moment {
  readonly rv: number;
  readonly objects: ReadonlyMap<string, KubeObject>;
}

/** A cloud with its whole past: a hub may tell any of it. */
class Cloud {
  readonly past: Moment[] = [{ rv: 10, objects: new Map() }];
  readonly events: { rv: number; type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }[] = [];
  /** Names that were ever deleted: only these may leave a view. */
  readonly deleted = new Set<string>();

  get now(): Moment {
    return this.past.at(-1) ?? { rv: 0, objects: new Map() };
  }

  put(name: string, ip: string): void {
    const rv = this.now.rv + 1;
    const object: KubeObject = {
      ...{ metadata: { name, namespace: 'ns', uid: name, resourceVersion: `${rv}` } },
      ...{ spec: { type: 'LoadBalancer', loadBalancerClass: 'service.openyurt.io/vip' } },
      ...{ status: { loadBalancer: { ingress: [{ ip, hostname: POOL }] } } },
    };
    this.events.push({ rv, type: this.now.objects.has(name) ? 'MODIFIED' : 'ADDED', object });
    this.past.push({ rv, objects: new Map([...this.now.objects, [name, object]]) });
  }

  delete(name: string): void {
    const object = this.now.objects.get(name);
    if (object === undefined) return;
    const rv = this.now.rv + 1;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: `${rv}` } };
    this.events.push({ rv, type: 'DELETED', object: last });
    this.deleted.add(name);
    this.past.push({ rv, objects: new Map([...this.now.objects].filter(([key]) => key !== name)) });
  }
}

/** A node before that cloud, on virtual time. */
class Node {
  nowMs = 0;
  view = new View();
  facts = new CloudFacts(this.view, 0);

  constructor(readonly cloud: Cloud) {}

  /** The process is killed and starts again from its disk. */
  restart(): void {
    const { text } = encodeSnapshot(this.view, 'n', POOL);
    this.view = decodeSnapshot(text, 'n', this.nowMs).view;
    this.facts = new CloudFacts(this.view, this.nowMs);
  }

  take(fact: CloudFact): void {
    this.facts.take(fact, POOL, this.nowMs);
  }

  wait(ms: number): void {
    this.nowMs += ms;
    this.facts.settle(POOL, this.nowMs);
  }

  list(
    resource: (typeof READ)[number],
    { rv, objects }: Moment,
    proven: boolean,
    with_ = (_name: string) => true,
  ): void {
    const items = resource === 'services' ? [...objects].filter(([name]) => with_(name)).map(([, o]) => o) : [];
    this.take({ kind: 'listed', resource, objects: items, resourceVersion: BigInt(rv), proven });
  }

  listAll(): void {
    for (const resource of READ) this.list(resource, this.cloud.now, true);
  }

  get held(): string[] {
    return [...this.view.services.entries()].map(([key, { value }]) => `${key} ${ipOf(value)}`).sort();
  }
}

const ipOf = (object: KubeObject): string =>
  (object as { status?: { loadBalancer?: { ingress?: { ip?: string }[] } } }).status?.loadBalancer?.ingress?.[0]?.ip ??
  '';
const entriesOf = ({ view }: Node) =>
  [...view.services.entries()].map(([key, { value }]): [string, KubeObject] => [key, value]);
const heldBy = ({ objects }: Moment) => [...objects].map(([name, object]) => `ns/${name} ${ipOf(object)}`).sort();

type Name = 'a' | 'b' | 'c' | 'd';
const name = fc.constantFrom<Name[]>('a', 'b', 'c', 'd');
const step = fc.oneof(
  fc.record({ do: fc.constant('put' as const), name, ip: fc.constantFrom('1', '2', '3') }),
  fc.record({ do: fc.constant('delete' as const), name }),
  fc.record({ do: fc.constant('contact' as const), contact: fc.constantFrom('answered', 'unknown', 'hub-offline') }),
  // The API itself, straight or through a hub that is behind by some changes.
  fc.record({ do: fc.constant('proven' as const), resource: fc.constantFrom(...READ), behind: fc.nat(3) }),
  // A hub's cache: some moment of the past, and not even whole.
  fc.record({ do: fc.constant('unproven' as const), behind: fc.nat(8), lacks: fc.array(name) }),
  fc.record({ do: fc.constant('empty' as const) }),
  // Watches: the next events, or old ones again.
  fc.record({ do: fc.constant('event' as const), behind: fc.nat(4) }),
  fc.record({ do: fc.constant('refused' as const), code: fc.constantFrom('LB_API_REFUSED', 'LB_API_UNREACHABLE') }),
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(100, 3_000, 60_000, 86_400_000) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function walk(node: Node, one: Step): void {
  const { cloud } = node;
  const back = (n: number) => cloud.past.at(-1 - n) ?? cloud.past[0] ?? cloud.now;
  switch (one.do) {
    case 'put':
      cloud.put(one.name, one.ip);
      return;
    case 'delete':
      cloud.delete(one.name);
      return;
    case 'contact':
      node.take({ kind: 'contact', contact: one.contact as 'answered' });
      return;
    case 'proven':
      node.list(one.resource, one.resource === 'services' ? back(one.behind) : cloud.now, true);
      return;
    case 'unproven':
      node.list('services', back(one.behind), false, (key) => !one.lacks.some((lacked) => lacked === key));
      return;
    case 'empty':
      node.take({ kind: 'listed', resource: 'services', objects: [], resourceVersion: undefined, proven: true });
      return;
    case 'event': {
      const event = cloud.events.at(-1 - one.behind);
      if (event !== undefined)
        node.take({ kind: 'changed', resource: 'services', type: event.type, object: event.object });
      return;
    }
    case 'refused': {
      const error = new LbError(one.code as LbError['code'], 'x', 'y');
      node.take({ kind: 'refused', resource: 'services', error });
      return;
    }
    case 'restart':
      node.restart();
      return;
    case 'wait':
      node.wait(one.ms);
      return;
  }
}

describe('what is learned of the cloud, whatever comes in whatever order', () => {
  it('nothing leaves the view that the cloud did not delete; after a return the view is the cloud', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cloud = new Cloud();
        const node = new Node(cloud);
        for (const one of steps) {
          const before = new Set([...node.view.services.entries()].map(([key]) => key));
          const { complete, highest } = node.view.services;
          walk(node, one);
          for (const [key, { metadata }] of entriesOf(node)) {
            if (before.has(key) || !complete) continue;
            const gone = cloud.events.filter(
              ({ type, object }) => type === 'DELETED' && `ns/${object.metadata.name}` === key,
            );
            const isZombie = gone.some(({ rv }) => Number(metadata.resourceVersion) < rv && rv <= highest);
            assert.ok(!isZombie, `${key} is back by ${JSON.stringify(one)}, though its deletion was known`);
          }
          for (const key of before) {
            const isKept = node.view.services.get(key) !== undefined;
            assert.ok(isKept || cloud.deleted.has(key.replace('ns/', '')), `${key} left by ${JSON.stringify(one)}`);
          }
        }
        // The return: contacts until the link is trusted, then a list of everything, as the feed is told to ask.
        for (let i = 0; i < MOST_GOOD; i++) node.take({ kind: 'contact', contact: 'answered' });
        node.listAll();
        node.wait(LONGEST_HOMECOMING_MS);
        assert.equal(node.facts.watch.link.kind, 'connected');
        assert.deepEqual(node.held, heldBy(cloud.now));
        assert.ok(node.facts.proven);
      }),
      { numRuns: 2_000 },
    );
  });

  it('a return is one step: between the last look and the whole truth nothing else is seen', () => {
    const order = fc.shuffledSubarray([...READ], { minLength: READ.length });
    const changes = fc.array(fc.record({ name, ip: fc.option(fc.constantFrom('1', '2', '3')) }), { maxLength: 8 });
    fc.assert(
      fc.property(changes, changes, order, (early, meanwhile, lists) => {
        const cloud = new Cloud();
        const node = new Node(cloud);
        const change = (all: typeof early) => {
          for (const { name: key, ip } of all) ip === null ? cloud.delete(key) : cloud.put(key, ip);
        };
        change(early);
        node.take({ kind: 'contact', contact: 'answered' });
        node.listAll();
        const before = node.held;
        node.take({ kind: 'contact', contact: 'hub-offline' });
        node.wait(86_400_000);
        change(meanwhile);
        for (let i = 0; i < MOST_GOOD; i++) node.take({ kind: 'contact', contact: 'answered' });
        for (const resource of lists) {
          assert.deepEqual(node.held, before, `all wait for the last one; before ${resource}`);
          assert.ok(!node.facts.proven, 'what was known before the outage is not proven by its end');
          node.list(resource, cloud.now, true);
          node.wait(50);
        }
        assert.deepEqual(node.held, heldBy(cloud.now));
      }),
    );
  });

  it('a restored cloud is adopted after half a minute, though its versions are lower, and then holds', () => {
    const old = new Cloud();
    for (let i = 0; i < 50; i++) old.put(i % 2 === 0 ? 'a' : 'b', `${i}`);
    const node = new Node(old);
    node.take({ kind: 'contact', contact: 'answered' });
    node.listAll();
    const restored = new Cloud();
    restored.put('a', '7');
    const later = new Node(restored);
    Object.assign(later, { view: node.view, facts: node.facts, nowMs: node.nowMs });
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(later.held, heldBy(old.now));
      later.listAll();
      later.wait(10_000);
    }
    later.listAll(); // three, and half a minute: all is asked for again, and this is the answer
    later.listAll();
    assert.deepEqual(later.held, heldBy(restored.now));
    restored.put('c', '8');
    const { type, object } = restored.events.at(-1) ?? assert.fail();
    later.take({ kind: 'changed', resource: 'services', type, object });
    assert.deepEqual(later.held, heldBy(restored.now));
  });

  describe('returns that do not go by the book', () => {
    const LABELS = { 'apps.openyurt.io/nodepool': POOL };
    const connect = (node: Node) => {
      for (let i = 0; i < MOST_GOOD; i++) node.take({ kind: 'contact', contact: 'answered' });
    };
    const known = (): Node => {
      const node = new Node(new Cloud());
      node.cloud.put('a', '1');
      connect(node);
      node.listAll();
      return node;
    };

    it('what a hub refused while it was offline is waited for when it is back', () => {
      const node = known();
      const before = node.held;
      node.take({ kind: 'contact', contact: 'hub-offline' });
      // A list that was forbidden, or never asked for, is a 404 of an offline hub.
      node.take({ kind: 'refused', resource: 'slices', error: new LbError('LB_API_REFUSED', 'x', 'y') });
      node.cloud.put('a', '2');
      connect(node);
      for (const resource of READ.filter((one) => one !== 'slices')) node.list(resource, node.cloud.now, true);
      assert.deepEqual(node.held, before);
      node.list('slices', node.cloud.now, true);
      assert.deepEqual(node.held, heldBy(node.cloud.now));
    });

    it('a return that was adopted while the link was in doubt is over when it is trusted', () => {
      const node = known();
      node.take({ kind: 'contact', contact: 'hub-offline' });
      connect(node);
      node.take({ kind: 'contact', contact: 'unknown' }); // before the lists are in
      node.listAll();
      connect(node);
      node.cloud.put('b', '2');
      node.list('services', node.cloud.now, true); // a watch ended: nothing else is listed with it
      assert.deepEqual(node.held, heldBy(node.cloud.now));
    });

    it("what a leader hub tells too late is asked for again, until it is the cloud's word", () => {
      const node = known();
      const [past] = node.cloud.past;
      node.list('services', past ?? assert.fail(), true);
      assert.ok(!node.facts.proven);
      const asked = () => {
        node.nowMs += STALE_AGAIN_MS;
        const { effects } = node.facts.settle(POOL, node.nowMs);
        return effects.some(({ kind }) => kind === 'relist');
      };
      assert.deepEqual([asked(), asked()], [true, true]);
      node.list('services', node.cloud.now, true);
      assert.ok(node.facts.proven);
      assert.deepEqual([asked(), node.facts.dueMs(node.nowMs).some((ms) => ms !== undefined)], [false, false]);
    });

    it('a start in the middle of an outage that ends at once trusts the cloud on endpoints as late as any return', () => {
      const view = new View();
      view.outage = { wallMs: 0, forMs: 1, atLeast: false, forgotten: 0, stories: [] };
      const facts = new CloudFacts(view, 0);
      facts.take({ kind: 'contact', contact: 'answered' }, POOL, 1_000);
      assert.equal(facts.watch.link.kind, 'connected');
      assert.deepEqual([facts.watch.trusts(1_000), facts.watch.trusts(1_000 + SETTLE_MS)], [false, true]);
    });

    it('lists of the NodePool that was are not taken for those of the one that is', () => {
      const node = known();
      const { view, facts } = node;
      node.take({ kind: 'contact', contact: 'hub-offline' });
      node.cloud.put('a', '2');
      connect(node);
      const old = { metadata: { name: 'old', labels: LABELS, resourceVersion: '11' } };
      const resourceVersion = BigInt(node.cloud.now.rv);
      node.take({ kind: 'listed', resource: 'nodes', objects: [old], resourceVersion, proven: true });
      view.nodes.complete = false; // as the hub does when the label of the own Node changes
      for (const resource of ['self', 'services', 'slices', 'configs'] as const) {
        const fact = { kind: 'listed', resource, objects: [], resourceVersion, proven: true } as const;
        facts.take(fact, 'q', node.nowMs);
      }
      facts.settle('q', node.nowMs + LONGEST_HOMECOMING_MS);
      assert.deepEqual([view.nodes.complete, view.nodes.size], [false, 0]);
    });
  });
});
