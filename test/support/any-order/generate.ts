import fc from 'fast-check';
import type { Asks, Command, ConfigWish, PoolWish, Restart, ServiceWish, Step } from './commands.ts';
import { aboutOf } from './commands.ts';
import { familyOf } from './family.ts';

/** NodePools that come and go. Two, for what is known in the whole cluster; few addresses, so that they run out. */
export const SITES = ['a', 'b'] as const;
const NAMES = ['s0', 's1', 's2', 's3', 's4', 's5', 's6'];
const POOL_NAMES = ['w', 'x', 'y'];
/** The third and fourth end in .255 and .0, which `avoid-buggy-ips` leaves out. */
const V4 = ['10.0.0.253', '10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1', '10.0.1.2', '10.0.1.3'];
/** The first is the subnet router's. */
const V6 = ['fd00::', 'fd00::1', 'fd00::2', 'fd00::3', 'fd00::4'];
const OUTSIDE = ['10.0.9.9', 'fd00::99'];

const site = fc.constantFrom(...SITES);
const name = fc.constantFrom(...NAMES);

/** How many addresses of each family a pool has, and how many are left out before it. */
const poolShape = fc.record({
  name: fc.constantFrom(...POOL_NAMES),
  v4: fc.constantFrom(2, 3, 1, 0),
  v6: fc.constantFrom(0, 1, 2),
  gap: fc.constantFrom(0, 0, 0, 1),
  autoAssign: fc.constantFrom(true, true, true, true, true, false),
  avoidBuggyIps: fc.constantFrom(false, false, true),
  priority: fc.constantFrom(0, 0, 1, 2),
  serves: fc.constantFrom<PoolWish['serves']>('all', 'all', 'all', 'all', 'gold', 'shop'),
});

/** Ranges of one NodePool never overlap: each pool's begin behind those before it. */
const configWish: fc.Arbitrary<ConfigWish> = fc
  .record({
    shapes: fc.uniqueArray(poolShape, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
    renumber: fc.boolean(),
    allowOutside: fc.constantFrom(false, false, true),
  })
  .map(({ shapes, renumber, allowOutside }) => {
    let [next4, next6] = [0, 0];
    const pools = shapes.flatMap(({ name, v4, v6, gap, ...rest }): PoolWish[] => {
      const first = V4.slice(next4 + gap, next4 + gap + v4);
      const second = V6.slice(next6, next6 + v6);
      next4 += gap + v4;
      next6 += v6;
      const ranges = [first, second].flatMap((ips) => (ips[0] === undefined ? [] : [`${ips[0]}-${ips.at(-1)}`]));
      return ranges.length === 0 ? [] : [{ name, ranges, ...rest }];
    });
    const fallback: PoolWish = { ...BEGIN, ranges: [`${V4[0]}-${V4[1]}`] };
    return { pools: pools.length === 0 ? [fallback] : pools, renumber, allowOutside };
  });

const BEGIN: PoolWish = {
  name: 'w',
  ranges: [`${V4[0]}-${V4[1]}`, `${V6[1]}-${V6[2]}`],
  autoAssign: true,
  avoidBuggyIps: false,
  priority: 0,
  serves: 'all',
};

/** How each run begins. */
export const BEGINNING: readonly Command[] = SITES.flatMap((site): Command[] => [
  { kind: 'node-pool', site, tier: site === 'b' },
  { kind: 'config', site, wish: { pools: [BEGIN], renumber: false, allowOutside: false } },
]);

const asks: fc.Arbitrary<Asks> = fc.record({
  by: fc.constantFrom<Asks['by']>('site', 'sites', 'metallb', 'field'),
  site,
  ips: fc.oneof(
    fc.constantFrom(...V4, ...V6, ...OUTSIDE).map((ip) => [ip]),
    fc.tuple(fc.constantFrom(...V4), fc.constantFrom(...V6)).map((ips) => [...ips]),
  ),
});

const FAMILIES: readonly ServiceWish['families'][] = [
  ['IPv4'],
  ['IPv4'],
  ['IPv4'],
  ['IPv6'],
  ['IPv4', 'IPv6'],
  ['IPv6', 'IPv4'],
];

const parts = {
  ports: fc.constantFrom(['80/TCP'], ['80/UDP'], ['443/TCP'], ['53/TCP'], ['80/TCP', '443/TCP']),
  trafficPolicy: fc.constantFrom<ServiceWish['trafficPolicy']>('Cluster', 'Cluster', 'Cluster', 'Local'),
  app: fc.constantFrom('one', 'one', 'two'),
  sharingKey: fc.constantFrom(undefined, 'k', 'k', 'l'),
  selector: fc.constantFrom(undefined, undefined, 'site=a', 'site=a', 'site in (a,b)', 'tier'),
  addressPool: fc.constantFrom(undefined, undefined, undefined, undefined, 'w', 'x'),
  gold: fc.boolean(),
  asks: fc.option(asks, { nil: undefined, freq: 2 }),
};

const serviceWish: fc.Arbitrary<ServiceWish> = fc
  .record({
    ...parts,
    namespace: fc.constantFrom<ServiceWish['namespace']>('default', 'default', 'default', 'shop'),
    type: fc.oneof(
      { weight: 12, arbitrary: fc.constant<ServiceWish['type']>('ours') },
      { weight: 1, arbitrary: fc.constant<ServiceWish['type']>('cluster') },
      { weight: 1, arbitrary: fc.constantFrom(...V4).map((foreign): ServiceWish['type'] => ({ foreign })) },
    ),
    families: fc.constantFrom(...FAMILIES),
    dual: fc.constantFrom<ServiceWish['policy']>('PreferDualStack', 'RequireDualStack'),
    kind: fc.constantFrom('plain', 'plain', 'sharing', 'sharing', 'special'),
  })
  .map(({ dual, asks, kind, ...rest }) => {
    const policy = rest.families.length === 1 ? 'SingleStack' : dual;
    const asked = asks && usable(asks, rest.families);
    if (kind === 'special') return { ...rest, policy, asks: asked };
    return { ...rest, policy, ...PLAIN, ...(kind === 'sharing' ? { sharingKey: 'k' } : {}) };
  });

/** Who asks for nothing in particular: so that there are some who want the same. */
const PLAIN = { sharingKey: undefined, addressPool: undefined, asks: undefined };

/** Those of its families: another one is a mistake, which is not what is tried here. */
function usable({ ips, ...rest }: Asks, families: readonly string[]): Asks | undefined {
  const mine = ips.filter((ip) => families.includes(familyOf(ip)));
  return mine.length === 0 ? undefined : { ...rest, ips: mine };
}

/** One thing of a Service. An address that it asks for goes: it may be of a family that it wants no longer. */
const change: fc.Arbitrary<Partial<ServiceWish>> = fc.oneof(
  fc.record({ ports: parts.ports }),
  fc.record({ trafficPolicy: parts.trafficPolicy, app: parts.app }),
  fc.record({ sharingKey: parts.sharingKey }),
  fc.record({ selector: parts.selector }),
  fc.record({ addressPool: parts.addressPool, gold: parts.gold }),
  fc.constantFrom(...FAMILIES).chain((families) =>
    fc.record({
      families: fc.constant(families),
      policy:
        families.length === 1
          ? fc.constant<ServiceWish['policy']>('SingleStack')
          : fc.constantFrom<ServiceWish['policy']>('PreferDualStack', 'RequireDualStack'),
      asks: parts.asks.map((one) => one && usable(one, families)),
    }),
  ),
);

const service: fc.Arbitrary<Command> = fc.record({ kind: fc.constant('service' as const), name, wish: serviceWish });

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 20, arbitrary: service },
  { weight: 16, arbitrary: fc.record({ kind: fc.constant('edit-service' as const), name, change }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('delete-service' as const), name }) },
  { weight: 4, arbitrary: config(site) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('broken-config' as const), site }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-config' as const), site }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('node-pool' as const), site, tier: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-node-pool' as const), site }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('node' as const),
      name: fc.constantFrom('n0', 'n1'),
      ip: fc.constantFrom('10.9.9.9', ...V4, ...V6.slice(1)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('delete-node' as const), name: fc.constantFrom('n0', 'n1') }),
  },
);

