import { strict as assert } from 'node:assert';
import { parseIpAddress } from '@openyurt/nodepool-types';
import { type PoolSpec, reasons, type ServiceSpec, said, World } from './world.ts';

const POOL = 'service.openyurt.io/address-pool';
const ASKS = 'service.openyurt.io/loadBalancerIP-shop';
const SELECTOR = 'service.openyurt.io/nodepool-labelselector';
const SHARE = 'service.openyurt.io/allow-shared-ip';
const V6: ServiceSpec['spec'] = { ipFamilies: ['IPv6'] };
const BOTH: ServiceSpec['spec'] = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };

/** One address each, named by its last octet. */
const one = (name: string, octet: number, more: Partial<PoolSpec> = {}): PoolSpec => ({
  name,
  addresses: [`10.0.0.${octet}`],
  ...more,
});
const gold = { tier: 'gold' };
const forGold = { selectors: ['tier=gold'] };

interface Row {
  readonly name: string;
  readonly pools: readonly PoolSpec[];
  /** Planned before, in this order. */
  readonly others?: readonly ServiceSpec[];
  readonly asks?: ServiceSpec;
  readonly nodes?: readonly string[];
  readonly gets?: readonly string[];
  readonly says?: readonly string[];
}

const rows: readonly Row[] = [
  { name: 'the order of the file', pools: [one('b', 1), one('a', 2)], gets: ['10.0.0.1'] },
  {
    name: 'the lower priority number first',
    pools: [one('a', 1, { priority: 20 }), one('b', 2, { priority: 10 })],
    gets: ['10.0.0.2'],
  },
  {
    name: 'no priority after all others',
    pools: [one('a', 1), one('b', 2, { priority: 1_000_000 })],
    gets: ['10.0.0.2'],
  },
  {
    name: 'the next one when it is full',
    pools: [one('a', 1, { priority: 20 }), one('b', 2, { priority: 10 }), one('c', 3, { priority: 30 })],
    others: [{ name: 'first' }],
    gets: ['10.0.0.1'],
  },
  {
    name: 'the order of the file among equals, lower addresses or not',
    pools: [one('a', 9, { priority: 5 }), one('b', 1, { priority: 5 })],
    gets: ['10.0.0.9'],
  },
  {
    name: 'of equals the one that serves fewer first',
    pools: [one('a', 1), one('b', 2, { namespaces: ['default'] })],
    gets: ['10.0.0.2'],
  },
  {
    name: 'priority before that',
    pools: [one('a', 1, { priority: 1 }), one('b', 2, { namespaces: ['default'] })],
    gets: ['10.0.0.1'],
  },
  {
    name: 'not by itself without auto-assign, whatever the priority',
    pools: [one('a', 1, { priority: 1, auto: false }), one('b', 2)],
    gets: ['10.0.0.2'],
  },
  {
    name: 'a shared address wherever it is',
    pools: [one('a', 1, { priority: 1 }), one('b', 2)],
    others: [{ name: 'partner', ports: [443], annotations: { [SHARE]: 'k', [POOL]: 'b' } }],
    asks: { annotations: { [SHARE]: 'k' } },
    gets: ['10.0.0.2'],
  },
  {
    name: 'both families from the first pool that has both',
    pools: [
      one('a', 1, { priority: 1 }),
      { name: 'b', addresses: ['10.0.0.2', 'fd00::2'], priority: 3 },
      { name: 'c', addresses: ['10.0.0.3', 'fd00::3'], priority: 2 },
    ],
    asks: { spec: BOTH },
    gets: ['10.0.0.3', 'fd00::3'],
  },
  { name: 'another namespace', pools: [one('a', 1, { namespaces: ['team'] })], says: ['*:PoolNotForService'] },
  { name: 'one of the namespaces', pools: [one('a', 1, { namespaces: ['team', 'default'] })], gets: ['10.0.0.1'] },
  { name: 'no labels', pools: [one('a', 1, forGold)], says: ['*:PoolNotForService'] },
  { name: 'the labels', pools: [one('a', 1, forGold)], asks: { labels: gold }, gets: ['10.0.0.1'] },
  {
    name: 'one selector of two',
    pools: [one('a', 1, { selectors: ['tier=silver', 'tier in (gold,lead)'] })],
    asks: { labels: gold },
    gets: ['10.0.0.1'],
  },
  {
    name: 'the namespace and not the labels',
    pools: [one('a', 1, { namespaces: ['default'], ...forGold })],
    says: ['*:PoolNotForService'],
  },
  {
    name: 'the labels and not the namespace',
    pools: [one('a', 1, { namespaces: ['team'], ...forGold })],
    asks: { labels: gold },
    says: ['*:PoolNotForService'],
  },
  {
    name: 'another pool when the first is for others',
    pools: [one('a', 1, { priority: 1, ...forGold }), one('b', 2)],
    gets: ['10.0.0.2'],
  },
  {
    name: 'by name a pool that is for others',
    pools: [one('a', 1, forGold), one('b', 2)],
    asks: { annotations: { [POOL]: 'a' } },
    says: ['*:PoolNotForService'],
  },
  {
    name: 'by name and selector a pool that is for others',
    pools: [one('a', 1, forGold), one('b', 2)],
    asks: { annotations: { [POOL]: 'a', [SELECTOR]: 'tier' } },
    says: ['shop:PoolNotForService'],
  },
  {
    name: 'by name one that serves it, without auto-assign',
    pools: [one('a', 1, { auto: false, ...forGold }), one('b', 2)],
    asks: { annotations: { [POOL]: 'a' }, labels: gold },
    gets: ['10.0.0.1'],
  },
  {
    name: 'an address of a pool that is for others',
    pools: [one('a', 1, forGold), one('b', 2)],
    asks: { annotations: { [ASKS]: '10.0.0.1' } },
    says: ['shop:PoolNotForService'],
  },
  {
    name: 'spec.loadBalancerIP of a pool that is for others',
    pools: [one('a', 1, forGold), one('b', 2)],
    asks: { spec: { loadBalancerIP: '10.0.0.1' } },
    says: ['*:PoolNotForService'],
  },
  {
    name: 'an address of a pool that serves it',
    pools: [one('a', 1, forGold), one('b', 2)],
    asks: { annotations: { [ASKS]: '10.0.0.1' }, labels: gold },
    gets: ['10.0.0.1'],
  },
  {
    name: 'a shared address of a pool that is for others',
    pools: [one('a', 1, forGold), one('b', 2)],
    others: [{ name: 'partner', ports: [443], labels: gold, annotations: { [SHARE]: 'k' } }],
    asks: { annotations: { [SHARE]: 'k' } },
    gets: ['10.0.0.2'],
  },
  {
    name: 'a family that only a pool for others has',
    pools: [one('a', 1), { name: 'b', addresses: ['fd00::1'], ...forGold }],
    asks: { spec: V6 },
    says: ['shop:NoAddressOfFamily'],
  },
  {
    name: 'full, and another pool is for others',
    pools: [one('a', 1, forGold), one('b', 2)],
    others: [{ name: 'first' }],
    says: ['shop:PoolExhausted'],
  },
  {
    name: 'a Node has the first address of the first pool',
    pools: [{ name: 'a', addresses: ['10.0.0.1-10.0.0.2'], priority: 1 }, one('b', 9)],
    nodes: ['10.0.0.1'],
    gets: ['10.0.0.2'],
  },
  {
    name: 'a Node has the only address of the first pool',
    pools: [one('a', 1, { priority: 1 }), one('b', 9)],
    nodes: ['10.0.0.1'],
    gets: ['10.0.0.9'],
  },
  {
    name: 'Nodes have all there is',
    pools: [one('a', 1), { name: 'b', addresses: ['fd00::/127'] }],
    nodes: ['10.0.0.1', 'fd00::', 'fd00::1'],
    asks: { spec: { ...BOTH, ipFamilyPolicy: 'PreferDualStack' } },
    says: ['shop:PoolExhausted', 'shop:PoolExhausted'],
  },
  {
    name: 'a Node has it, and it is asked for',
    pools: [one('a', 1), one('b', 9)],
    nodes: ['10.0.0.1'],
    asks: { annotations: { [ASKS]: '10.0.0.1' } },
    says: ['shop:NodeAddress'],
  },
  {
    name: 'huge ranges, whose first addresses are Nodes',
    pools: [
      { name: 'a', addresses: ['fd00::/8'], priority: 2 },
      { name: 'b', addresses: ['fc00::/8'], priority: 1 },
    ],
    nodes: ['fc00::', 'fc00::1', 'fd00::'],
    asks: { spec: V6 },
    gets: ['fc00::2'],
  },
];

