import type { ServiceSpec } from '../world.ts';
import {
  after,
  asks,
  itHolds,
  meanwhile,
  node,
  noNode,
  POOL,
  put,
  REST_MS,
  type Rule,
  remove,
  restart,
  SELECTOR,
  SHARE,
  type Step,
  shop,
  site,
  terminating,
  together,
} from './rule.ts';

const V6 = { ipFamilies: ['IPv6'] };

const open = shop('10.0.0.1-10.0.0.8', '"fd00::1-fd00::8"');
/** Three NodePools, two of which have the same range. */
const three: readonly Step[] = [
  site('shop', { tier: 'shop' }, '10.0.0.1-10.0.0.8'),
  site('bar', { tier: 'bar' }, '10.0.0.1-10.0.0.8'),
  site('depot', { tier: 'depot' }, '10.7.0.1-10.7.0.8'),
];

const rival: ServiceSpec = { name: 'rival', annotations: asks('10.0.0.5'), createdSecond: 1 };
const conflicts: readonly Rule[] = [
  {
    name: 'two for one address: the first keeps it, the other waits, gets no other, and is told who has it',
    given: [open, put({ annotations: asks('10.0.0.5') })],
    when: put(rival),
    expect: { web: 'shop=10.0.0.5', rival: 'AddressInUse' },
    says: { rival: /10\.0\.0\.5 is held by Service default\/web\. Ask for another address, or give both/ },
    events: { rival: ['AddressInUse'], web: [] },
  },
  {
    name: 'an older one that comes to ask takes nothing from a younger',
    given: [open, put(rival), put({})],
    when: put({ annotations: asks('10.0.0.5') }),
    expect: { web: 'shop=10.0.0.1 AddressInUse', rival: 'shop=10.0.0.5' },
  },
  {
    name: 'two at once: the older, and of the same age the first in the alphabet',
    given: [open, put({ name: 'holder', annotations: asks('10.0.0.5') })],
    when: [put({ ...rival, name: 'b' }, { ...rival, name: 'a' }), remove('holder')],
    expect: { a: 'shop=10.0.0.5', b: 'AddressInUse' },
  },
  {
    name: 'it is served when the holder goes',
    given: [open, put({ annotations: asks('10.0.0.5') }), put(rival)],
    when: remove('web'),
    expect: { rival: 'shop=10.0.0.5' },
  },
  {
    name: 'it is served when the holder asks for another',
    given: [open, put({ annotations: asks('10.0.0.5') }), put(rival)],
    when: put({ annotations: asks('10.0.0.6') }),
    expect: { web: 'shop=10.0.0.6', rival: 'shop=10.0.0.5' },
  },
  {
    name: 'it is served when the holder is no LoadBalancer any more',
    given: [open, put({ annotations: asks('10.0.0.5') }), put(rival)],
    when: (cluster) => {
      // as the API server does it, and the informer, which sees LoadBalancers only, tells it as a deletion too
      put({ spec: { type: 'ClusterIP' } })(cluster);
      const former = cluster.serviceMap.get('default/web');
      if (former !== undefined) cluster.serviceMap.set('default/web', { ...former, status: {} });
    },
    expect: { rival: 'shop=10.0.0.5' },
  },
  {
    name: 'it is served when the holder becomes that of another class, once its entries are gone',
    given: [open, put({ annotations: asks('10.0.0.5') }), put(rival)],
    when: (cluster) => {
      put({ spec: { loadBalancerClass: 'example.com/other' } })(cluster);
      const former = cluster.serviceMap.get('default/web');
      if (former !== undefined) cluster.serviceMap.set('default/web', { ...former, status: {} });
    },
    expect: { rival: 'shop=10.0.0.5' },
  },
  {
    name: 'not while the holder is only being deleted',
    given: [open, put({ annotations: asks('10.0.0.5') }), put(rival)],
    when: terminating('web'),
    expect: { web: 'shop=10.0.0.5', rival: 'AddressInUse' },
  },
  {
    name: 'but when it is gone',
    given: [open, put({ annotations: asks('10.0.0.5') }), put(rival), terminating('web'), restart],
    when: remove('web'),
    expect: { rival: 'shop=10.0.0.5' },
  },
  {
    name: 'one that is being deleted gets nothing any more, and the next in line does',
    given: [
      shop('10.0.0.1'),
      put({ name: 'holder' }),
      put({ createdSecond: 1 }),
      put({ name: 'next', createdSecond: 2 }),
    ],
    when: [terminating('web'), remove('holder')],
    expect: { web: 'PoolExhausted', next: 'shop=10.0.0.1' },
  },
  {
    name: 'the same address and port in another NodePool: waits, because kube-proxy knows both',
    given: [...three, put({ annotations: { ...asks('10.0.0.5'), [SELECTOR]: 'tier=shop' } })],
    when: put({ name: 'rival', annotations: { ...asks('10.0.0.5', 'bar'), [SELECTOR]: 'tier=bar' } }),
    expect: { rival: 'PortInUse' },
    says: { rival: /NodePool bar: TCP port 80 of 10\.0\.0\.5 is held by Service default\/web/ },
  },
  {
    name: 'the same address in another NodePool, on another port',
    given: [...three, put({ annotations: { ...asks('10.0.0.5'), [SELECTOR]: 'tier=shop' } })],
    when: put({ name: 'rival', ports: [81], annotations: { ...asks('10.0.0.5', 'bar'), [SELECTOR]: 'tier=bar' } }),
    expect: { web: 'shop=10.0.0.5', rival: 'bar=10.0.0.5' },
  },
  {
    name: "a Node's address",
    given: [open, node('n1', '10.0.0.5')],
    when: put({ annotations: asks('10.0.0.5') }),
    expect: { web: 'NodeAddress' },
  },
  {
    name: "a Node's address, and the Node goes",
    given: [open, node('n1', '10.0.0.5'), put({ annotations: asks('10.0.0.5') })],
    when: noNode('n1'),
    expect: { web: 'shop=10.0.0.5' },
  },
  {
    name: 'an address that rests: waits, is told whose it was, and has it when it has rested',
    rests: true,
    given: [open, put({ annotations: asks('10.0.0.5') }), remove('web'), put(rival)],
    when: after(REST_MS - 1),
    expect: { rival: 'AddressResting' },
    says: { rival: /10\.0\.0\.5 rests: Service default\/web gave it back/ },
    afterRestart: { rival: 'shop=10.0.0.5' },
  },
  {
    name: 'an address that rested',
    rests: true,
    given: [open, put({ annotations: asks('10.0.0.5') }), remove('web'), put(rival)],
    when: after(REST_MS),
    expect: { rival: 'shop=10.0.0.5' },
  },
  {
    name: 'an address that rests, and its former Service comes back for it',
    rests: true,
    given: [open, put({ annotations: asks('10.0.0.5') }), remove('web'), put(rival)],
    when: put({}),
    expect: { web: 'shop=10.0.0.5', rival: 'AddressInUse' },
  },
];