const restart: fc.Arbitrary<Restart> = fc.oneof(
  fc.record({ kind: fc.constantFrom<'stop' | 'away' | 'handover'>('stop', 'away', 'handover') }),
  fc.record({ kind: fc.constant('crash' as const), afterWrites: fc.nat({ max: 3 }) }),
);

const trouble = fc.array(fc.constantFrom<'ok' | 'refused' | 'lost'>('ok', 'refused', 'lost'), { maxLength: 4 });

/** @param isReal against a real API server: it cannot be told to fail, and time is not ours */
export function steps({ maxSteps, isReal }: { maxSteps: number; isReal: boolean }): fc.Arbitrary<Step[]> {
  const commands = fc
    .oneof(
      { weight: 4, arbitrary: fc.array(command, { minLength: 1, maxLength: 1 }) },
      { weight: isReal ? 6 : 2, arbitrary: fc.array(command, { maxLength: 4 }) },
    )
    .map(oneOfEach);
  const step: fc.Arbitrary<Step> = fc
    .record({
      commands,
      restart: fc.option(restart, { nil: undefined, freq: 9 }),
      trouble: isReal ? fc.constant(undefined) : fc.option(trouble, { nil: undefined, freq: 8 }),
      passMs: isReal ? fc.constant(undefined) : fc.constantFrom(undefined, undefined, 300, 1000),
    })
    .map(
      (all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as Step,
    );
  const first = fc.tuple(...SITES.map((site) => fc.option(config(fc.constant(site)), { nil: undefined })));
  const crowd = fc.oneof(
    alike,
    fc.uniqueArray(service, { minLength: 1, maxLength: 7, size: 'max', selector: aboutOf }),
  );
  return fc
    .tuple(first, crowd, fc.array(step, { minLength: 1, maxLength: maxSteps, size: 'max' }))
    .map(([configs, services, rest]) => [
      { commands: configs.filter((one) => one !== undefined) },
      { commands: services },
      ...rest,
    ]);
}

/** All want the same, and more than there is. */
const alike: fc.Arbitrary<Command[]> = fc
  .record({ wish: serviceWish, count: fc.integer({ min: 3, max: NAMES.length }) })
  .map(({ wish, count }) =>
    NAMES.slice(0, count).map((name) => ({ kind: 'service', name, wish: { ...wish, ...PLAIN, type: 'ours' } })),
  );

function oneOfEach(commands: readonly Command[]): readonly Command[] {
  return commands.filter((one, at) => commands.findIndex((other) => aboutOf(other) === aboutOf(one)) === at);
}

function config(site: fc.Arbitrary<string>): fc.Arbitrary<Command> {
  return fc.record({ kind: fc.constant('config' as const), site, wish: configWish });
}