function worldOf({ pools, others = [], nodes = [] }: Pick<Row, 'pools' | 'others' | 'nodes'>): World {
  const world = new World().site('shop', pools, { tier: 'shop' });
  world.book.setNodeAddresses(nodes.map(parseIpAddress));
  for (const other of others) world.plan(other);
  return world;
}

describe('which address pool serves a Service', () => {
  for (const { name, asks = {}, gets = [], says = [], ...ground } of rows) {
    it(name, () => {
      const plan = worldOf(ground).plan(asks);
      assert.deepEqual(
        said(plan),
        gets.map((ip) => `shop=${ip}`),
      );
      assert.deepEqual(reasons(plan), says);
      assert.deepEqual(said(worldOf(ground).plan({ ...asks, ingress: plan.ingress })), said(plan), 'planned again');
    });
  }

  it('only NodePools with a pool for it give an address, and the others are not complained of', () => {
    const world = new World()
      .site('east', [one('a', 1, { namespaces: ['default'] })])
      .site('west', [one('a', 2, { namespaces: ['team'] })]);
    const plan = world.plan({});
    assert.deepEqual([said(plan), reasons(plan)], [['east=10.0.0.1'], []]);
    assert.deepEqual(said(world.plan({ name: 'named', annotations: { [POOL]: 'a' } })), []);
  });

  it('an address held in another NodePool does not go before priority', () => {
    const world = new World()
      .site('east', [one('a', 1)])
      .site('west', [one('late', 1, { priority: 9 }), one('early', 2, { priority: 1 })]);
    assert.deepEqual(said(world.plan({})), ['east=10.0.0.1', 'west=10.0.0.2']);
  });

  it('what it has stays when the pool turns to others, also when it asks for the pool by name, and after a restart', () => {
    for (const annotations of [{}, { [POOL]: 'a' }, { [ASKS]: '10.0.0.1' }] as Record<string, string>[]) {
      const ground = { pools: [one('a', 1, forGold), one('b', 2)] };
      const world = worldOf(ground);
      const asks = { annotations };
      const { ingress } = world.plan({ ...asks, labels: gold });
      for (const next of [world, worldOf(ground)]) {
        const plan = next.plan({ ...asks, ingress });
        assert.deepEqual([said(plan), reasons(plan)], [['shop=10.0.0.1'], []]);
      }
    }
  });

  it('a second family waits where the pool of the first is for others by now', () => {
    const pools = [{ name: 'a', addresses: ['10.0.0.1', 'fd00::1'], ...forGold }];
    const world = worldOf({ pools });
    const { ingress } = world.plan({ labels: gold });
    const plan = world.plan({ spec: { ...BOTH, ipFamilyPolicy: 'PreferDualStack' }, ingress });
    assert.deepEqual([said(plan), reasons(plan)], [['shop=10.0.0.1'], ['shop:PoolNotForService']]);
  });

  it('a /8 of IPv6 is as any other range', () => {
    const world = worldOf({ pools: [{ name: 'a', addresses: ['fd00::/8'] }] });
    for (let i = 0; i < 1000; i++) assert.equal(world.plan({ name: `s${i}`, spec: V6 }).problems.length, 0);
    assert.equal(world.book.site('shop').used.size, 1000);
  });
});