const changes: readonly Rule[] = [
  {
    name: 'asked for later: it moves, each end told by an Event',
    given: [open, put({})],
    when: put({ annotations: asks('10.0.0.5') }),
    expect: { web: 'shop=10.0.0.5' },
    events: { web: ['IPAllocated', 'ClearAssignment'] },
  },
  {
    name: 'asked for later, and not free: what it has stays until then',
    given: [open, put(rival), put({})],
    when: put({ annotations: asks('10.0.0.5') }),
    expect: { web: 'shop=10.0.0.1 AddressInUse' },
  },
  {
    name: 'two that ask for the address of each other: each keeps its own',
    given: [open, put({}), put({ name: 'other', createdSecond: 1 })],
    when: [put({ annotations: asks('10.0.0.2') }), put({ name: 'other', annotations: asks('10.0.0.1') })],
    expect: { web: 'shop=10.0.0.1 AddressInUse', other: 'shop=10.0.0.2 AddressInUse' },
  },
  {
    name: 'two that ask for the address of each other, one of which goes to a third',
    given: [
      open,
      put({}),
      put({ name: 'other', createdSecond: 1 }),
      put({ name: 'other', annotations: asks('10.0.0.1') }),
      put({ annotations: asks('10.0.0.3') }),
    ],
    when: put({ annotations: asks('10.0.0.2') }),
    expect: { web: 'shop=10.0.0.2', other: 'shop=10.0.0.1' },
  },
  {
    name: 'no longer asked for: no reason to move',
    given: [open, put({ annotations: asks('10.0.0.5') })],
    when: put({}),
    expect: { web: 'shop=10.0.0.5' },
  },
  {
    name: 'no longer asked for while it waits: any other',
    given: [open, put(rival), put({ annotations: asks('10.0.0.5') })],
    when: put({}),
    expect: { web: 'shop=10.0.0.1' },
  },
  {
    name: 'no longer asked for while no controller runs: any other',
    given: [
      open,
      put({ ...rival, annotations: { ...asks('10.0.0.5'), [SHARE]: 'k' } }),
      put({ annotations: { ...asks('10.0.0.5'), [SHARE]: 'k' } }),
    ],
    when: meanwhile(put({ annotations: { [SHARE]: 'k' } })),
    expect: { web: 'shop=10.0.0.1' },
  },
];

