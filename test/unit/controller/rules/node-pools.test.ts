import {
  badConfig,
  config,
  gone,
  itHolds,
  meanwhile,
  noConfig,
  POOL,
  put,
  type Rule,
  remove,
  restart,
  SELECTOR,
  SHARE,
  type Step,
  shop,
  site,
} from './rule.ts';

const east = site('east', { region: 'east' }, '10.1.0.1-10.1.0.8');
const west = site('west', { region: 'west' }, '10.2.0.1-10.2.0.8');
const both: readonly Step[] = [east, west];
const inEast = { [SELECTOR]: 'region=east' };
const inBoth = { [SELECTOR]: 'region in (east,west)' };

/** Ranges that are the same in two NodePools: kube-proxy of each knows the Services of both. */
const same: readonly Step[] = [
  site('east', { region: 'east' }, '10.0.0.1-10.0.0.3'),
  site('west', { region: 'west' }, '10.0.0.1-10.0.0.3'),
];

const selected: readonly Rule[] = [
  {
    name: 'without a selector every one with automatic addresses',
    given: both,
    when: put({}),
    expect: { web: 'east=10.1.0.1 west=10.2.0.1' },
  },
  { name: 'by label', given: both, when: put({ annotations: inEast }), expect: { web: 'east=10.1.0.1' } },
  {
    name: 'a selector that matches none: said',
    given: both,
    when: put({ annotations: { [SELECTOR]: 'region=north' } }),
    expect: { web: 'NoNodePool' },
    says: { web: /No NodePool has labels that match "region=north"/ },
  },
  {
    name: 'a selector that cannot be read: said, and what it has stays',
    given: [...both, put({})],
    when: put({ annotations: { [SELECTOR]: 'region=(' } }),
    expect: { web: 'east=10.1.0.1 west=10.2.0.1 BadSelector' },
  },
  {
    name: 'one that cannot serve it does not keep the others from it',
    given: [...both, config('west', [['gold', '10.2.0.1']])],
    when: put({ annotations: { ...inBoth, [POOL]: 'default' } }),
    expect: { web: 'east=10.1.0.1 NoSuchPool' },
    says: { web: /NodePool west: no address pool "default"; it has gold/ },
  },
  {
    name: 'full in one, served in the other, and here too when there is room',
    given: [...both, config('west', [['default', '10.2.0.1']]), put({ name: 'first' }), put({})],
    when: remove('first'),
    expect: { web: 'east=10.1.0.2 west=10.2.0.1' },
  },
];

