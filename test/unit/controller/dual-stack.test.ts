import { strict as assert } from 'node:assert';
import type { ServiceObject } from '@openyurt/nodepool-types';
import { poolCounts } from '../../../cloud-controller/src/ipam/pool-counts.ts';
import { type PoolSpec, reasons, type ServiceSpec, said, World } from './world.ts';

const POOL = 'service.openyurt.io/address-pool';
const SHARE = 'service.openyurt.io/allow-shared-ip';
const asks = (ips: string) => ({ 'service.openyurt.io/loadBalancerIP-a': ips });

function stack(
  ipFamilyPolicy: NonNullable<ServiceObject['spec']>['ipFamilyPolicy'],
  more: ServiceSpec = {},
  ipFamilies: string[] = ['IPv4', 'IPv6'],
): ServiceSpec {
  return { ...more, spec: { ipFamilies, ...(ipFamilyPolicy === undefined ? {} : { ipFamilyPolicy }) } };
}
const single = (family: string, more: ServiceSpec = {}) => stack('SingleStack', more, [family]);
const prefer = (more: ServiceSpec = {}) => stack('PreferDualStack', more);
const require = (more: ServiceSpec = {}) => stack('RequireDualStack', more);

const v4: PoolSpec = { name: 'v4', addresses: ['10.0.0.1-10.0.0.9'] };
const v6: PoolSpec = { name: 'v6', addresses: ['fd00::1-fd00::9'] };
const x: PoolSpec = { name: 'x', addresses: ['10.1.0.1-10.1.0.2', 'fd01::1-fd01::2'] };
const y: PoolSpec = { name: 'y', addresses: ['10.2.0.1', 'fd02::1'] };