/** Deleted and created again under its name before the controller looks. */
const anew = (spec: ServiceSpec): Step => {
  return (cluster) => {
    const former = cluster.serviceMap.get('default/web');
    cluster.serviceMap.delete('default/web');
    put(spec)(cluster);
    const made = cluster.serviceMap.get('default/web');
    if (former === undefined || made === undefined) throw new Error('there is no Service web');
    cluster.putService({ ...made, metadata: { ...made.metadata, uid: `${former.metadata.uid}-anew` } });
  };
};
const k = { [SHARE]: 'k' };
const madeAnew: readonly Rule[] = [
  {
    name: 'it keeps nothing that it is not entitled to',
    given: [open, put({ annotations: asks('10.0.0.5') })],
    when: anew({ annotations: { [POOL]: 'silver' } }),
    expect: { web: 'NoSuchPool' },
  },
  {
    name: 'it waits for nothing that its former lost: at the change',
    given: [open, put({ name: 'dns', ports: [53], annotations: k }), put({ annotations: k, createdSecond: 1 })],
    when: anew({ annotations: { [SHARE]: 'j' }, createdSecond: 2 }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.2' },
  },
  {
    name: 'it waits for nothing that its former lost: before',
    given: [
      open,
      put({ name: 'dns', ports: [53], annotations: k }),
      put({ annotations: k, createdSecond: 1 }),
      put({ ports: [53], annotations: k }),
    ],
    when: anew({ ports: [53], annotations: k, createdSecond: 2 }),
    expect: { dns: 'shop=10.0.0.1', web: 'shop=10.0.0.2' },
  },
  {
    name: 'what its former asked for is free for others',
    given: [open, put({ annotations: asks('10.0.0.5') }), put(rival)],
    when: anew({ createdSecond: 2 }),
    expect: { web: 'shop=10.0.0.1', rival: 'shop=10.0.0.5' },
  },
];

const restarts: readonly Rule[] = [
  {
    name: 'who waits, and is planned first, takes nothing from who has one',
    given: [
      shop('10.0.0.1'),
      put({ name: 'young', createdSecond: 9 }),
      put({ name: 'old', createdSecond: 1 }),
      put({ name: 'older', annotations: asks('10.0.0.1') }),
    ],
    when: restart,
    expect: { young: 'shop=10.0.0.1', old: 'PoolExhausted', older: 'AddressInUse' },
    events: { young: [], old: [], older: [] },
  },
  {
    name: 'nor one that comes while no controller runs',
    given: [open, put({ createdSecond: 9 })],
    when: meanwhile(put({ name: 'a', annotations: asks('10.0.0.1') })),
    expect: { web: 'shop=10.0.0.1', a: 'AddressInUse' },
  },
  {
    name: 'what came free meanwhile goes to the oldest who waits',
    given: [
      shop('10.0.0.1'),
      put({ name: 'holder' }),
      put({ name: 'young', createdSecond: 9 }, { name: 'old', createdSecond: 1 }),
    ],
    when: meanwhile(remove('holder')),
    expect: { old: 'shop=10.0.0.1', young: 'PoolExhausted' },
  },
  {
    name: 'two that record one address without sharing: the older keeps it',
    given: [open],
    when: together(
      put(
        { name: 'a-young', createdSecond: 9, ingress: [{ ip: '10.0.0.3', hostname: 'shop', ipMode: 'VIP' }] },
        { name: 'z-old', createdSecond: 1, ingress: [{ ip: '10.0.0.3', hostname: 'shop', ipMode: 'VIP' }] },
      ),
      restart,
    ),
    expect: { 'z-old': 'shop=10.0.0.3', 'a-young': 'shop=10.0.0.1' },
    events: { 'z-old': [], 'a-young': ['IPAllocated', 'ClearAssignment', 'AddressInUse'] },
  },
  {
    name: 'a status that somebody empties is written again, the address the same',
    given: [open, put({ name: 'first' }), put({}), remove('first')],
    when: (cluster) => {
      const object = cluster.serviceMap.get('default/web');
      if (object !== undefined) cluster.serviceMap.set('default/web', { ...object, status: {} });
      cluster.add('service:default/web');
    },
    expect: { web: 'shop=10.0.0.2' },
  },
  {
    name: 'an address in the status that is written otherwise is the same',
    given: [open],
    when: together(put({ spec: V6, ingress: [{ ip: 'FD00:0::3', hostname: 'shop', ipMode: 'VIP' }] }), restart),
    expect: { web: 'shop=fd00::3' },
  },
];

describe('requests for addresses that others have, and later', () => {
  describe('that meet others', () => itHolds(conflicts));
  describe('that change', () => itHolds(changes));
  describe('of a Service made anew', () => itHolds(madeAnew));
  describe('and a restart', () => itHolds(restarts));
});
