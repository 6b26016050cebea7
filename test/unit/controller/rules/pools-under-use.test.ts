import { strict as assert } from 'node:assert';
import { MemoryCluster } from '../memory-cluster.ts';
import {
  after,
  asks,
  badConfig,
  config,
  itHolds,
  meanwhile,
  noConfig,
  POOL,
  type PoolLine,
  pools,
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
} from './rule.ts';

const k = { [SHARE]: 'k' };

const four = [1, 2, 3, 4].map((at) => put({ name: `s${at}`, createdSecond: at }));
const renumbered = (...lines: readonly PoolLine[]): Step => config('shop', lines, { renumber: true });
const underUse: readonly Rule[] = [
  {
    name: 'a text that cannot be read: what is in force stays in force, and is said once',
    given: [shop('10.0.0.1-10.0.0.2'), put({})],
    when: [badConfig('shop'), put({ name: 'next' })],
    expect: { web: 'shop=10.0.0.1', next: 'shop=10.0.0.2' },
    events: { shop: ['ConfigRefused'] },
  },
  {
    name: 'a text that cannot be read, and a restart: what is given stays, and nothing new is given',
    given: [shop('10.0.0.1-10.0.0.9'), put({}), badConfig('shop'), restart],
    when: put({ name: 'next' }, { name: 'asks', annotations: { ...asks('10.0.0.7'), [SELECTOR]: 'tier' } }),
    expect: { web: 'shop=10.0.0.1', next: 'ConfigRefused', asks: 'ConfigRefused' },
  },
  {
    name: 'a text that is corrected: who waits is served',
    given: [badConfig('shop'), put({})],
    when: shop('10.0.0.1'),
    expect: { web: 'shop=10.0.0.1' },
    events: { shop: ['ConfigLoaded'] },
  },
  {
    name: 'a range more: who waits is served',
    given: [shop('10.0.0.1'), put({}), put({ name: 'next' })],
    when: shop('10.0.0.1', '10.0.0.9'),
    expect: { web: 'shop=10.0.0.1', next: 'shop=10.0.0.9' },
    events: { web: [], shop: [] },
  },
  {
    name: 'the same addresses written as a prefix, a range, or one by one: nothing',
    given: [shop('10.0.0.0/30'), put({ annotations: asks('10.0.0.2') })],
    when: [shop('10.0.0.0-10.0.0.3'), shop('10.0.0.3', '10.0.0.2', '10.0.0.1', '10.0.0.0')],
    expect: { web: 'shop=10.0.0.2' },
    events: { web: [], shop: [] },
  },
  {
    name: 'a new priority moves nobody',
    given: [pools(['a', '10.0.0.1'], ['b', '10.0.0.2']), put({})],
    when: [pools(['a', '10.0.0.1'], ['b', '10.0.0.2', 'priority: 1']), put({ name: 'next' })],
    expect: { web: 'shop=10.0.0.1', next: 'shop=10.0.0.2' },
  },
  {
    name: 'a range that shrinks where nobody is: in force at once',
    given: [shop('10.0.0.1-10.0.0.9'), put({})],
    when: [shop('10.0.0.1-10.0.0.2'), put({ name: 'next' }), put({ name: 'third' })],
    expect: { web: 'shop=10.0.0.1', next: 'shop=10.0.0.2', third: 'PoolExhausted' },
    events: { shop: [] },
  },
  {
    name: 'a range that shrinks under use: refused, with the Services named',
    given: [shop('10.0.0.1-10.0.0.9'), ...four],
    when: shop('10.0.0.1-10.0.0.2', '10.0.0.7-10.0.0.8'),
    expect: { s1: 'shop=10.0.0.1', s2: 'shop=10.0.0.2', s3: 'shop=10.0.0.3', s4: 'shop=10.0.0.4' },
    says: { shop: /would take addresses that are in use: 10\.0\.0\.3 \(default\/s3\), 10\.0\.0\.4 \(default\/s4\)\./ },
    events: { shop: ['ConfigRefused'], s3: [] },
  },
  {
    name: 'a refused one comes into force when it takes nothing any more',
    given: [shop('10.0.0.1-10.0.0.9'), put({}), shop('10.5.0.1')],
    when: [remove('web'), put({ name: 'next' })],
    expect: { next: 'shop=10.5.0.1' },
    events: { shop: ['ConfigLoaded'] },
  },
  {
    name: 'a range that shrinks under use, and a restart: all stay, nothing new is given, and it is said again by nobody',
    given: [shop('10.0.0.1-10.0.0.9'), ...four, shop('10.0.0.1-10.0.0.2', '10.0.0.7-10.0.0.8'), restart],
    when: put({ createdSecond: 9 }),
    expect: {
      s1: 'shop=10.0.0.1',
      s2: 'shop=10.0.0.2',
      s3: 'shop=10.0.0.3',
      s4: 'shop=10.0.0.4',
      web: 'ConfigRefused',
    },
  },
  {
    name: 'allow-renumber: whom it must it moves, one by one, each told by Events; the others stay',
    given: [shop('10.0.0.1-10.0.0.9'), ...four],
    when: renumbered(['a', '10.0.0.1-10.0.0.2'], ['b', '10.0.0.7-10.0.0.8']),
    expect: { s1: 'shop=10.0.0.1', s2: 'shop=10.0.0.2', s3: 'shop=10.0.0.7', s4: 'shop=10.0.0.8' },
    events: { s1: [], s3: ['IPAllocated', 'ClearAssignment'], s4: ['IPAllocated', 'ClearAssignment'], shop: [] },
  },
  {
    name: 'allow-renumber added to a text that was refused',
    given: [pools(['a', '10.0.0.1']), put({}), pools(['a', '10.0.0.9'])],
    when: renumbered(['a', '10.0.0.9']),
    expect: { web: 'shop=10.0.0.9' },
    events: { shop: ['ConfigLoaded'] },
  },
  {
    name: 'allow-renumber: whom no pool can take waits, the youngest, and is served when there is room',
    given: [pools(['a', '10.0.0.1-10.0.0.2']), put({ name: 's1' }, { name: 's2', createdSecond: 1 })],
    when: renumbered(['a', '10.0.0.9']),
    expect: { s1: 'shop=10.0.0.9', s2: 'PoolExhausted' },
    events: { s2: ['ClearAssignment', 'PoolExhausted'] },
  },
  {
    name: 'allow-renumber: there is room again',
    given: [
      pools(['a', '10.0.0.1-10.0.0.2']),
      put({ name: 's1' }, { name: 's2', createdSecond: 1 }),
      renumbered(['a', '10.0.0.9']),
    ],
    when: remove('s1'),
    expect: { s2: 'shop=10.0.0.9' },
  },
  {
    name: 'a pool under another name, of which nobody asks for the old one: in force at once',
    given: [pools(['a', '10.0.0.1']), put({})],
    when: [pools(['b', '10.0.0.1']), put({ name: 'named', annotations: { [POOL]: 'b' } })],
    expect: { web: 'shop=10.0.0.1', named: 'PoolExhausted' },
    events: { shop: [], web: [] },
  },
  {
    name: 'a pool under another name, of which a Service asks for the old one: refused',
    given: [pools(['a', '10.0.0.1']), put({ annotations: { [POOL]: 'a' } })],
    when: pools(['b', '10.0.0.1']),
    expect: { web: 'shop=10.0.0.1' },
    says: { shop: /10\.0\.0\.1 \(default\/web, which asks for address pool "a"\)/ },
    events: { shop: ['ConfigRefused'] },
    afterRestart: { web: 'shop=10.0.0.1 NoSuchPool' },
  },
  {
    name: 'a pool under another name, and the Service ceases to ask: in force',
    given: [pools(['a', '10.0.0.1']), put({ annotations: { [POOL]: 'a' } }), pools(['b', '10.0.0.1'])],
    when: put({}),
    expect: { web: 'shop=10.0.0.1' },
    events: { shop: ['ConfigLoaded'] },
  },
  {
    name: 'allow-renumber: who asks for a name that is gone keeps its address and is told',
    given: [pools(['a', '10.0.0.1']), put({ annotations: { [POOL]: 'a' } })],
    when: renumbered(['b', '10.0.0.1']),
    expect: { web: 'shop=10.0.0.1 NoSuchPool' },
    events: { web: ['NoSuchPool'] },
  },
  {
    name: 'a range that goes over to another pool is taken from who asks for the first by name: refused',
    given: [pools(['a', '10.0.0.1'], ['b', '10.0.0.2-10.0.0.9']), put({ annotations: { [POOL]: 'a' } })],
    when: pools(['a', '10.0.0.9'], ['b', '10.0.0.1-10.0.0.8']),
    expect: { web: 'shop=10.0.0.1' },
    events: { shop: ['ConfigRefused'] },
    afterRestart: { web: 'shop=10.0.0.9' },
  },
  {
    name: 'allow-renumber: it moves to the pool that it asks for; who asked for the address stays',
    given: [
      pools(['a', '10.0.0.1'], ['b', '10.0.0.2-10.0.0.9']),
      put({ annotations: { [POOL]: 'a' } }, { name: 'asks', annotations: asks('10.0.0.2') }),
    ],
    when: renumbered(['a', '10.0.0.9'], ['b', '10.0.0.1-10.0.0.8']),
    expect: { web: 'shop=10.0.0.9', asks: 'shop=10.0.0.2' },
  },
  {
    name: 'allow-renumber: who asks by name for an address that no range holds any more loses it and waits',
    given: [pools(['a', '10.0.0.1-10.0.0.9']), put({ annotations: asks('10.0.0.5') })],
    when: renumbered(['a', '10.0.0.1']),
    expect: { web: 'AddressNotInPool' },
    events: { web: ['ClearAssignment', 'AddressNotInPool'] },
  },
  {
    name: 'allow-renumber: who waits for another address loses what no range holds any more',
    given: [
      pools(['a', '10.0.0.1-10.0.0.9']),
      put({ name: 'first' }),
      put({ annotations: asks('10.0.0.5') }),
      put({ annotations: asks('10.0.0.1') }),
    ],
    when: renumbered(['a', '10.0.0.1']),
    expect: { first: 'shop=10.0.0.1', web: 'AddressInUse' },
  },
  {
    name: 'allow-renumber: and has it back when a range holds it again',
    given: [pools(['a', '10.0.0.1-10.0.0.9']), put({ annotations: asks('10.0.0.5') }), renumbered(['a', '10.0.0.1'])],
    when: pools(['a', '10.0.0.1'], ['b', '10.0.0.5', 'auto-assign: false']),
    expect: { web: 'shop=10.0.0.5' },
  },
  {
    name: 'a pool that disappears under use: refused',
    given: [pools(['a', '10.0.0.1'], ['b', '10.0.0.9']), put({})],
    when: pools(['b', '10.0.0.9']),
    expect: { web: 'shop=10.0.0.1' },
    events: { shop: ['ConfigRefused'] },
  },
  {
    name: 'allow-renumber: its Services go to another one',
    given: [pools(['a', '10.0.0.1'], ['b', '10.0.0.9']), put({})],
    when: renumbered(['b', '10.0.0.9']),
    expect: { web: 'shop=10.0.0.9' },
  },
  {
    name: 'a shared address moves with all its Services',
    given: [
      pools(['a', '10.0.0.1']),
      put({ annotations: k }, { name: 'dns', ports: [53], annotations: k, createdSecond: 1 }),
    ],
    when: renumbered(['a', '10.0.0.8-10.0.0.9']),
    expect: { web: 'shop=10.0.0.8', dns: 'shop=10.0.0.8' },
  },
  {
    name: 'a deleted ConfigMap stays in force while its addresses are used',
    given: [shop('10.0.0.1-10.0.0.9'), put({})],
    when: [noConfig('shop'), put({ name: 'next' })],
    expect: { web: 'shop=10.0.0.1', next: 'shop=10.0.0.2' },
  },
  {
    name: 'a deleted ConfigMap is gone with the last of them',
    given: [shop('10.0.0.1-10.0.0.9'), put({}), noConfig('shop')],
    when: [remove('web'), put({ name: 'next' })],
    expect: { next: 'NoNodePool' },
  },
  {
    name: 'a ConfigMap deleted and made anew, under another name too: nobody moves',
    given: [shop('10.0.0.1-10.0.0.9'), put({ name: 'first' }), put({}), remove('first')],
    when: [noConfig('shop'), config('shop', [['default', '10.0.0.1-10.0.0.9']], { name: 'anew' })],
    expect: { web: 'shop=10.0.0.2' },
    events: { web: [], anew: [] },
  },
  {
    name: 'a range that is to go, and its last Service is only being deleted: refused until it is gone',
    given: [shop('10.0.0.1'), put({}), terminating('web'), shop('10.0.0.9'), put({ name: 'early' })],
    when: [remove('web'), put({ name: 'late', createdSecond: 1 })],
    expect: { early: 'shop=10.0.0.9', late: 'PoolExhausted' },
  },
  {
    name: 'a deleted ConfigMap that had allow-renumber: what is given stays, nothing new is given',
    given: [config('shop', [['a', '10.0.0.1-10.0.0.9']], { renumber: true }), put({})],
    when: [noConfig('shop'), put({ name: 'next', annotations: { [SELECTOR]: 'tier' } })],
    expect: { web: 'shop=10.0.0.1', next: 'NoConfig' },
  },
  {
    name: 'a ConfigMap deleted while no controller runs: what is given stays',
    given: [shop('10.0.0.1-10.0.0.9'), put({})],
    when: [meanwhile(noConfig('shop')), put({ name: 'next', annotations: { [SELECTOR]: 'tier' } })],
    expect: { web: 'shop=10.0.0.1', next: 'NoConfig' },
  },
];

