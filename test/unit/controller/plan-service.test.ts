import { strict as assert } from 'node:assert';
import { parseIpAddress } from '@openyurt/nodepool-types';
import { wantedCondition } from '../../../cloud-controller/src/plan/condition.ts';
import { reasons, type ServiceSpec, said, World } from './world.ts';

const SELECTOR = 'service.openyurt.io/nodepool-labelselector';
const POOL = 'service.openyurt.io/address-pool';
const SHARE = 'service.openyurt.io/allow-shared-ip';
const asks = (pool: string, ip: string) => ({ [`service.openyurt.io/loadBalancerIP-${pool}`]: ip });
const dual = { ipFamilies: ['IPv4', 'IPv6'] };

interface Row {
  readonly name: string;
  readonly world: () => World;
  readonly service?: ServiceSpec;
  readonly want: readonly string[];
  readonly problems?: readonly string[];
}

const one = (...addresses: string[]) => new World().site('a', [{ addresses }]);
const same = () =>
  new World()
    .site('a', [{ addresses: ['10.0.0.1-10.0.0.3'] }], { region: 'east' })
    .site('b', [{ addresses: ['10.0.0.1-10.0.0.3'] }], { region: 'west' });

const rows: Row[] = [
  {
    name: 'a refused configuration keeps what is recorded',
    world: () => new World().site('a', 'refused'),
    service: { ingress: [{ ip: '10.0.0.7', hostname: 'a', ipMode: 'VIP' }] },
    want: ['a=10.0.0.7'],
  },
  {
    name: 'IPv6 alone',
    world: () => one('10.0.0.1', 'fd00::/64'),
    service: { spec: { ipFamilies: ['IPv6'] } },
    want: ['a=fd00::1'],
  },
  {
    name: 'a family without range',
    world: () => one('10.0.0.1').site('b', [{ addresses: ['fd00::/64'] }]),
    want: ['a=10.0.0.1'],
    problems: ['b:NoAddressOfFamily'],
  },
  {
    name: 'RequireDualStack: both, IPv4 first',
    world: () => one('fd00::/64', '10.0.0.1'),
    service: { spec: { ...dual, ipFamilyPolicy: 'RequireDualStack' } },
    want: ['a=10.0.0.1', 'a=fd00::1'],
  },
  {
    name: 'RequireDualStack: both or none',
    world: () => one('10.0.0.1'),
    service: { spec: { ...dual, ipFamilyPolicy: 'RequireDualStack' } },
    want: [],
    problems: ['a:NoAddressOfFamily'],
  },
  {
    name: 'PreferDualStack: what there is',
    world: () => one('10.0.0.1'),
    service: { spec: { ...dual, ipFamilyPolicy: 'PreferDualStack' } },
    want: ['a=10.0.0.1'],
  },
  {
    name: 'entries of others stay, behind ours',
    world: same,
    service: { ingress: [{ ip: '1.2.3.4' }, { hostname: 'lb.example.com' }] },
    want: ['a=10.0.0.1', 'b=10.0.0.1', '!1.2.3.4', '!undefined'],
    problems: ['(*:ForeignStatus)'],
  },
  {
    name: 'adopt hands them over',
    world: same,
    service: { ingress: [{ ip: '10.0.0.3' }], annotations: { 'service.openyurt.io/adopt': 'true' } },
    want: ['a=10.0.0.3', 'b=10.0.0.3'],
  },
];

