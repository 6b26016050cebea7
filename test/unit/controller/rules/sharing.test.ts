import { strict as assert } from 'node:assert';
import { type Holder, type Refusal, sharingRefusal } from '../../../../cloud-controller/src/ipam/sharing.ts';
import type { ServiceSpec } from '../world.ts';
import {
  asks,
  BOTH,
  config,
  itHolds,
  meanwhile,
  POOL,
  put,
  type Rule,
  remove,
  SELECTOR,
  SHARE,
  shop,
  site,
} from './rule.ts';

const k = { [SHARE]: 'k' };
const j = { [SHARE]: 'j' };
const local = (app: string): ServiceSpec['spec'] => ({ externalTrafficPolicy: 'Local', selector: { app } });
const cluster = (app: string): ServiceSpec['spec'] => ({ externalTrafficPolicy: 'Cluster', selector: { app } });

/** Two who share 10.0.0.1, of eight. */
const dns: ServiceSpec = { name: 'dns', ports: [53], annotations: k };
const web: ServiceSpec = { name: 'web', ports: [80], annotations: k, createdSecond: 1 };
const shared = [shop('10.0.0.1-10.0.0.8'), put(dns), put(web)];

const ports: readonly Rule[] = [
  {
    name: 'the same key and other ports: one address',
    given: [shop('10.0.0.1-10.0.0.8'), put(dns)],
    when: put(web),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1' },
  },
  {
    name: 'TCP and UDP of one number are different ports',
    given: [shop('10.0.0.1-10.0.0.8'), put({ ...dns, ports: ['53/TCP'] })],
    when: put({ name: 'udp', ports: ['53/UDP'], annotations: k }),
    expect: { dns: 'shop=10.0.0.1', udp: 'shop=10.0.0.1' },
  },
  {
    name: 'a port that a partner has: another address',
    given: [shop('10.0.0.1-10.0.0.8'), put(dns)],
    when: put({ ...web, ports: [80, 53] }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.2' },
  },
  {
    name: 'a port that a partner has, asked for by address: waits and names it',
    given: [shop('10.0.0.1-10.0.0.8'), put(dns)],
    when: put({ ...web, ports: [53], annotations: { ...k, ...asks('10.0.0.1') } }),
    expect: { web: 'PortInUse' },
    says: { web: /TCP port 53 of 10\.0\.0\.1 is held by Service default\/dns\./ },
    events: { web: ['PortInUse'] },
  },
  {
    name: 'a partner of another namespace',
    given: [shop('10.0.0.1-10.0.0.8'), put(dns)],
    when: put({ ...web, namespace: 'other' }),
    expect: { dns: 'shop=10.0.0.1', 'other/web': 'shop=10.0.0.1' },
  },
  {
    name: 'no key: an address of its own, and nobody joins it',
    given: [shop('10.0.0.1-10.0.0.8'), put({ ...dns, annotations: {} })],
    when: put(web, { name: 'plain', ports: [8080] }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.2', plain: 'shop=10.0.0.3' },
  },
  {
    name: 'an empty key is none',
    given: [shop('10.0.0.1-10.0.0.8'), put({ ...dns, annotations: { [SHARE]: ' ' } })],
    when: put({ ...web, annotations: { [SHARE]: '' } }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.2' },
  },
  {
    name: "MetalLB's annotations, the older too, are the same key",
    given: [shop('10.0.0.1-10.0.0.8'), put(dns)],
    when: put(
      { ...web, annotations: { 'metallb.io/allow-shared-ip': 'k' } },
      { name: 'old', ports: [1], annotations: { 'metallb.universe.tf/allow-shared-ip': ' k ' } },
    ),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1', old: 'shop=10.0.0.1' },
  },
  {
    name: "ours goes before MetalLB's, and metallb.io before the older one",
    given: [shop('10.0.0.1-10.0.0.8'), put(dns, { name: 'jay', ports: [54], annotations: j })],
    when: put(
      { ...web, annotations: { ...j, 'metallb.io/allow-shared-ip': 'k' } },
      {
        name: 'old',
        ports: [1],
        annotations: { 'metallb.io/allow-shared-ip': 'k', 'metallb.universe.tf/allow-shared-ip': 'j' },
      },
    ),
    expect: { dns: 'shop=10.0.0.1', jay: 'shop=10.0.0.2', web: 'shop=10.0.0.2', old: 'shop=10.0.0.1' },
  },
  {
    name: 'a shared address goes before the order of address pools',
    given: [
      config('shop', [
        ['first', '10.0.0.1', 'priority: 1'],
        ['last', '10.0.0.9'],
      ]),
      put({ ...dns, annotations: { ...k, [POOL]: 'last' } }),
    ],
    when: put(web),
    expect: { dns: 'shop=10.0.0.9', web: 'shop=10.0.0.9' },
  },
  {
    name: 'not in a pool that is given by request only, unless it is asked for',
    given: [
      config('shop', [
        ['open', '10.0.0.1'],
        ['kept', '10.0.0.9', 'auto-assign: false'],
      ]),
      put({ ...dns, annotations: { ...k, [POOL]: 'kept' } }),
    ],
    when: put(web, { name: 'named', ports: [1], annotations: { ...k, [POOL]: 'kept' } }),
    expect: { web: 'shop=10.0.0.1', named: 'shop=10.0.0.9' },
  },
  {
    name: 'in each NodePool for itself',
    given: [
      site('shop', { tier: 'shop' }, '10.0.0.1-10.0.0.8'),
      site('bar', { tier: 'bar' }, '10.0.9.1-10.0.9.8'),
      put({ ...dns, annotations: { ...k, [SELECTOR]: 'tier=bar' } }),
    ],
    when: put(web),
    expect: { dns: 'bar=10.0.9.1', web: 'bar=10.0.9.1 shop=10.0.0.1' },
  },
];

const policies: readonly Rule[] = [
  {
    name: 'Cluster: whatever the selectors',
    given: [shop('10.0.0.1-10.0.0.8'), put({ ...dns, spec: cluster('dns') })],
    when: put({ ...web, spec: cluster('web') }),
    expect: { web: 'shop=10.0.0.1' },
  },
  {
    name: 'Local: the same selector',
    given: [shop('10.0.0.1-10.0.0.8'), put({ ...dns, spec: local('both') })],
    when: put({ ...web, spec: local('both') }),
    expect: { web: 'shop=10.0.0.1' },
  },
  {
    name: 'Local: not with another selector',
    given: [shop('10.0.0.1-10.0.0.8'), put({ ...dns, spec: local('dns') })],
    when: put({ ...web, spec: local('web') }),
    expect: { web: 'shop=10.0.0.2' },
  },
  {
    name: 'Local: not with Cluster, be the selector the same',
    given: [shop('10.0.0.1-10.0.0.8'), put({ ...dns, spec: local('both') })],
    when: put({ ...web, spec: cluster('both') }),
    expect: { web: 'shop=10.0.0.2' },
  },
  {
    name: 'asked for by address: waits and says why',
    given: [shop('10.0.0.1-10.0.0.8'), put({ ...dns, spec: local('both') })],
    when: put({ ...web, annotations: { ...k, ...asks('10.0.0.1') }, spec: cluster('both') }),
    expect: { web: 'SharingRefused' },
    says: { web: /10\.0\.0\.1 can't be shared with Service default\/dns: its externalTrafficPolicy is Local/ },
  },
];

const frees: readonly Rule[] = [
  {
    name: 'the port with its Service: another partner may have it',
    given: shared,
    when: [remove('web'), put({ ...web, name: 'next' })],
    expect: { dns: 'shop=10.0.0.1', next: 'shop=10.0.0.1' },
  },
  {
    name: 'not the address, while a partner is there',
    given: [shop('10.0.0.1'), put(dns), put(web), put({ name: 'alone', ports: [81], createdSecond: 2 })],
    when: remove('dns'),
    expect: { web: 'shop=10.0.0.1', alone: 'PoolExhausted' },
  },
  {
    name: 'the address with the last one',
    given: [shop('10.0.0.1'), put(dns), put(web), put({ name: 'alone', createdSecond: 2 })],
    when: [remove('dns'), remove('web')],
    expect: { alone: 'shop=10.0.0.1' },
  },
  {
    name: 'all who may share a freed address get it, the oldest decides the key',
    given: [
      shop('10.0.0.1'),
      put({ name: 'holder' }),
      put({ ...dns, createdSecond: 1 }, { ...web, createdSecond: 3 }, { name: 'alone', ports: [9], createdSecond: 2 }),
    ],
    when: remove('holder'),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1', alone: 'PoolExhausted' },
  },
];

const changes: readonly Rule[] = [
  {
    name: 'another key, for the only user: in place, and others join it under that',
    given: [shop('10.0.0.1-10.0.0.8'), put(dns)],
    when: [put({ ...dns, annotations: j }), put({ ...web, annotations: j }), put({ name: 'kay', annotations: k })],
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1', kay: 'shop=10.0.0.2' },
    events: { dns: [] },
  },
  {
    name: 'a first key, for the only user: in place, and who waits for that is served',
    given: [
      shop('10.0.0.1-10.0.0.8'),
      put({ ...dns, annotations: {} }),
      put({ ...web, annotations: { ...k, ...asks('10.0.0.1') } }),
    ],
    when: put(dns),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1' },
  },
  {
    name: 'another policy, for the only user: in place',
    given: [shop('10.0.0.1-10.0.0.8'), put(dns)],
    when: [put({ ...dns, spec: local('both') }), put({ ...web, spec: local('both') })],
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1' },
    events: { dns: [] },
  },
  {
    name: 'another key, for one of two: refused with the reason; it waits, gets no other address, and the partner stays',
    given: shared,
    when: put({ ...web, annotations: j }),
    expect: { dns: 'shop=10.0.0.1', web: 'SharingRefused' },
    says: { web: /10\.0\.0\.1, which it had, can't be shared with Service default\/dns: its sharing key is "k"/ },
    events: { web: ['ClearAssignment', 'SharingRefused'], dns: [] },
  },
  {
    name: 'another key, for one of two, and back: it has the address again',
    given: [...shared, put({ ...web, annotations: j })],
    when: put(web),
    expect: { web: 'shop=10.0.0.1' },
    events: { web: ['IPAllocated'] },
  },
  {
    name: 'another key, for one and then for the other: together again',
    given: [...shared, put({ ...web, annotations: j })],
    when: put({ ...dns, annotations: j }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1' },
  },
  {
    name: 'another key, for one of two, and the other goes: it has the address for itself',
    given: [...shared, put({ ...web, annotations: j })],
    when: remove('dns'),
    expect: { web: 'shop=10.0.0.1' },
  },
  {
    name: 'another key, for one of two, which then asks for another address: it gets that',
    given: [...shared, put({ ...web, annotations: j })],
    when: put({ ...web, annotations: { ...j, ...asks('10.0.0.5') } }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.5' },
  },
  {
    name: 'another key, for one of two in one NodePool and the only user in another: refused here, in place there',
    given: [
      site('shop', { tier: 'shop' }, '10.0.0.1-10.0.0.8'),
      site('bar', { tier: 'bar' }, '10.0.9.1-10.0.9.8'),
      put(web),
      put({ ...dns, annotations: { ...k, [SELECTOR]: 'tier=shop' } }),
    ],
    when: put({ ...web, annotations: j }),
    expect: { dns: 'shop=10.0.0.1', web: 'bar=10.0.9.1 SharingRefused' },
  },
  {
    name: 'no key any more, for one of two: an address of its own',
    given: shared,
    when: put({ ...web, annotations: {} }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.2' },
  },
  {
    name: 'another policy, for one of two: refused with the reason, until the other follows',
    given: shared,
    when: put({ ...web, spec: local('both') }),
    expect: { dns: 'shop=10.0.0.1', web: 'SharingRefused' },
    says: { web: /which it had, can't be shared with Service default\/dns: its externalTrafficPolicy is Cluster/ },
  },
  {
    name: 'another policy, for one and then for the other: together again',
    given: [...shared, put({ ...web, spec: local('both') })],
    when: put({ ...dns, spec: local('both') }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1' },
  },
  {
    name: 'another selector under Local, for one of two: refused with the reason',
    given: [shop('10.0.0.1-10.0.0.8'), put({ ...dns, spec: local('both') }), put({ ...web, spec: local('both') })],
    when: put({ ...web, spec: local('web') }),
    expect: { dns: 'shop=10.0.0.1', web: 'SharingRefused' },
  },
  {
    name: 'another selector under Cluster changes nothing',
    given: shared,
    when: put({ ...web, spec: cluster('new') }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1' },
  },
  {
    name: 'another port that is free: in place',
    given: shared,
    when: put({ ...web, ports: [8080] }),
    expect: { web: 'shop=10.0.0.1' },
    events: { web: [] },
  },
  {
    name: 'another port that the partner has: it loses the address, waits, and gets no other',
    given: shared,
    when: put({ ...web, ports: [53] }),
    expect: { dns: 'shop=10.0.0.1', web: 'PortInUse' },
    events: { web: ['ClearAssignment', 'PortInUse'], dns: [] },
  },
  {
    name: 'another port that the partner has, until it has another one too',
    given: [...shared, put({ ...web, ports: [53] })],
    when: put({ ...dns, ports: [54] }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.1' },
  },
  {
    name: 'a key changed while no controller runs: refused for the younger, and nobody moves',
    given: shared,
    when: meanwhile(put({ ...web, annotations: j })),
    expect: { dns: 'shop=10.0.0.1', web: 'SharingRefused' },
  },
  {
    name: 'another key, for one of two with both families: neither is kept by half, and both come back',
    given: [
      shop('10.0.0.1-10.0.0.8', '"fd00::1-fd00::8"'),
      put({ ...dns, spec: BOTH }),
      put({ ...web, spec: BOTH }),
      put({ ...web, spec: BOTH, annotations: j }),
    ],
    when: remove('dns'),
    expect: { web: 'shop=10.0.0.1 shop=fd00::1' },
    events: { web: ['IPAllocated'] },
  },
];

const holder = (more: Partial<Holder> = {}): Holder => ({
  ...{ key: 'ns/web', uid: 'u', ports: [], sharingKey: 'k', externalTrafficPolicy: 'Cluster', podSelector: 'app=web' },
  ...{ namespace: 'ns', labels: {} },
  ...more,
});
const refused = (why: string): Refusal => ({ reason: 'SharingRefused', holder: 'ns/web', why });
const pairs: readonly { name: string; asking: Holder; holding: Holder; want: Refusal | undefined }[] = [
  { name: 'the same key and policy', asking: holder(), holding: holder(), want: undefined },
  {
    name: 'who has no key asks in vain',
    asking: holder({ sharingKey: undefined }),
    holding: holder(),
    want: { reason: 'AddressInUse', holder: 'ns/web' },
  },
  {
    name: 'the holder has none',
    asking: holder(),
    holding: holder({ sharingKey: undefined }),
    want: refused('it has no sharing key'),
  },
  {
    name: 'another key, of which a message takes sixty characters',
    asking: holder(),
    holding: holder({ sharingKey: 'x'.repeat(200_000) }),
    want: refused(`its sharing key is "${'x'.repeat(60)}…"`),
  },
  {
    name: 'another policy',
    asking: holder(),
    holding: holder({ externalTrafficPolicy: 'Local' }),
    want: refused('its externalTrafficPolicy is Local'),
  },
];

describe('sharing', () => {
  describe('who may share one address', () => itHolds(ports));
  describe('externalTrafficPolicy', () => itHolds(policies));
  describe('what comes free', () => itHolds(frees));
  describe('a change', () => itHolds(changes));
  describe('what is said', () => {
    for (const { name, asking, holding, want } of pairs) {
      it(name, () => assert.deepEqual(sharingRefusal(asking, holding), want));
    }
  });
});