const rests: readonly Rule[] = (
  [
    {
      name: 'a released address goes to nobody else before it has rested',
      given: [shop('10.0.0.1'), put({}, { name: 'next', createdSecond: 1 }), remove('web')],
      when: after(REST_MS - 1),
      expect: { next: 'PoolExhausted' },
      says: { next: /0 of 1 free; released ones rest first/ },
      afterRestart: { next: 'shop=10.0.0.1' }, // a new process knows of no rest
    },
    {
      name: 'then to who waits',
      given: [shop('10.0.0.1'), put({}, { name: 'next', createdSecond: 1 }), remove('web')],
      when: after(REST_MS),
      expect: { next: 'shop=10.0.0.1' },
    },
    {
      name: 'one of that namespace and name has it back at once, before free ones',
      given: [shop('10.0.0.1-10.0.0.9'), put({ name: 'x' }, {}), remove('x', 'web')],
      when: put({}, { name: 'y' }),
      expect: { web: 'shop=10.0.0.2', y: 'shop=10.0.0.3' },
    },
    {
      name: 'a shared address does not rest while one is left',
      given: [
        shop('10.0.0.1'),
        put({ name: 'x', ports: [1], annotations: k }, { name: 'y', ports: [2], annotations: k }),
        remove('x'),
      ],
      when: put({ name: 'z', ports: [3], annotations: k }),
      expect: { y: 'shop=10.0.0.1', z: 'shop=10.0.0.1' },
    },
    {
      name: 'but when the last one leaves it',
      given: [shop('10.0.0.1'), put({ name: 'x', ports: [1], annotations: k }), remove('x')],
      when: put({ name: 'z', ports: [3], annotations: k }),
      expect: { z: 'PoolExhausted' },
      afterRestart: { z: 'shop=10.0.0.1' },
    },
    {
      name: 'a change of ports is no release',
      given: [shop('10.0.0.1'), put({})],
      when: put({ ports: [443] }),
      expect: { web: 'shop=10.0.0.1' },
    },
    {
      name: 'a configuration that waits for a release does not wait for the rest',
      given: [shop('10.0.0.1'), put({}), shop('10.0.0.9'), remove('web')],
      when: put({ name: 'next' }),
      expect: { next: 'shop=10.0.0.9' },
    },
    {
      name: 'each NodePool for itself',
      given: [site('bar', {}), shop('10.0.0.1'), put({}), remove('web'), config('bar', [['default', '10.0.0.1']])],
      when: put({ name: 'next' }),
      expect: { next: 'bar=10.0.0.1 PoolExhausted' },
      afterRestart: { next: 'bar=10.0.0.1 shop=10.0.0.1' },
    },
  ] satisfies readonly Rule[]
).map((rule) => ({ ...rule, rests: true }));

describe('address pools under use', () => {
  describe('a ConfigMap that changes', () => itHolds(underUse));
  describe('--release-cooldown', () => {
    itHolds(rests);

    it('the end of a rest is asked for, and a change of ports is none', async () => {
      const cluster = new MemoryCluster();
      cluster.restMs = REST_MS;
      cluster.restart();
      cluster.putNodePool('shop', { tier: 'shop' });
      const steps = [shop('10.0.0.1'), put({}), put({ ports: [443] })];
      for (const step of steps) step(cluster);
      await cluster.settle();
      assert.equal(cluster.book.resting?.nextEndInMs(), undefined);
      remove('web')(cluster);
      await cluster.settle();
      assert.equal(cluster.sweepDueMs, cluster.nowMs + REST_MS);
      cluster.pass(REST_MS - 1);
      await cluster.settle();
      assert.equal(cluster.sweepDueMs, cluster.nowMs + 1);
      cluster.pass(1);
      await cluster.settle();
      assert.equal(cluster.sweepDueMs, undefined);
    });
  });
});
