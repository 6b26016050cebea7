import type { ServiceSpec } from '../world.ts';
import {
  asks,
  BOTH,
  config,
  itHolds,
  POOL,
  put,
  type Rule,
  remove,
  restart,
  SELECTOR,
  type Step,
  shop,
  site,
} from './rule.ts';

const FOR_SEVERAL = 'service.openyurt.io/loadBalancerIPs';
const METALLB = 'metallb.io/loadBalancerIPs';
const OLDER_METALLB = 'metallb.universe.tf/loadBalancerIPs';
const V6 = { ipFamilies: ['IPv6'] };
const field = (loadBalancerIP: string, more: ServiceSpec['spec'] = {}) => ({ loadBalancerIP, ...more });

const open = shop('10.0.0.1-10.0.0.8', '"fd00::1-fd00::8"');
/** Three NodePools, two of which have the same range. */
const three: readonly Step[] = [
  site('shop', { tier: 'shop' }, '10.0.0.1-10.0.0.8'),
  site('bar', { tier: 'bar' }, '10.0.0.1-10.0.0.8'),
  site('depot', { tier: 'depot' }, '10.7.0.1-10.7.0.8'),
];

/** By whom, for which NodePools. */
const ways: readonly Rule[] = [
  {
    name: 'for one NodePool; the others give what they have',
    given: three,
    when: put({ annotations: asks('10.0.0.5') }),
    expect: { web: 'bar=10.0.0.1 depot=10.7.0.1 shop=10.0.0.5' },
  },
  {
    name: 'for several NodePools, each its own',
    given: three,
    when: put({ annotations: { [FOR_SEVERAL]: 'shop=10.0.0.5, depot=10.7.0.7,bar = 10.0.0.3' } }),
    expect: { web: 'bar=10.0.0.3 depot=10.7.0.7 shop=10.0.0.5' },
  },
  {
    name: 'for several NodePools, in two annotations',
    given: three,
    when: put({ annotations: { [FOR_SEVERAL]: 'depot=10.7.0.7', ...asks('10.0.0.5') } }),
    expect: { web: 'bar=10.0.0.1 depot=10.7.0.7 shop=10.0.0.5' },
  },
  {
    name: 'spec.loadBalancerIP: for all that hold it, and no other gives any',
    given: three,
    when: put({ spec: field('10.0.0.5') }),
    expect: { web: 'bar=10.0.0.5 shop=10.0.0.5' },
  },
  {
    name: 'spec.loadBalancerIP, and a NodePool that does not hold it is selected: that one waits',
    given: three,
    when: put({ spec: field('10.0.0.5'), annotations: { [SELECTOR]: 'tier' } }),
    expect: { web: 'bar=10.0.0.5 shop=10.0.0.5 AddressNotInPool' },
  },
  {
    name: 'spec.loadBalancerIP for all but the one that is asked for another',
    given: three,
    when: put({ spec: field('10.0.0.5'), annotations: asks('10.0.0.7') }),
    expect: { web: 'bar=10.0.0.5 shop=10.0.0.7' },
  },
  {
    name: 'spec.loadBalancerIP that no NodePool holds',
    given: three,
    when: put({ spec: field('10.9.9.9') }),
    expect: { web: 'AddressNotInPool' },
    says: { web: /^0 addresses in 0 NodePools\. No NodePool has the requested address in its ranges\./ },
  },
  {
    name: "MetalLB's loadBalancerIPs, two families at once",
    given: [open],
    when: put({ spec: BOTH, annotations: { [METALLB]: 'fd00::5, 10.0.0.5' } }),
    expect: { web: 'shop=10.0.0.5 shop=fd00::5' },
  },
  {
    name: "MetalLB's loadBalancerIPs under the older prefix, which the newer one overrules",
    given: [open],
    when: put(
      { name: 'old', annotations: { [OLDER_METALLB]: '10.0.0.5' } },
      { name: 'two', annotations: { [OLDER_METALLB]: '10.0.0.5', [METALLB]: '10.0.0.6' } },
    ),
    expect: { old: 'shop=10.0.0.5', two: 'shop=10.0.0.6' },
  },
  {
    name: 'the same in two places is one request',
    given: [open],
    when: put({ spec: field('10.0.0.5'), annotations: { [METALLB]: '10.0.0.5,10.0.0.5' } }),
    expect: { web: 'shop=10.0.0.5' },
  },
  {
    name: 'one family of two: the other is chosen beside it',
    given: [open],
    when: put({ spec: BOTH, annotations: asks('fd00::5') }),
    expect: { web: 'shop=10.0.0.1 shop=fd00::5' },
  },
  {
    name: 'in a NodePool that is not there: the others are served',
    given: three,
    when: put({ annotations: asks('10.0.0.5', 'nowhere') }),
    expect: { web: 'bar=10.0.0.1 depot=10.7.0.1 shop=10.0.0.1 NoNodePool' },
    says: { web: /asked for in NodePool nowhere, which does not exist/ },
  },
  {
    name: 'in a NodePool that is not selected: only said',
    given: three,
    when: put({ annotations: { ...asks('10.0.0.5'), [SELECTOR]: 'tier=bar' } }),
    expect: { web: 'bar=10.0.0.1 (NotSelected)' },
  },
];

