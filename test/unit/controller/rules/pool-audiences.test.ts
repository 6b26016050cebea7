import {
  asks,
  BOTH,
  config,
  gets,
  itHolds,
  POOL,
  pools,
  put,
  type Rule,
  remove,
  SELECTOR,
  SHARE,
  site,
} from './rule.ts';

const V6 = { ipFamilies: ['IPv6'] };
const PREFER = { ...BOTH, ipFamilyPolicy: 'PreferDualStack' };
const k = { [SHARE]: 'k' };
const gold = { tier: 'gold' };
const forGold = 'service-selectors: [{match-labels: {tier: gold}}]';
const forTeam = 'namespaces: [team]';
const forUs = 'namespaces: [team, default]';

const audiences: readonly Rule[] = [
  gets('another namespace', [['a', '10.0.0.1', forTeam]], 'PoolNotForService'),
  gets('one of the namespaces', [['a', '10.0.0.1', forUs]], 'shop=10.0.0.1'),
  gets('no labels', [['a', '10.0.0.1', forGold]], 'PoolNotForService'),
  gets('the labels', [['a', '10.0.0.1', forGold]], 'shop=10.0.0.1', { labels: gold }),
  gets(
    'one selector of two',
    [
      [
        'a',
        '10.0.0.1',
        'service-selectors: [{match-labels: {tier: silver}}, {match-expressions: [{key: tier, operator: In, values: [gold, lead]}]}]',
      ],
    ],
    'shop=10.0.0.1',
    { labels: gold },
  ),
  gets('the namespace and not the labels', [['a', '10.0.0.1', `${forUs}, ${forGold}`]], 'PoolNotForService'),
  gets('the labels and not the namespace', [['a', '10.0.0.1', `${forTeam}, ${forGold}`]], 'PoolNotForService', {
    labels: gold,
  }),
  gets(
    'another pool when the first is for others',
    [
      ['a', '10.0.0.1', `priority: 1, ${forGold}`],
      ['b', '10.0.0.2'],
    ],
    'shop=10.0.0.2',
  ),
  gets(
    'by name a pool that is for others',
    [
      ['a', '10.0.0.1', forGold],
      ['b', '10.0.0.2'],
    ],
    'PoolNotForService',
    { annotations: { [POOL]: 'a' } },
  ),
  gets(
    'by name and selector a pool that is for others',
    [
      ['a', '10.0.0.1', forGold],
      ['b', '10.0.0.2'],
    ],
    'PoolNotForService',
    { annotations: { [POOL]: 'a', [SELECTOR]: 'tier' } },
  ),
  gets(
    'an address of a pool that is for others',
    [
      ['a', '10.0.0.1', forGold],
      ['b', '10.0.0.2'],
    ],
    'PoolNotForService',
    { annotations: asks('10.0.0.1') },
  ),
  gets(
    'spec.loadBalancerIP of a pool that is for others',
    [
      ['a', '10.0.0.1', forGold],
      ['b', '10.0.0.2'],
    ],
    'PoolNotForService',
    { spec: { loadBalancerIP: '10.0.0.1' } },
  ),
  gets('an address of a pool that serves it', [['a', '10.0.0.1', forGold]], 'shop=10.0.0.1', {
    annotations: asks('10.0.0.1'),
    labels: gold,
  }),
  gets(
    'a shared address of a pool that is for others',
    [
      ['a', '10.0.0.1', forGold],
      ['b', '10.0.0.2'],
    ],
    'shop=10.0.0.2',
    { annotations: k },
    put({ name: 'partner', ports: [443], labels: gold, annotations: k }),
  ),
  gets(
    'a family that only a pool for others has',
    [
      ['a', '10.0.0.1'],
      ['b', '"fd00::1"', forGold],
    ],
    'NoAddressOfFamily',
    { spec: V6 },
  ),
  gets(
    'full, and another pool is for others',
    [
      ['a', '10.0.0.1', forGold],
      ['b', '10.0.0.2'],
    ],
    'PoolExhausted',
    {},
    put({ name: 'first' }),
  ),
  {
    name: 'only NodePools with a pool for it give an address, and the others are not complained of',
    given: [pools(['a', '10.0.0.1', forUs]), site('bar', {}), config('bar', [['a', '10.0.0.2', forTeam]])],
    when: put({}),
    expect: { web: 'shop=10.0.0.1' },
  },
  {
    name: 'who waits is served when its labels come to match, and keeps that when they cease to',
    given: [pools(['a', '10.0.0.1', forGold]), put({})],
    when: [put({ labels: gold }), put({})],
    expect: { web: 'shop=10.0.0.1' },
  },
  {
    name: 'who waits is served when the pool comes to serve it, and keeps that when it ceases to',
    given: [pools(['a', '10.0.0.1-10.0.0.2', forTeam]), put({}), put({ name: 'named', annotations: { [POOL]: 'a' } })],
    when: [pools(['a', '10.0.0.1-10.0.0.2', forUs]), pools(['a', '10.0.0.1-10.0.0.2', forGold])],
    expect: { web: 'shop=10.0.0.1', named: 'shop=10.0.0.2' },
  },
  {
    name: 'what it asked for by address stays when the pool turns to others',
    given: [pools(['a', '10.0.0.1']), put({ annotations: asks('10.0.0.1') })],
    when: pools(['a', '10.0.0.1', forGold]),
    expect: { web: 'shop=10.0.0.1' },
  },
  {
    name: 'a second family waits where the pool of the first is for others by now',
    given: [pools(['a', '10.0.0.1, "fd00::1"', forGold]), put({ labels: gold })],
    when: put({ spec: PREFER }),
    expect: { web: 'shop=10.0.0.1 PoolNotForService' },
  },
  {
    name: 'an address freed in a pool goes to the oldest whom the pool serves',
    given: [
      pools(['a', '10.0.0.1', forGold], ['b', '10.0.0.2']),
      put({ name: 'x', labels: gold }, { name: 'y' }),
      put({ name: 'plain', createdSecond: 1 }, { name: 'golden', createdSecond: 2, labels: gold }),
    ],
    when: remove('x'),
    expect: { plain: 'PoolExhausted', golden: 'shop=10.0.0.1' },
  },
];

describe('address pools for some Services', () => itHolds(audiences));
