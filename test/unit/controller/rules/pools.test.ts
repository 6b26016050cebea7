import {
  asks,
  BOTH,
  gets,
  itHolds,
  node,
  noNode,
  POOL,
  pools,
  put,
  type Rule,
  SELECTOR,
  SHARE,
  shop,
  site,
} from './rule.ts';

const V6 = { ipFamilies: ['IPv6'] };
const k = { [SHARE]: 'k' };
const forUs = 'namespaces: [team, default]';

const turns: readonly Rule[] = [
  gets('the lowest free address', [['a', '10.0.0.1-10.0.0.3']], 'shop=10.0.0.1'),
  gets('the next free one', [['a', '10.0.0.1-10.0.0.3']], 'shop=10.0.0.2', {}, put({ name: 'first' })),
  gets('ranges in the order of the file', [['a', '10.0.0.9, 10.0.0.1']], 'shop=10.0.0.9'),
  gets(
    'pools in the order of the file',
    [
      ['b', '10.0.0.9'],
      ['a', '10.0.0.1'],
    ],
    'shop=10.0.0.9',
  ),
  gets(
    'the lower priority number first',
    [
      ['a', '10.0.0.1', 'priority: 20'],
      ['b', '10.0.0.2', 'priority: 10'],
    ],
    'shop=10.0.0.2',
  ),
  gets(
    'no priority after all others',
    [
      ['a', '10.0.0.1'],
      ['b', '10.0.0.2', 'priority: 1000000'],
    ],
    'shop=10.0.0.2',
  ),
  gets(
    'the next one when it is full',
    [
      ['a', '10.0.0.1', 'priority: 20'],
      ['b', '10.0.0.2', 'priority: 10'],
      ['c', '10.0.0.3', 'priority: 30'],
    ],
    'shop=10.0.0.1',
    {},
    put({ name: 'first' }),
  ),
  gets(
    'the order of the file among equals',
    [
      ['a', '10.0.0.9', 'priority: 5'],
      ['b', '10.0.0.1', 'priority: 5'],
    ],
    'shop=10.0.0.9',
  ),
  gets(
    'of equals the one that serves fewer first',
    [
      ['a', '10.0.0.1'],
      ['b', '10.0.0.2', forUs],
    ],
    'shop=10.0.0.2',
  ),
  gets(
    'priority before that',
    [
      ['a', '10.0.0.1', 'priority: 1'],
      ['b', '10.0.0.2', forUs],
    ],
    'shop=10.0.0.1',
  ),
  gets(
    'both families from the first pool in turn that has both',
    [
      ['a', '10.0.0.1', 'priority: 1'],
      ['b', '10.0.0.2, "fd00::2"', 'priority: 3'],
      ['c', '10.0.0.3, "fd00::3"', 'priority: 2'],
    ],
    'shop=10.0.0.3 shop=fd00::3',
    { spec: BOTH },
  ),
  {
    name: 'an address held in another NodePool does not go before priority',
    given: [
      site('bar', {}, '10.0.0.1'),
      pools(['late', '10.0.0.1', 'priority: 9'], ['early', '10.0.0.2', 'priority: 1']),
    ],
    when: put({}),
    expect: { web: 'bar=10.0.0.1 shop=10.0.0.2' },
  },
  {
    name: 'none free: waits, and is told how many there are',
    given: [shop('10.0.0.1'), put({ name: 'first' })],
    when: put({}),
    expect: { web: 'PoolExhausted' },
    says: { web: /NodePool shop: no free IPv4 address in address pool default \(0 of 1 free\)\. Add a range/ },
  },
];

const autoAssign: readonly Rule[] = [
  gets(
    'not by itself, whatever the priority',
    [
      ['a', '10.0.0.1', 'auto-assign: false, priority: 1'],
      ['b', '10.0.0.2'],
    ],
    'shop=10.0.0.2',
  ),
  gets('by the name of the pool', [['a', '10.0.0.1', 'auto-assign: false']], 'shop=10.0.0.1', {
    annotations: { [POOL]: 'a' },
  }),
  gets('by address', [['a', '10.0.0.1', 'auto-assign: false']], 'shop=10.0.0.1', { annotations: asks('10.0.0.1') }),
  gets('in a NodePool that is not selected: it is left out', [['a', '10.0.0.1', 'auto-assign: false']], 'NoNodePool'),
  gets('in a NodePool that is selected: said', [['a', '10.0.0.1', 'auto-assign: false']], 'NoAutoAssign', {
    annotations: { [SELECTOR]: 'tier' },
  }),
  {
    name: 'switched off: what it has stays',
    given: [pools(['a', '10.0.0.1']), put({})],
    when: [pools(['a', '10.0.0.1', 'auto-assign: false']), put({ name: 'next', annotations: { [SELECTOR]: 'tier' } })],
    expect: { web: 'shop=10.0.0.1', next: 'NoAutoAssign' },
  },
  {
    name: 'switched on: who waits is served',
    given: [pools(['a', '10.0.0.1', 'auto-assign: false']), put({})],
    when: pools(['a', '10.0.0.1']),
    expect: { web: 'shop=10.0.0.1' },
  },
];