/** Spellings; each is asked for in a NodePool with 10.0.0.1 to 10.0.0.8 and fd00::1 to fd00::8. */
const spelled = (name: string, annotations: Record<string, string>, want: string, spec: ServiceSpec['spec'] = {}) => ({
  ...{ name, given: [open], when: put({ annotations, spec }), expect: { web: want } },
});
const spellings: readonly Rule[] = [
  spelled('IPv6 in capitals', asks('FD00::5'), 'shop=fd00::5', V6),
  spelled('IPv6 in full', asks('fd00:0000:0000:0:0:0:0:0005'), 'shop=fd00::5', V6),
  spelled('two spellings of one address', asks('fd00::5,FD00:0::0005'), 'shop=fd00::5', V6),
  spelled('with blanks around', asks(' 10.0.0.5 '), 'shop=10.0.0.5'),
  spelled('nothing', asks(' '), 'shop=10.0.0.1'),
  spelled('IPv4 within IPv6', asks('::ffff:10.0.0.5'), 'BadAddressAnnotation'),
  spelled('IPv4 within IPv6, in hexadecimal', asks('::ffff:a00:5'), 'BadAddressAnnotation', V6),
  spelled('leading zeros', asks('10.0.0.05'), 'BadAddressAnnotation'),
  spelled('a prefix', asks('10.0.0.5/32'), 'BadAddressAnnotation'),
  spelled('a range', asks('10.0.0.5-10.0.0.6'), 'BadAddressAnnotation'),
  spelled('a zone', asks('fd00::5%eth0'), 'BadAddressAnnotation', V6),
  spelled('another family than the Service has', asks('fd00::5'), 'BadAddressAnnotation'),
  spelled('one more family than the Service has', asks('10.0.0.5,fd00::5'), 'BadAddressAnnotation'),
  spelled('two of one family', asks('10.0.0.5,10.0.0.6'), 'BadAddressAnnotation'),
  spelled(
    'two of one family, in two annotations',
    { ...asks('10.0.0.5'), [FOR_SEVERAL]: 'shop=10.0.0.6' },
    'BadAddressAnnotation',
  ),
  spelled('an empty one in a list', asks('10.0.0.5,'), 'BadAddressAnnotation'),
  spelled('without a NodePool', { [FOR_SEVERAL]: '10.0.0.5' }, 'BadAddressAnnotation'),
  spelled('spec.loadBalancerIP of another family', {}, 'BadLoadBalancerIP', field('fd00::5')),
  spelled('spec.loadBalancerIP that is none', {}, 'BadLoadBalancerIP', field('web.example.com')),
  spelled(
    "spec.loadBalancerIP and MetalLB's differ",
    { [METALLB]: '10.0.0.6' },
    'BadLoadBalancerIP',
    field('10.0.0.5'),
  ),
  spelled('loopback', asks('127.0.0.1'), 'BadAddressAnnotation'),
  spelled('multicast', asks('ff02::1'), 'BadAddressAnnotation', V6),
  {
    name: 'a mistake takes nothing away that it has',
    given: [open, put({})],
    when: put({ annotations: asks('10.0.0.x') }),
    expect: { web: 'shop=10.0.0.1 BadAddressAnnotation' },
  },
];

const ranges: readonly Rule[] = [
  {
    name: 'in an address pool that gives nothing unasked',
    given: [config('shop', [['kept', '10.0.0.1-10.0.0.8', 'auto-assign: false']])],
    when: put({ annotations: asks('10.0.0.5') }),
    expect: { web: 'shop=10.0.0.5' },
  },
  {
    name: 'one that avoid-buggy-ips keeps back',
    given: [config('shop', [['default', '10.0.0.0/24', 'avoid-buggy-ips: true']])],
    when: put({ annotations: asks('10.0.0.0') }, { name: 'any' }),
    expect: { web: 'shop=10.0.0.0', any: 'shop=10.0.0.1' },
  },
  {
    name: 'outside the ranges',
    given: [open],
    when: put({ annotations: asks('10.9.0.1') }),
    expect: { web: 'AddressNotInPool' },
  },
  {
    name: 'outside the ranges, where the site allows it',
    given: [config('shop', [['default', '10.0.0.1']], { outside: true })],
    when: put({ annotations: asks('10.9.0.1') }),
    expect: { web: 'shop=10.9.0.1' },
  },
  {
    name: 'outside the ranges, and the site comes to allow it',
    given: [config('shop', [['default', '10.0.0.1']]), put({ annotations: asks('10.9.0.1') })],
    when: config('shop', [['default', '10.0.0.1']], { outside: true }),
    expect: { web: 'shop=10.9.0.1' },
  },
  {
    name: 'outside the ranges, for all NodePools: nobody is meant',
    given: [config('shop', [['default', '10.0.0.1']], { outside: true })],
    when: put({ spec: field('10.9.0.1') }),
    expect: { web: 'AddressNotInPool' },
  },
  {
    name: 'outside the ranges, for all NodePools that are selected',
    given: [config('shop', [['default', '10.0.0.1']], { outside: true })],
    when: put({ spec: field('10.9.0.1'), annotations: { [SELECTOR]: 'tier' } }),
    expect: { web: 'shop=10.9.0.1' },
  },
  {
    name: 'outside the ranges, and the site ceases to allow it: the change is refused, and it stays',
    given: [config('shop', [['default', '10.0.0.1']], { outside: true }), put({ annotations: asks('10.9.0.1') })],
    when: config('shop', [['default', '10.0.0.1']]),
    expect: { web: 'shop=10.9.0.1' },
    events: { shop: ['ConfigRefused'] },
  },
  {
    name: 'outside the ranges, and then for one that another has: it stays, and the NodePool goes on, also after a restart',
    given: [
      config('shop', [['default', '10.0.0.1-10.0.0.2']], { outside: true }),
      put({ name: 'other' }),
      put({ annotations: asks('10.9.0.1') }),
    ],
    when: [put({ annotations: asks('10.0.0.1') }), restart, put({ name: 'next' })],
    expect: { web: 'shop=10.9.0.1 AddressInUse', next: 'shop=10.0.0.2' },
  },
  {
    name: 'outside the ranges, and no longer asked for: one of the ranges',
    given: [config('shop', [['default', '10.0.0.1']], { outside: true }), put({ annotations: asks('10.9.0.1') })],
    when: put({}),
    expect: { web: 'shop=10.0.0.1' },
  },
];