const comeAndGo: readonly Rule[] = [
  {
    name: 'one comes: its address is added, the others stay',
    given: [east, put({})],
    when: west,
    expect: { web: 'east=10.1.0.1 west=10.2.0.1' },
    events: { web: ['IPAllocated'] },
  },
  {
    name: 'one goes: its address is taken away, the others stay',
    given: [...both, put({})],
    when: gone('west'),
    expect: { web: 'east=10.1.0.1' },
    events: { web: ['ClearAssignment'] },
  },
  {
    name: 'one goes while no controller runs: the same',
    given: [...both, put({})],
    when: meanwhile(gone('west')),
    expect: { web: 'east=10.1.0.1' },
    events: { web: ['ClearAssignment'] },
  },
  {
    name: 'none is there when the controller starts: nothing is taken away, they may only not be there yet',
    given: [gone('shop'), ...both, put({})],
    when: meanwhile(gone('west'), gone('east')),
    expect: { web: 'east=10.1.0.1 west=10.2.0.1 NoNodePool' },
  },
  {
    name: 'one is not there when the controller starts, though it has a Node: nothing is taken away',
    given: [...both, (cluster) => cluster.putNode('n1', '192.168.0.1', 'west'), put({})],
    when: meanwhile(gone('west')),
    expect: { web: 'east=10.1.0.1 west=10.2.0.1 (ForeignStatus)' },
  },
  {
    name: 'and is the same again when it comes',
    given: [...both, (cluster) => cluster.putNode('n1', '192.168.0.1', 'west'), put({}), meanwhile(gone('west'))],
    when: west,
    expect: { web: 'east=10.1.0.1 west=10.2.0.1' },
  },
  {
    name: 'one goes while no controller runs, and entries of others stay',
    given: [...both, put({ ingress: [{ ip: '1.2.3.4' }, { hostname: 'lb.example.com' }] })],
    when: meanwhile(gone('west')),
    expect: { web: 'east=10.1.0.1 !1.2.3.4 !undefined (ForeignStatus)' },
  },
  {
    name: 'one goes and comes back: the same address',
    given: [...both, put({ name: 'first' }), put({}), gone('west')],
    when: west,
    expect: { first: 'east=10.1.0.1 west=10.2.0.1', web: 'east=10.1.0.2 west=10.2.0.2' },
  },
  {
    name: 'one is being deleted: it counts as gone',
    given: [...both, put({})],
    when: (cluster) => {
      const { metadata } = cluster.nodePool('west') ?? { metadata: {} };
      const going = { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
      cluster.nodePoolMap.set('west', { kind: 'NodePool', metadata: going });
      cluster.add('pool:west');
    },
    expect: { web: 'east=10.1.0.1' },
  },
  {
    name: 'a label comes to match: its address is added',
    given: [...both, put({ annotations: inEast })],
    when: site('west', { region: 'east' }),
    expect: { web: 'east=10.1.0.1 west=10.2.0.1' },
  },
  {
    name: 'a label ceases to match: its address is taken away, and who waits for it is served',
    given: [
      ...both,
      config('west', [['default', '10.2.0.1']]),
      put({ annotations: inBoth }),
      put({ name: 'west', annotations: { [SELECTOR]: 'region in (west,north)' } }),
    ],
    when: site('west', { region: 'north' }),
    expect: { web: 'east=10.1.0.1', west: 'west=10.2.0.1' },
  },
  {
    name: 'a label that no selector is about changes nothing',
    given: [...both, put({ annotations: inBoth })],
    when: site('west', { region: 'west', owner: 'me' }),
    expect: { web: 'east=10.1.0.1 west=10.2.0.1' },
    events: { web: [] },
  },
  {
    name: 'a label changed while no controller runs',
    given: [...both, put({ annotations: inBoth })],
    when: meanwhile(site('west', { region: 'north' })),
    expect: { web: 'east=10.1.0.1' },
  },
  {
    name: "the Service's selector changes: single addresses come and go",
    given: [...both, put({ annotations: inEast })],
    when: [put({ annotations: inBoth }), put({ annotations: { [SELECTOR]: 'region=west' } })],
    expect: { web: 'west=10.2.0.1' },
    events: { web: ['IPAllocated', 'ClearAssignment'] },
  },
  {
    name: 'the selector goes: every NodePool',
    given: [...both, put({ annotations: inEast })],
    when: put({}),
    expect: { web: 'east=10.1.0.1 west=10.2.0.1' },
  },
];

const unconfigured: readonly Rule[] = [
  {
    name: 'a NodePool without ConfigMap, selected: said to the Service',
    given: [],
    when: put({ annotations: { [SELECTOR]: 'tier=shop' } }),
    expect: { web: 'NoConfig' },
    says: {
      web: /NodePool shop: it has no addresses\. Create a ConfigMap labelled apps\.openyurt\.io\/nodepool: shop/,
    },
    events: { web: ['NoConfig'] },
  },
  {
    name: 'it gets one: who waits is served',
    given: [put({ annotations: { [SELECTOR]: 'tier=shop' } })],
    when: shop('10.0.0.1'),
    expect: { web: 'shop=10.0.0.1' },
  },
  {
    name: 'no NodePool has any, and none is selected: said',
    given: [],
    when: put({}),
    expect: { web: 'NoNodePool' },
    says: { web: /No NodePool has addresses to hand out\. Create a ConfigMap/ },
  },
  {
    name: 'no NodePool at all: said',
    given: [gone('shop')],
    when: put({}),
    expect: { web: 'NoNodePool' },
    says: { web: /The cluster has no NodePool\. Create one\./ },
  },
  {
    name: 'a ConfigMap without NodePool: said on the ConfigMap, once',
    given: [],
    when: [config('later', [['default', '10.0.0.1']]), put({}), config('later', [['default', '10.0.0.2']])],
    expect: { web: 'NoNodePool' },
    says: { later: /There is no NodePool later\. Create it, or correct the label\./ },
    events: { later: ['NoNodePool'] },
  },
  {
    name: 'its NodePool comes: in force',
    given: [config('later', [['default', '10.0.0.1']]), put({})],
    when: site('later', {}),
    expect: { web: 'later=10.0.0.1' },
  },
  {
    name: 'a NodePool goes and its ConfigMap stays: said on the ConfigMap',
    given: [...both, put({})],
    when: gone('west'),
    expect: { web: 'east=10.1.0.1' },
    events: { west: ['NoNodePool'] },
  },
  {
    name: 'a bad ConfigMap without NodePool: both are said',
    given: [],
    when: badConfig('later'),
    expect: {},
    events: { later: ['ConfigRefused', 'NoNodePool'] },
  },
  {
    name: 'two ConfigMaps: the older counts, the other is told',
    given: [shop('10.0.0.1')],
    when: [config('shop', [['default', '10.9.0.1']], { name: 'younger', created: '2026-02-01T00:00:00Z' }), put({})],
    expect: { web: 'shop=10.0.0.1' },
    says: { younger: /NodePool shop already has the older ConfigMap shop; this one is ignored/ },
    events: { younger: ['ConfigIgnored'] },
  },
  {
    name: 'two ConfigMaps, and the older goes: the other counts',
    given: [
      shop('10.0.0.1'),
      config('shop', [['default', '10.9.0.1']], { name: 'younger', created: '2026-02-01T00:00:00Z' }),
    ],
    when: [noConfig('shop'), put({})],
    expect: { web: 'shop=10.9.0.1' },
  },
];

const alike: readonly Rule[] = [
  { name: 'the same address in each', given: same, when: put({}), expect: { web: 'east=10.0.0.1 west=10.0.0.1' } },
  {
    name: 'another Service on that port gets another one, in each the same',
    given: [...same, put({ name: 'first' })],
    when: put({}),
    expect: { web: 'east=10.0.0.2 west=10.0.0.2' },
  },
  {
    name: 'one that is free in each goes before a lower one that is free in one',
    given: [...same, put({ name: 'first', ports: [8080], annotations: { [SELECTOR]: 'region=west' } })],
    when: put({}),
    expect: { web: 'east=10.0.0.2 west=10.0.0.2' },
  },
  {
    name: 'one that a Service of another NodePool has, on that port, is not given',
    given: [...same, put({ name: 'first', annotations: inEast })],
    when: put({ annotations: { [SELECTOR]: 'region=west' } }),
    expect: { web: 'west=10.0.0.2' },
  },
  {
    name: 'on another port, or the same one by UDP, it is',
    given: [...same, put({ name: 'first', annotations: inEast })],
    when: put(
      { ports: [443], annotations: { [SELECTOR]: 'region=west', [SHARE]: 'k' } },
      { name: 'udp', ports: ['80/UDP'], annotations: { [SELECTOR]: 'region=west', [SHARE]: 'k' } },
    ),
    expect: { web: 'west=10.0.0.1', udp: 'west=10.0.0.1' },
  },
  {
    name: 'a port change that meets a Service of another NodePool: it loses that entry, waits, gets no other',
    given: [
      ...same,
      put({ name: 'first', annotations: inEast }),
      put({ ports: [443], annotations: { [SELECTOR]: 'region=west' } }),
    ],
    when: put({ annotations: { [SELECTOR]: 'region=west' } }),
    expect: { first: 'east=10.0.0.1', web: 'PortInUse' },
    says: { web: /NodePool west: TCP port 80 of 10\.0\.0\.1, which it had, is held by Service default\/first/ },
    events: { web: ['ClearAssignment', 'PortInUse'] },
  },
  {
    name: 'and has it back when that one goes, also after a restart',
    given: [
      ...same,
      put({ name: 'first', annotations: inEast }),
      put({ ports: [443], annotations: { [SELECTOR]: 'region=west' } }),
      put({ annotations: { [SELECTOR]: 'region=west' } }),
      restart,
    ],
    when: remove('first'),
    expect: { web: 'west=10.0.0.1' },
  },
];

describe('NodePools', () => {
  describe('which give an address', () => itHolds(selected));
  describe('that come, go and change labels', () => itHolds(comeAndGo));
  describe('without ConfigMap, and ConfigMaps without NodePool', () => itHolds(unconfigured));
  describe('with the same ranges', () => itHolds(alike));
});
