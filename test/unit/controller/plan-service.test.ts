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
  /** Services planned before it. */
  readonly before?: readonly ServiceSpec[];
  readonly service?: ServiceSpec;
  readonly want: readonly string[];
  readonly problems?: readonly string[];
  /** A text the condition's message holds. */
  readonly says?: RegExp;
}

const one = (...addresses: string[]) => new World().site('a', [{ addresses }]);
const same = () =>
  new World()
    .site('a', [{ addresses: ['10.0.0.1-10.0.0.3'] }], { region: 'east' })
    .site('b', [{ addresses: ['10.0.0.1-10.0.0.3'] }], { region: 'west' });

const rows: Row[] = [
  { name: 'the lowest free address', world: () => one('10.0.0.1-10.0.0.3'), want: ['a=10.0.0.1'] },
  {
    name: 'pools in the order of the file',
    world: () =>
      new World().site('a', [
        { name: 'z', addresses: ['10.9.0.1'] },
        { name: 'b', addresses: ['10.0.0.1'] },
      ]),
    want: ['a=10.9.0.1'],
  },
  { name: 'the same address in both NodePools', world: same, want: ['a=10.0.0.1', 'b=10.0.0.1'] },
  {
    name: 'another Service gets another address',
    world: same,
    before: [{ name: 'x' }],
    want: ['a=10.0.0.2', 'b=10.0.0.2'],
  },
  {
    name: 'an address free in both is taken before a lower one that is free in one',
    world: same,
    before: [{ name: 'x', ports: [8080], annotations: { [SELECTOR]: 'region=west' } }],
    want: ['a=10.0.0.2', 'b=10.0.0.2'],
  },
  {
    name: 'a collision across NodePools is avoided',
    world: same,
    before: [{ name: 'x', annotations: { [SELECTOR]: 'region=east' } }],
    service: { annotations: { [SELECTOR]: 'region=west' } },
    want: ['b=10.0.0.2'],
  },
  {
    name: 'another port may have the same address in another NodePool',
    world: same,
    before: [{ name: 'x', annotations: { [SELECTOR]: 'region=east' } }],
    service: { ports: [443], annotations: { [SELECTOR]: 'region=west' } },
    want: ['b=10.0.0.1'],
  },
  {
    name: 'UDP and TCP do not collide',
    world: same,
    before: [{ name: 'x', annotations: { [SELECTOR]: 'region=east' } }],
    service: { ports: ['80/UDP'], annotations: { [SELECTOR]: 'region=west' } },
    want: ['b=10.0.0.1'],
  },
  {
    name: 'exhausted',
    world: () => one('10.0.0.1'),
    before: [{ name: 'x' }],
    want: [],
    problems: ['a:PoolExhausted'],
    says: /NodePool a: no free IPv4 address in address pool default \(0 of 1 free\)/,
  },
  {
    name: 'exhausted in one, served in the other',
    world: () => same().site('a', [{ addresses: ['10.1.0.1'] }]),
    before: [{ name: 'x' }],
    want: ['b=10.0.0.2'],
    problems: ['a:PoolExhausted'],
  },
  { name: 'selector', world: same, service: { annotations: { [SELECTOR]: 'region in (west)' } }, want: ['b=10.0.0.1'] },
  {
    name: 'selector that matches none',
    world: same,
    service: { annotations: { [SELECTOR]: 'region=north' } },
    want: [],
    problems: ['*:NoNodePool'],
    says: /region=north/,
  },
  {
    name: 'selector that does not parse',
    world: same,
    service: { annotations: { [SELECTOR]: 'region=(' } },
    want: [],
    problems: ['*:BadSelector'],
  },
  { name: 'no NodePool at all', world: () => new World(), want: [], problems: ['*:NoNodePool'] },
  {
    name: 'no NodePool has addresses',
    world: () => new World().site('a', 'none'),
    want: [],
    problems: ['*:NoNodePool'],
  },
  {
    name: 'a selected NodePool without addresses',
    world: () => new World().site('a', 'none', { x: 'y' }),
    service: { annotations: { [SELECTOR]: 'x' } },
    want: [],
    problems: ['a:NoConfig'],
  },
  {
    name: 'a refused configuration gives nothing new',
    world: () => new World().site('a', 'refused', { x: 'y' }),
    service: { annotations: { [SELECTOR]: 'x' } },
    want: [],
    problems: ['a:ConfigRefused'],
  },
  {
    name: 'a refused configuration keeps what is recorded',
    world: () => new World().site('a', 'refused'),
    service: { ingress: [{ ip: '10.0.0.7', hostname: 'a', ipMode: 'VIP' }] },
    want: ['a=10.0.0.7'],
  },
  {
    name: 'pool by name',
    world: () =>
      new World().site('a', [{ addresses: ['10.0.0.1'] }, { name: 'gold', auto: false, addresses: ['10.9.0.1'] }]),
    service: { annotations: { [POOL]: 'gold' } },
    want: ['a=10.9.0.1'],
  },
  {
    name: 'no auto-assign: not selected by itself',
    world: () => new World().site('a', [{ auto: false, addresses: ['10.0.0.1'] }]),
    want: [],
    problems: ['*:NoNodePool'],
  },
  {
    name: 'no auto-assign, but selected',
    world: () => new World().site('a', [{ auto: false, addresses: ['10.0.0.1'] }], { x: '1' }),
    service: { annotations: { [SELECTOR]: 'x' } },
    want: [],
    problems: ['a:NoAutoAssign'],
  },
  {
    name: 'no such pool in a selected NodePool',
    world: () => same(),
    service: { annotations: { [POOL]: 'gold', [SELECTOR]: 'region' } },
    want: [],
    problems: ['a:NoSuchPool', 'b:NoSuchPool'],
  },
  {
    name: 'no such pool anywhere',
    world: () => same(),
    service: { annotations: { [POOL]: 'gold' } },
    want: [],
    problems: ['*:NoSuchPool'],
  },
  {
    name: 'avoid-buggy-ips',
    world: () => new World().site('a', [{ avoidBuggy: true, addresses: ['10.0.0.0/30'] }]),
    want: ['a=10.0.0.1'],
  },
  {
    name: 'an avoided address may be asked for',
    world: () => new World().site('a', [{ avoidBuggy: true, addresses: ['10.0.0.0/30'] }]),
    service: { annotations: asks('a', '10.0.0.0') },
    want: ['a=10.0.0.0'],
  },
  {
    name: 'asked for in one NodePool',
    world: same,
    service: { annotations: asks('b', '10.0.0.3') },
    want: ['a=10.0.0.1', 'b=10.0.0.3'],
  },
  {
    name: 'asked for outside the ranges',
    world: same,
    service: { annotations: asks('b', '10.7.0.1') },
    want: ['a=10.0.0.1'],
    problems: ['b:AddressNotInPool'],
  },
  {
    name: 'asked for outside, where the site allows it',
    world: () => new World().site('a', [{ addresses: ['10.0.0.1'] }], {}, true),
    service: { annotations: asks('a', '10.7.0.1') },
    want: ['a=10.7.0.1'],
  },
  {
    name: 'asked for, but held',
    world: same,
    before: [{ name: 'x', ports: [8080] }],
    service: { annotations: asks('a', '10.0.0.1') },
    want: ['b=10.0.0.2'],
    problems: ['a:AddressInUse'],
    says: /held by Service default\/x/,
  },
  {
    name: 'asked for in a NodePool that is not there',
    world: same,
    service: { annotations: asks('z', '10.0.0.1') },
    want: ['a=10.0.0.1', 'b=10.0.0.1'],
    problems: ['*:NoNodePool'],
  },
  {
    name: 'asked for where the selector does not look',
    world: same,
    service: { annotations: { ...asks('b', '10.0.0.1'), [SELECTOR]: 'region=east' } },
    want: ['a=10.0.0.1'],
    problems: ['(*:NotSelected)'],
  },
  {
    name: 'a bad address keeps that NodePool from being served',
    world: same,
    service: { annotations: asks('b', '10.0.0.x') },
    want: ['a=10.0.0.1'],
    problems: ['b:BadAddressAnnotation'],
  },
  {
    name: 'spec.loadBalancerIP in the NodePools that hold it',
    world: () => same().site('b', [{ addresses: ['10.2.0.1'] }]),
    service: { spec: { loadBalancerIP: '10.0.0.2' } },
    want: ['a=10.0.0.2'],
  },
  {
    name: 'spec.loadBalancerIP that nobody holds',
    world: same,
    service: { spec: { loadBalancerIP: '10.7.0.2' } },
    want: [],
    problems: ['*:AddressNotInPool'],
  },
  {
    name: 'spec.loadBalancerIP in a selected NodePool that lacks it',
    world: () => same().site('b', [{ addresses: ['10.2.0.1'] }], { region: 'west' }),
    service: { spec: { loadBalancerIP: '10.0.0.2' }, annotations: { [SELECTOR]: 'region' } },
    want: ['a=10.0.0.2'],
    problems: ['b:AddressNotInPool'],
  },
  {
    name: 'sharing: same key, other port',
    world: () => one('10.0.0.1-10.0.0.3'),
    before: [{ name: 'x', annotations: { [SHARE]: 'k' } }],
    service: { ports: [443], annotations: { [SHARE]: 'k' } },
    want: ['a=10.0.0.1'],
  },
  {
    name: 'sharing: same key, same port goes elsewhere',
    world: () => one('10.0.0.1-10.0.0.3'),
    before: [{ name: 'x', annotations: { [SHARE]: 'k' } }],
    service: { annotations: { [SHARE]: 'k' } },
    want: ['a=10.0.0.2'],
  },
  {
    name: 'sharing asked for by address: port held',
    world: () => one('10.0.0.1-10.0.0.3'),
    before: [{ name: 'x', annotations: { [SHARE]: 'k' } }],
    service: { annotations: { [SHARE]: 'k', ...asks('a', '10.0.0.1') } },
    want: [],
    problems: ['a:PortInUse'],
    says: /TCP port 80 of 10\.0\.0\.1 is held by Service default\/x/,
  },
  {
    name: 'sharing refused: other key',
    world: () => one('10.0.0.1-10.0.0.3'),
    before: [{ name: 'x', annotations: { [SHARE]: 'k' } }],
    service: { ports: [443], annotations: { [SHARE]: 'other', ...asks('a', '10.0.0.1') } },
    want: [],
    problems: ['a:SharingRefused'],
  },
  {
    name: 'sharing refused: Local with other selectors',
    world: () => one('10.0.0.1-10.0.0.3'),
    before: [
      { name: 'x', annotations: { [SHARE]: 'k' }, spec: { externalTrafficPolicy: 'Local', selector: { app: 'x' } } },
    ],
    service: {
      ports: [443],
      annotations: { [SHARE]: 'k', ...asks('a', '10.0.0.1') },
      spec: { externalTrafficPolicy: 'Local', selector: { app: 'y' } },
    },
    want: [],
    problems: ['a:SharingRefused'],
  },
  {
    name: 'sharing: Local with the same selector',
    world: () => one('10.0.0.1-10.0.0.3'),
    before: [
      { name: 'x', annotations: { [SHARE]: 'k' }, spec: { externalTrafficPolicy: 'Local', selector: { app: 'x' } } },
    ],
    service: {
      ports: [443],
      annotations: { [SHARE]: 'k' },
      spec: { externalTrafficPolicy: 'Local', selector: { app: 'x' } },
    },
    want: ['a=10.0.0.1'],
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
  for (const { name, world, before = [], service = {}, want, problems = [], says } of rows) {
    it(name, () => {
      const at = world();
      for (const spec of before) at.plan(spec);
      const plan = at.plan(service);
      assert.deepEqual(said(plan), want);
      assert.deepEqual(reasons(plan), problems);
      if (says !== undefined) assert.match(wantedCondition(plan, undefined).message, says);
      assert.deepEqual(said(at.plan({ ...service, ingress: plan.ingress })), want, 'planned again, it changed');
    });
  }

  it("a Node's address is never given out, and said when it is asked for", () => {
    const world = one('10.0.0.1-10.0.0.2');
    world.book.setNodeAddresses([parseIpAddress('10.0.0.1')]);
    assert.deepEqual(said(world.plan({ name: 'x' })), ['a=10.0.0.2']);
    assert.deepEqual(reasons(world.plan({ annotations: asks('a', '10.0.0.1') })), ['a:NodeAddress']);
  });

  it("an address that later becomes a Node's stays and is warned about", () => {
    const world = one('10.0.0.1-10.0.0.2');
    world.plan({});
    world.book.setNodeAddresses([parseIpAddress('10.0.0.1')]);
    const plan = world.plan({});
    assert.deepEqual(said(plan), ['a=10.0.0.1']);
    assert.deepEqual(reasons(plan), ['(a:NodeAddress)']);
  });

  it('a port change that collides loses that entry, waits, and gets it back', () => {
    const world = same();
    world.plan({ name: 'x', annotations: { [SELECTOR]: 'region=east' } });
    const spec = (ports: number[]): ServiceSpec => ({ ports, annotations: { [SELECTOR]: 'region=west' } });
    assert.deepEqual(said(world.plan(spec([443]))), ['b=10.0.0.1']);
    const lost = world.plan({ ...spec([80]), ingress: [{ ip: '10.0.0.1', hostname: 'b', ipMode: 'VIP' }] });
    assert.deepEqual(said(lost), []);
    assert.deepEqual(reasons(lost), ['b:PortInUse']);
    assert.match(lost.problems[0]?.message ?? '', /held by Service default\/x/);
    assert.deepEqual(lost.waits, [{ nodePool: 'b', comesFree: parseIpAddress('10.0.0.1') }]);
    assert.deepEqual(reasons(world.plan(spec([80]))), ['b:PortInUse'], 'it must not get another address instead');
    world.book.releaseAll('default/x');
    assert.deepEqual(said(world.plan(spec([80]))), ['b=10.0.0.1']);
  });

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

  it('who shares no more gets an address of its own, in every NodePool the same', () => {
    const world = same();
    world.plan({ name: 'x', annotations: { [SHARE]: 'k' } });
    assert.deepEqual(said(world.plan({ ports: [443], annotations: { [SHARE]: 'k' } })), ['a=10.0.0.1', 'b=10.0.0.1']);
    const plan = world.plan({ ports: [443] });
    assert.deepEqual(said(plan), ['a=10.0.0.2', 'b=10.0.0.2']);
    assert.deepEqual(reasons(plan), []);
  });

  it('a new label takes the address away, a removed one too', () => {
    const world = same();
    const spec = { annotations: { [SELECTOR]: 'region=east' } };
    assert.deepEqual(said(world.plan(spec)), ['a=10.0.0.1']);
    world.site('b', [{ addresses: ['10.0.0.1-10.0.0.3'] }], { region: 'east' });
    assert.deepEqual(said(world.plan(spec)), ['a=10.0.0.1', 'b=10.0.0.1']);
    world.site('a', [{ addresses: ['10.0.0.1-10.0.0.3'] }], { region: 'west' });
    assert.deepEqual(said(world.plan(spec)), ['b=10.0.0.1']);
  });

  it('a deleted NodePool gives its entry back', () => {
    const world = same();
    const { ingress } = world.plan({});
    world.sites.delete('a');
    assert.deepEqual(said(world.plan({ ingress })), ['b=10.0.0.1']);
  });

  it('what is held stays when its pool stops auto-assigning', () => {
    const world = one('10.0.0.1-10.0.0.2');
    world.plan({});
    world.site('a', [{ auto: false, addresses: ['10.0.0.1-10.0.0.2'] }]);
    assert.deepEqual(said(world.plan({})), ['a=10.0.0.1']);
  });

  it('moves when another address is asked for, and stays until that one is free', () => {
    const world = one('10.0.0.1-10.0.0.3');
    world.plan({});
    world.plan({ name: 'x', ports: [81] });
    const wants = { annotations: asks('a', '10.0.0.2') };
    const refused = world.plan(wants);
    assert.deepEqual(said(refused), ['a=10.0.0.1']);
    assert.deepEqual(reasons(refused), ['a:AddressInUse']);
    world.book.releaseAll('default/x');
    assert.deepEqual(said(world.plan(wants)), ['a=10.0.0.2']);
    assert.deepEqual(said(world.plan({})), ['a=10.0.0.2'], 'no longer asking is no reason to move');
  });

  it('a bad selector keeps what is held', () => {
    const world = same();
    const { ingress } = world.plan({});
    const plan = world.plan({ ingress, annotations: { [SELECTOR]: '((' } });
    assert.deepEqual(said(plan), ['a=10.0.0.1', 'b=10.0.0.1']);
    assert.deepEqual(reasons(plan), ['*:BadSelector']);
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

  it('an address asked for and held that became a Node is said', () => {
    const world = one('10.0.0.1-10.0.0.2');
    const wants = { annotations: asks('a', '10.0.0.1') };
    world.plan(wants);
    world.book.setNodeAddresses([parseIpAddress('10.0.0.1')]);
    const plan = world.plan(wants);
    assert.deepEqual(said(plan), ['a=10.0.0.1']);
    assert.deepEqual(reasons(plan), ['(a:NodeAddress)']);
  });

  it('a thousand NodePools are one condition of bounded length', () => {
    const world = new World();
    for (let i = 0; i < 1000; i++) world.site(`site-${i}`, 'none', { all: '1' });
    const { message } = wantedCondition(world.plan({ annotations: { [SELECTOR]: 'all' } }), undefined);
    assert.ok(message.length < 4096, `${message.length} characters`);
    assert.match(message, /And 990 more problems/);
  });
});