interface Case {
  readonly name: string;
  readonly pools: readonly PoolSpec[];
  /** Services that come before. */
  readonly first?: readonly ServiceSpec[];
  readonly service: ServiceSpec;
  readonly want: readonly string[];
  readonly problems?: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: 'RequireDualStack: the first pool that has both families, though others come first',
    pools: [v4, v6, x],
    service: require(),
    want: ['a=10.1.0.1', 'a=fd01::1'],
  },
  {
    name: 'RequireDualStack: a pool whose IPv6 is used up is left for one that can serve both',
    pools: [{ ...x, addresses: ['10.1.0.1-10.1.0.9', 'fd01::1'] }, y],
    first: [single('IPv6', { name: 's' })],
    service: require(),
    want: ['a=10.2.0.1', 'a=fd02::1'],
  },
  {
    name: 'RequireDualStack: two pools of one family each serve nobody who needs both',
    pools: [v4, v6],
    service: require(),
    want: [],
    problems: ['a:NoAddressOfFamily'],
  },
  {
    name: 'RequireDualStack: one pool has IPv4 left and the other IPv6',
    pools: [y, { name: 'z', addresses: ['10.3.0.1', 'fd03::1'] }],
    first: [single('IPv6', { name: 's' }), single('IPv4', { name: 't', annotations: { [POOL]: 'z' } })],
    service: require(),
    want: [],
    problems: ['a:PoolExhausted'],
  },
  {
    name: 'RequireDualStack: both families used up are both said',
    pools: [y],
    first: [require({ name: 's' })],
    service: require(),
    want: [],
    problems: ['a:PoolExhausted', 'a:PoolExhausted'],
  },
  {
    name: 'RequireDualStack: a pool by name without a range of the other family',
    pools: [v4, x],
    service: require({ annotations: { [POOL]: 'v4' } }),
    want: [],
    problems: ['a:NoAddressOfFamily'],
  },
  {
    name: 'PreferDualStack: a pool with both goes before the first one',
    pools: [v4, x],
    service: prefer(),
    want: ['a=10.1.0.1', 'a=fd01::1'],
  },
  {
    name: 'PreferDualStack: a pool by name without a range of the other family',
    pools: [v4, x],
    service: prefer({ annotations: { [POOL]: 'v4' } }),
    want: ['a=10.0.0.1'],
  },
  {
    name: 'PreferDualStack: no pool can serve both: one of a pool that has both ranges, because the other may follow',
    pools: [v4, y],
    first: [single('IPv6', { name: 's' })],
    service: prefer(),
    want: ['a=10.2.0.1'],
    problems: ['a:PoolExhausted'],
  },
  {
    name: 'PreferDualStack: the first of its families that can be had',
    pools: [v4, v6],
    service: stack('PreferDualStack', {}, ['IPv6', 'IPv4']),
    want: ['a=fd00::1'],
  },
  {
    name: 'PreferDualStack: its first family used up, the second one',
    pools: [y],
    first: [single('IPv4', { name: 's' })],
    service: prefer(),
    want: ['a=fd02::1'],
    problems: ['a:PoolExhausted'],
  },
  {
    name: 'PreferDualStack: nothing to be had, each family says why',
    pools: [{ name: 'v4', addresses: ['10.0.0.1'] }],
    first: [single('IPv4', { name: 's' })],
    service: prefer(),
    want: [],
    problems: ['a:PoolExhausted', 'a:NoAddressOfFamily'],
  },
  {
    name: 'an address asked for in one family: the other comes from its pool, also without auto-assign',
    pools: [x, { ...y, auto: false }],
    service: require({ annotations: asks('fd02::1') }),
    want: ['a=10.2.0.1', 'a=fd02::1'],
  },
  {
    name: 'two addresses asked for of one pool',
    pools: [x, y],
    service: require({ annotations: asks('fd02::1,10.2.0.1') }),
    want: ['a=10.2.0.1', 'a=fd02::1'],
  },
  {
    name: 'two addresses asked for of two pools: both or none',
    pools: [x, y],
    service: require({ annotations: asks('10.2.0.1,fd01::1') }),
    want: [],
    problems: ['a:AddressPoolDiffers'],
  },
  {
    name: 'two addresses asked for of two pools: the first family of PreferDualStack',
    pools: [x, y],
    service: prefer({ annotations: asks('10.2.0.1,fd01::1') }),
    want: ['a=10.2.0.1'],
    problems: ['a:AddressPoolDiffers'],
  },
  {
    name: 'RequireDualStack: one asked for is in use, so the other is not taken either',
    pools: [x],
    first: [single('IPv4', { name: 's' })],
    service: require({ annotations: asks('10.1.0.1') }),
    want: [],
    problems: ['a:AddressInUse'],
  },
  {
    name: 'sharing: both addresses of the same partner',
    pools: [{ name: 'x', addresses: ['10.1.0.1-10.1.0.9', 'fd01::1-fd01::9'] }],
    first: [
      single('IPv6', { name: 's', annotations: { [SHARE]: 'k' }, ports: [1] }),
      require({ name: 't', annotations: { [SHARE]: 'k' }, ports: [1] }),
    ],
    service: require({ annotations: { [SHARE]: 'k' }, ports: [2] }),
    want: ['a=10.1.0.1', 'a=fd01::2'],
  },
  {
    name: 'sharing goes before the order of pools',
    pools: [x, y],
    first: [require({ name: 's', annotations: { [SHARE]: 'k', [POOL]: 'y' }, ports: [1] })],
    service: require({ annotations: { [SHARE]: 'k' }, ports: [2] }),
    want: ['a=10.2.0.1', 'a=fd02::1'],
  },
];