describe('planService', () => {
  for (const { name, world, service = {}, want, problems = [] } of rows) {
    it(name, () => {
      const at = world();
      const plan = at.plan(service);
      assert.deepEqual(said(plan), want);
      assert.deepEqual(reasons(plan), problems);
      assert.deepEqual(said(at.plan({ ...service, ingress: plan.ingress })), want, 'planned again, it changed');
    });
  }

  describe('an address lost to a port change is not waited for', () => {
    const west = (ports: number[], more = {}): ServiceSpec => ({
      ports,
      annotations: { [SELECTOR]: 'region=west', ...more },
    });
    const cases: { name: string; meanwhile: (world: World) => void; more?: Record<string, string>; want: string }[] = [
      {
        name: "once it is a Node's",
        meanwhile: ({ book }) => book.setNodeAddresses([parseIpAddress('10.0.0.1')]),
        want: 'b=10.0.0.2',
      },
      {
        name: 'once the ranges leave it out',
        meanwhile: (world) => world.site('b', [{ addresses: ['10.0.0.3'] }], { region: 'west' }),
        want: 'b=10.0.0.3',
      },
      {
        name: 'once another address pool is asked for',
        meanwhile: (world) =>
          world.site('b', [{ addresses: ['10.0.0.1-10.0.0.2'] }, { name: 'gold', addresses: ['10.0.0.9'] }], {
            region: 'west',
          }),
        more: { [POOL]: 'gold' },
        want: 'b=10.0.0.9',
      },
      {
        name: 'once the port is free and another one holds it there alone',
        meanwhile: (world) => {
          world.plan({ name: 'y', ports: [9], annotations: asks('b', '10.0.0.1') });
          assert.deepEqual(reasons(world.plan(west([80]))), ['b:PortInUse']);
          world.book.releaseAll('default/x');
        },
        want: 'b=10.0.0.2',
      },
      {
        name: 'once the port is free and one who shares with nobody holds it there, though it would share',
        meanwhile: (world) => {
          world.plan({ name: 'y', ports: [9], annotations: asks('b', '10.0.0.1') });
          world.book.releaseAll('default/x');
        },
        more: { [SHARE]: 'k' },
        want: 'b=10.0.0.2',
      },
    ];
    for (const { name, meanwhile, more = {}, want } of cases) {
      it(name, () => {
        const world = same();
        world.plan({ name: 'x', annotations: { [SELECTOR]: 'region=east' } });
        world.plan(west([443]));
        assert.deepEqual(reasons(world.plan(west([80]))), ['b:PortInUse']);
        meanwhile(world);
        assert.deepEqual(said(world.plan(west([80], more))), [want]);
        world.book.setNodeAddresses([]);
        world.book.releaseAll('default/x');
        assert.deepEqual(said(world.plan(west([80], more))), [want], 'it moved again');
      });
    }
  });

  it('RequireDualStack that fails again and again frees nothing that would wake others', () => {
    const world = one('10.0.0.1');
    const spec: ServiceSpec = { spec: { ...dual, ipFamilyPolicy: 'RequireDualStack' } };
    world.plan(spec);
    assert.deepEqual(world.book.drainFreed(), []);
  });

  it('keeps an old address though a second family is missing', () => {
    const world = one('10.0.0.1');
    world.plan({});
    const plan = world.plan({ spec: { ...dual, ipFamilyPolicy: 'RequireDualStack' } });
    assert.deepEqual(said(plan), ['a=10.0.0.1']);
    assert.deepEqual(reasons(plan), ['a:NoAddressOfFamily']);
  });

  it('entries of others block their ports in the whole cluster, and are given to nobody unasked', () => {
    const world = one('10.0.0.1-10.0.0.2');
    world.plan({ name: 'x', ingress: [{ ip: '10.0.0.1' }], annotations: { [SELECTOR]: 'none=here' } });
    assert.deepEqual(said(world.plan({})), ['a=10.0.0.2']);
    assert.deepEqual(reasons(world.plan({ name: 'y', ports: [81] })), ['a:PoolExhausted']);
    assert.deepEqual(said(world.plan({ name: 'z', ports: [82], annotations: asks('a', '10.0.0.1') })), ['a=10.0.0.1']);
    assert.deepEqual(reasons(world.plan({ name: 'v', annotations: asks('a', '10.0.0.1') })), ['a:PortInUse']);
  });

  it('long names and many pools make no long message', () => {
    const pools = Array.from({ length: 500 }, (_, i) => ({
      name: `pool-${i}`,
      addresses: [`10.0.${i >> 8}.${i & 255}`],
    }));
    const world = new World().site('a', pools, { all: '1' }).site('b', [{ addresses: ['10.9.0.1'] }]);
    const long = 'x'.repeat(100_000);
    world.plan({ name: 'x', annotations: { [SHARE]: long, ...asks('b', '10.9.0.1') } });
    const ingress = Array.from({ length: 500 }, (_, i) => ({ ip: `1.1.${i >> 8}.${i & 255}` }));
    for (const annotations of [
      { [POOL]: long, [SELECTOR]: 'all' },
      { [POOL]: long },
      { [SELECTOR]: `${'y'.repeat(60)} in (${'z,'.repeat(50_000)}z)` },
      { [SHARE]: 'short', ...asks('b', '10.9.0.1') },
    ]) {
      const { message } = wantedCondition(world.plan({ annotations, ingress }), undefined);
      assert.ok(message.length < 1500, `${message.length} characters: ${message.slice(0, 300)}`);
    }
  });

  it('a thousand NodePools are one condition of bounded length', () => {
    const world = new World();
    for (let i = 0; i < 1000; i++) world.site(`site-${i}`, 'none', { all: '1' });
    const { message } = wantedCondition(world.plan({ annotations: { [SELECTOR]: 'all' } }), undefined);
    assert.ok(message.length < 4096, `${message.length} characters`);
    assert.match(message, /And 990 more problems/);
  });
});