const kept = config('shop', [
  ['default', '10.0.0.1-10.0.0.8'],
  ['gold', '10.1.0.1-10.1.0.8', 'auto-assign: false'],
]);
const gold = { [POOL]: 'gold' };
const withPool: readonly Rule[] = [
  { name: 'a pool alone', given: [kept], when: put({ annotations: gold }), expect: { web: 'shop=10.1.0.1' } },
  {
    name: "MetalLB's words for it",
    given: [kept],
    when: put(
      { annotations: { 'metallb.io/address-pool': 'gold' } },
      { name: 'old', annotations: { 'metallb.universe.tf/address-pool': 'gold' } },
    ),
    expect: { web: 'shop=10.1.0.1', old: 'shop=10.1.0.2' },
  },
  {
    name: 'an address of that pool',
    given: [kept],
    when: put({ annotations: { ...gold, ...asks('10.1.0.5') } }),
    expect: { web: 'shop=10.1.0.5' },
  },
  {
    name: 'an address of another pool: neither is given',
    given: [kept],
    when: put({ annotations: { ...gold, ...asks('10.0.0.5') } }),
    expect: { web: 'AddressPoolDiffers' },
    says: { web: /10\.0\.0\.5 is in address pool "default", and the Service asks for "gold"/ },
  },
  {
    name: 'an address of another pool, for all NodePools',
    given: [kept],
    when: put({ annotations: gold, spec: field('10.0.0.5') }),
    expect: { web: 'AddressNotInPool' },
    says: { web: /No NodePool has the requested address in an address pool "gold"/ },
  },
  {
    name: 'for all NodePools, and one has it in that pool',
    given: [
      kept,
      site('bar', {}),
      config('bar', [
        ['default', '10.1.0.1-10.1.0.8'],
        ['gold', '10.2.0.1'],
      ]),
    ],
    when: put({ annotations: gold, spec: field('10.1.0.5') }),
    expect: { web: 'shop=10.1.0.5' },
  },
  {
    name: 'another pool, beside the address that it has: it keeps that and is told',
    given: [kept, put({ annotations: asks('10.0.0.5') })],
    when: put({ annotations: { ...gold, ...asks('10.0.0.5') } }),
    expect: { web: 'shop=10.0.0.5 (AddressPoolDiffers)' },
  },
  {
    name: 'another pool: it moves as soon as that has a free one',
    given: [
      config('shop', [
        ['default', '10.0.0.1'],
        ['gold', '10.1.0.1', 'auto-assign: false'],
      ]),
      put({ name: 'first', annotations: gold }),
      put({ createdSecond: 1 }),
      put({ annotations: gold }),
    ],
    when: remove('first'),
    expect: { web: 'shop=10.1.0.1' },
    events: { web: ['IPAllocated', 'ClearAssignment'] },
  },
  {
    name: 'a pool that no NodePool has',
    given: [kept],
    when: put({ annotations: { [POOL]: 'silver' } }),
    expect: { web: 'NoSuchPool' },
    says: { web: /No NodePool has an address pool "silver"\. Add one\./ },
  },
  {
    name: 'a pool that is not there: what it has stays',
    given: [kept, put({})],
    when: put({ annotations: { [POOL]: 'silver' } }),
    expect: { web: 'shop=10.0.0.1 NoSuchPool' },
    says: { web: /no address pool "silver"; it has default, gold/ },
  },
];

describe('requests for addresses', () => {
  describe('by whom, and for which NodePool', () => itHolds(ways));
  describe('as they may be written', () => itHolds(spellings));
  describe('inside and outside the ranges', () => itHolds(ranges));
  describe('together with an address pool', () => itHolds(withPool));
});