describe('dual stack in one NodePool', () => {
  for (const { name, pools, first = [], service, want, problems = [] } of cases) {
    it(name, () => {
      const world = new World().site('a', pools);
      for (const one of first) world.plan(one);
      const plan = world.plan(service);
      assert.deepEqual(said(plan), want);
      assert.deepEqual(reasons(plan), problems);
      world.book.drainFreed();
      const again = world.plan({ ...service, ingress: plan.ingress });
      assert.deepEqual([said(again), reasons(again)], [want, problems], 'a second look sees something else');
      assert.deepEqual(world.book.drainFreed(), [], 'what was never given woke somebody');
    });
  }

  it('the second address is gained from the pool of the first, not from another', () => {
    const world = new World().site('a', [y, x]);
    world.plan(single('IPv6', { name: 's' }));
    world.plan(single('IPv4'));
    const plan = world.plan(prefer());
    assert.deepEqual(said(plan), ['a=10.2.0.1']);
    assert.match(plan.problems[0]?.message ?? '', /no free IPv6 address in address pool y/);
    assert.deepEqual(plan.waits, [{ nodePool: 'a', comesFree: 'IPv6', within: 'y' }]);
    world.book.releaseAll('default/s');
    assert.deepEqual(said(world.plan(prefer())), ['a=10.2.0.1', 'a=fd02::1']);
  });

  it('the second address comes when its range is added to the pool', () => {
    const world = new World().site('a', [v4, x]);
    const named = { annotations: { [POOL]: 'v4' } };
    assert.deepEqual(said(world.plan(prefer(named))), ['a=10.0.0.1']);
    world.site('a', [{ ...v4, addresses: [...v4.addresses, 'fd0a::1'] }, x]);
    assert.deepEqual(said(world.plan(prefer(named))), ['a=10.0.0.1', 'a=fd0a::1']);
  });

  it('from dual stack to one: the second is given back, the first kept, and the other way round', () => {
    const world = new World().site('a', [x]);
    assert.deepEqual(said(world.plan(prefer())), ['a=10.1.0.1', 'a=fd01::1']);
    assert.deepEqual(said(world.plan(single('IPv4'))), ['a=10.1.0.1']);
    assert.equal(world.book.drainFreed().length, 1);
    assert.deepEqual(said(world.plan(require())), ['a=10.1.0.1', 'a=fd01::1']);
    assert.deepEqual(said(world.plan(single('IPv4'))), ['a=10.1.0.1']);
  });

  it('SingleStack that becomes RequireDualStack where the second cannot be had keeps what it has', () => {
    const world = new World().site('a', [v4, x]);
    world.plan(single('IPv4'));
    const plan = world.plan(require());
    assert.deepEqual(said(plan), ['a=10.0.0.1']);
    assert.deepEqual(reasons(plan), ['a:NoAddressOfFamily']);
    assert.deepEqual(said(world.plan(require({ annotations: { [POOL]: 'x' } }))), ['a=10.1.0.1', 'a=fd01::1']);
  });

  it('another pool by name that can serve one family only takes nothing away', () => {
    for (const kind of [prefer, require]) {
      const world = new World().site('a', [x, v4]);
      world.plan(kind());
      const plan = world.plan(kind({ annotations: { [POOL]: 'v4' } }));
      assert.deepEqual(said(plan), ['a=10.1.0.1', 'a=fd01::1']);
      assert.deepEqual(reasons(plan), ['a:NoAddressOfFamily']);
    }
  });

  it('both move to another pool by name as soon as both can', () => {
    const world = new World().site('a', [x, y]);
    world.plan(single('IPv6', { name: 's', annotations: { [POOL]: 'y' } }));
    world.plan(require());
    const plan = world.plan(require({ annotations: { [POOL]: 'y' } }));
    assert.deepEqual(said(plan), ['a=10.1.0.1', 'a=fd01::1']);
    world.book.releaseAll('default/s');
    assert.deepEqual(said(world.plan(require({ annotations: { [POOL]: 'y' } }))), ['a=10.2.0.1', 'a=fd02::1']);
  });

  it('a range that went, with allow-renumber: RequireDualStack keeps the other address and takes no new one alone', () => {
    const world = new World().site('a', [x]);
    world.plan(require());
    world.site('a', [{ name: 'x', addresses: ['fd01::1-fd01::2'] }, v4]);
    const plan = world.plan(require());
    assert.deepEqual(said(plan), ['a=fd01::1']);
    assert.deepEqual(reasons(plan), ['a:NoAddressOfFamily']);
  });

  it('an address asked for in another pool than the one in use is refused, and the one in use stays', () => {
    const world = new World().site('a', [x, y]);
    world.plan(prefer());
    const plan = world.plan(prefer({ annotations: asks('10.2.0.1') }));
    assert.deepEqual(said(plan), ['a=10.1.0.1', 'a=fd01::1']);
    assert.deepEqual(reasons(plan), ['a:AddressPoolDiffers']);
    assert.deepEqual(said(world.plan(prefer({ annotations: asks('10.2.0.1,fd02::1') }))), ['a=10.2.0.1', 'a=fd02::1']);
  });

  it('RequireDualStack that gets nothing leaves no trace in book and counts', () => {
    const world = new World().site('a', [v4, v6]);
    world.plan(require());
    assert.deepEqual([...world.book.services], []);
    assert.deepEqual(
      [...poolCounts(world.book)].map(({ inUse }) => inUse),
      [0, 0],
    );
  });
});