const buggy: readonly Rule[] = [
  gets('.0 is left out', [['a', '10.0.0.0/30', 'avoid-buggy-ips: true']], 'shop=10.0.0.1'),
  gets(
    'and .255, in the middle of a range too',
    [['a', '10.0.0.255-10.0.1.9', 'avoid-buggy-ips: true']],
    'shop=10.0.1.1',
  ),
  gets('without it both are given', [['a', '10.0.0.255-10.0.1.9']], 'shop=10.0.0.255'),
  gets('nothing else is there', [['a', '10.0.0.255-10.0.1.0', 'avoid-buggy-ips: true']], 'PoolExhausted'),
  gets('IPv6 has none', [['a', '"fd00::100/120"', 'avoid-buggy-ips: true']], 'shop=fd00::100', { spec: V6 }),
  {
    name: 'switched on under use: what it has stays',
    given: [pools(['a', '10.0.0.0/30']), put({})],
    when: pools(['a', '10.0.0.0/30', 'avoid-buggy-ips: true']),
    expect: { web: 'shop=10.0.0.0' },
    events: { shop: [] },
  },
];

const huge: readonly Rule[] = [
  gets('a /8 of IPv6', [['a', '"fd00::/8"']], 'shop=fd00::1', { spec: V6 }),
  gets('the end of one', [['a', '"fd00::/8"']], 'shop=fdff::ffff', {
    spec: V6,
    annotations: asks('fdff::ffff'),
  }),
  gets(
    'two, whose first addresses are Nodes',
    [
      ['a', '"fd00::/8"', 'priority: 2'],
      ['b', '"fc00::/8"', 'priority: 1'],
    ],
    'shop=fc00::2',
    { spec: V6 },
    node('n1', 'fc00::1'),
  ),
  gets('a /8 of IPv4', [['a', '10.0.0.0/8']], 'shop=10.0.0.0'),
];

const nodes: readonly Rule[] = [
  gets('the next one', [['a', '10.0.0.1-10.0.0.2']], 'shop=10.0.0.2', {}, node('n1', '10.0.0.1')),
  gets(
    'a Node of another site as well, because kube-proxy of every site knows the Service',
    [['a', '10.0.0.1-10.0.0.2']],
    'shop=10.0.0.2',
    {},
    site('bar', {}),
    (cluster) => cluster.putNode('n1', '10.0.0.1', 'bar'),
  ),
  gets('its external address', [['a', '10.0.0.1-10.0.0.2']], 'shop=10.0.0.2', {}, node('n1', '10.0.0.1', 'ExternalIP')),
  gets(
    'another pool, where it is all that the first one has',
    [
      ['a', '10.0.0.1', 'priority: 1'],
      ['b', '10.0.0.9'],
    ],
    'shop=10.0.0.9',
    {},
    node('n1', '10.0.0.1'),
  ),
  gets('all there is', [['a', '10.0.0.1']], 'PoolExhausted', {}, node('n1', '10.0.0.1')),
  {
    name: 'the range is warned about, once',
    given: [shop('10.0.0.1-10.0.0.2'), put({})],
    when: [node('n1', '10.0.0.2'), node('n2', '10.9.9.9'), shop('10.0.0.1-10.0.0.3')],
    expect: { web: 'shop=10.0.0.1' },
    says: { shop: /The ranges of NodePool shop hold addresses of Nodes: 10\.0\.0\.2\. They are skipped/ },
    events: { shop: ['NodeAddress'] },
  },
  {
    name: 'a Node comes with an address in use: it stays, and both are told',
    given: [shop('10.0.0.1-10.0.0.2'), put({})],
    when: node('n1', '10.0.0.1'),
    expect: { web: 'shop=10.0.0.1 (NodeAddress)' },
    says: { web: /10\.0\.0\.1 is the address of a Node/ },
    events: { web: ['NodeAddress'], shop: ['NodeAddress'] },
  },
  {
    name: 'a Node comes with an address in use that was asked for by name: the same',
    given: [shop('10.0.0.1-10.0.0.2'), put({ annotations: asks('10.0.0.2') })],
    when: node('n1', '10.0.0.2'),
    expect: { web: 'shop=10.0.0.2 (NodeAddress)' },
  },
  {
    name: 'a Node goes: its address is given',
    given: [shop('10.0.0.1'), node('n1', '10.0.0.1'), put({})],
    when: noNode('n1'),
    expect: { web: 'shop=10.0.0.1' },
  },
  {
    name: 'who waits for an address is told when it becomes a Node’s',
    given: [shop('10.0.0.1-10.0.0.2'), put({ name: 'holder' }), put({ annotations: asks('10.0.0.1') })],
    when: node('n1', '10.0.0.1'),
    expect: { holder: 'shop=10.0.0.1 (NodeAddress)', web: 'NodeAddress' },
  },
  {
    name: 'an address lost to a port change is not waited for once it is a Node’s',
    given: [
      shop('10.0.0.1-10.0.0.3'),
      put({ name: 'dns', ports: [53], annotations: k }, { annotations: k }),
      put({ ports: [53], annotations: k }),
    ],
    when: node('n1', '10.0.0.1'),
    expect: { dns: 'shop=10.0.0.1 (NodeAddress)', web: 'shop=10.0.0.2' },
  },
];

describe('address pools', () => {
  describe('which one, and which address', () => itHolds(turns));
  describe('auto-assign: false', () => itHolds(autoAssign));
  describe('avoid-buggy-ips', () => itHolds(buggy));
  describe('huge ranges are as any other', () => itHolds(huge));
  describe("Nodes' addresses are never given", () => itHolds(nodes));
});
