import { strict as assert } from 'node:assert';
import { decodeService, formatIpAddress, type ServiceObject, serviceOwnership } from '@openyurt/nodepool-types';
import fc from 'fast-check';

const OURS = 'service.openyurt.io/vip';

function service(annotations: Record<string, string>, spec: ServiceObject['spec'] = {}): ServiceObject {
  return {
    metadata: { namespace: 'shop', name: 'till', uid: 'u-1', annotations, creationTimestamp: '2026-01-02T03:04:05Z' },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: OURS,
      ipFamilies: ['IPv4', 'IPv6'],
      ports: [{ port: 80 }],
      ...spec,
    },
  };
}

describe('serviceOwnership', () => {
  const cases: { name: string; spec: ServiceObject['spec']; classless: boolean; want: string }[] = [
    { name: 'our class', spec: { type: 'LoadBalancer', loadBalancerClass: OURS }, classless: false, want: 'ours' },
    {
      name: 'another class',
      spec: { type: 'LoadBalancer', loadBalancerClass: 'x/y' },
      classless: true,
      want: 'foreign',
    },
    { name: 'no class', spec: { type: 'LoadBalancer' }, classless: false, want: 'foreign' },
    { name: 'no class, classless', spec: { type: 'LoadBalancer' }, classless: true, want: 'ours' },
    {
      name: 'ClusterIP',
      spec: { type: 'ClusterIP', loadBalancerClass: OURS },
      classless: true,
      want: 'not-a-load-balancer',
    },
    { name: 'no type', spec: {}, classless: true, want: 'not-a-load-balancer' },
  ];
  for (const { name, spec, classless, want } of cases) {
    it(`${name} is ${want}`, () => {
      assert.equal(serviceOwnership({ metadata: {}, ...(spec && { spec }) }, { classless }), want);
    });
  }
});

describe('decodeService: what is asked for', () => {
  it('decodes a bare Service', () => {
    const { nodePoolSelector, requestedByPool, ...rest } = decodeService(service({}));
    assert.equal(nodePoolSelector, undefined);
    assert.equal(requestedByPool.size, 0);
    assert.deepEqual(rest, {
      key: 'shop/till',
      namespace: 'shop',
      name: 'till',
      labels: {},
      uid: 'u-1',
      generation: undefined,
      createdMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      families: ['IPv4', 'IPv6'],
      familyPolicy: 'RequireDualStack',
      ports: [{ protocol: 'TCP', port: 80 }],
      addressPool: undefined,
      requestedAnywhere: [],
      sharingKey: undefined,
      externalTrafficPolicy: 'Cluster',
      podSelector: '',
      adopt: false,
      ingress: [],
      problems: [],
    });
  });

  const pools: { name: string; annotations: Record<string, string>; pool?: string; sharing?: string }[] = [
    { name: 'ours', annotations: { 'service.openyurt.io/address-pool': ' a ' }, pool: 'a' },
    { name: 'metallb.io', annotations: { 'metallb.io/address-pool': 'a' }, pool: 'a' },
    { name: 'metallb.universe.tf', annotations: { 'metallb.universe.tf/address-pool': 'a' }, pool: 'a' },
    {
      name: 'ours before both, metallb.io before the older',
      annotations: {
        'metallb.universe.tf/address-pool': 'old',
        'metallb.io/address-pool': 'new',
        'service.openyurt.io/address-pool': 'ours',
        'metallb.universe.tf/allow-shared-ip': 'old',
        'metallb.io/allow-shared-ip': 'new',
      },
      pool: 'ours',
      sharing: 'new',
    },
    {
      name: 'empty is absent',
      annotations: { 'service.openyurt.io/address-pool': '', 'metallb.io/allow-shared-ip': ' ' },
    },
    {
      name: 'an empty one of ours lets the alias through',
      annotations: { 'service.openyurt.io/address-pool': '', 'metallb.io/address-pool': 'a' },
      pool: 'a',
    },
  ];
  for (const { name, annotations, pool, sharing } of pools) {
    it(`address pool and sharing key: ${name}`, () => {
      const request = decodeService(service(annotations));
      assert.deepEqual([request.addressPool, request.sharingKey, request.problems], [pool, sharing, []]);
    });
  }

  it('drops doubled and strange ports, keeps protocols apart', () => {
    const ports = [
      { port: 53, protocol: 'UDP' },
      { port: 53 },
      { port: 53, protocol: 'TCP' },
      { port: 5, protocol: 'SCTP' },
      { port: 6, protocol: 'QUIC' },
    ];
    assert.deepEqual(decodeService(service({}, { ports })).ports, [
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 },
      { protocol: 'SCTP', port: 5 },
    ]);
  });

  it('writes equal pod selectors equally', () => {
    const a = decodeService(service({}, { selector: { b: '2', a: '1' } })).podSelector;
    const b = decodeService(service({}, { selector: { a: '1', b: '2' } })).podSelector;
    assert.deepEqual([a, b], ['a=1,b=2', 'a=1,b=2']);
  });

  it('falls back to IPv4 where no family is said', () => {
    const { families, familyPolicy } = decodeService({ metadata: {}, spec: { ipFamilies: ['IPv5'] } });
    assert.deepEqual([families, familyPolicy], [['IPv4'], 'SingleStack']);
  });
});

interface AddressCase {
  name: string;
  annotations: Record<string, string>;
  spec?: ServiceObject['spec'];
  byPool?: Record<string, string[]>;
  anywhere?: string[];
  problems?: { reason: string; nodePool?: string; words: RegExp }[];
}

const PER = 'service.openyurt.io/loadBalancerIP-';
const ALL = 'service.openyurt.io/loadBalancerIPs';
const BAD = 'BadAddressAnnotation';

const addressCases: AddressCase[] = [
  { name: 'one', annotations: { [`${PER}hangzhou`]: '10.0.0.1' }, byPool: { hangzhou: ['10.0.0.1'] } },
  {
    name: 'both families, in canonical text, IPv4 first',
    annotations: { [`${PER}hangzhou`]: 'FD00::0001 , 10.0.0.1' },
    byPool: { hangzhou: ['10.0.0.1', 'fd00::1'] },
  },
  {
    name: 'the long form',
    annotations: { [ALL]: 'hangzhou=10.0.0.1, hangzhou = fd00::1,beijing=10.0.0.2' },
    byPool: { hangzhou: ['10.0.0.1', 'fd00::1'], beijing: ['10.0.0.2'] },
  },
  {
    name: 'both forms that agree',
    annotations: { [ALL]: 'hangzhou=10.0.0.1', [`${PER}hangzhou`]: '10.0.0.1' },
    byPool: { hangzhou: ['10.0.0.1'] },
  },
  {
    name: 'both forms that contradict each other',
    annotations: { [ALL]: 'hangzhou=10.0.0.1,beijing=10.0.0.1', [`${PER}hangzhou`]: '10.0.0.2' },
    byPool: { beijing: ['10.0.0.1'] },
    problems: [
      { reason: BAD, nodePool: 'hangzhou', words: /two IPv4 addresses, 10\.0\.0\.2 and 10\.0\.0\.1 \(the first in/ },
    ],
  },
  {
    name: 'a NodePool named __proto__',
    annotations: { [ALL]: '__proto__=10.0.0.1', [`${PER}constructor`]: '10.0.0.2' },
    byPool: { ['__proto__']: ['10.0.0.1'], constructor: ['10.0.0.2'] },
  },
  {
    name: 'no address; the other NodePool is served',
    annotations: { [`${PER}hangzhou`]: '10.0.0.300', [`${PER}beijing`]: '10.0.0.1' },
    byPool: { beijing: ['10.0.0.1'] },
    problems: [
      {
        reason: BAD,
        nodePool: 'hangzhou',
        words: /loadBalancerIP-hangzhou "10\.0\.0\.300": .*not an IP address\. Write/,
      },
    ],
  },
  ...[
    { ip: '0.0.0.0', words: /asks for 0\.0\.0\.0, but no Service can have addresses that mean "this network"/ },
    { ip: '127.0.0.1', words: /no Service can have loopback addresses/ },
    { ip: '169.254.1.1', words: /no Service can have link-local addresses/ },
    { ip: '239.1.1.1', words: /no Service can have multicast addresses/ },
    { ip: '255.255.255.255', words: /no Service can have the broadcast address/ },
    { ip: '::', words: /no Service can have the unspecified or the loopback address/ },
    { ip: '::1', words: /no Service can have the unspecified or the loopback address/ },
    { ip: 'fe80::1', words: /no Service can have link-local addresses \(fe80::\/10\)\. Ask for an address of the LAN/ },
    { ip: 'ff02::1', words: /no Service can have multicast addresses/ },
  ].map(({ ip, words }) => ({
    name: `${ip}, which can be no Service's`,
    annotations: { [`${PER}hangzhou`]: ip },
    problems: [{ reason: BAD, nodePool: 'hangzhou', words }],
  })),
  {
    name: 'a trailing comma',
    annotations: { [`${PER}hangzhou`]: '10.0.0.1,' },
    problems: [{ reason: BAD, nodePool: 'hangzhou', words: /"" is not an IP address/ }],
  },
  {
    name: 'two of one family',
    annotations: { [`${PER}hangzhou`]: '10.0.0.1,10.0.0.2' },
    problems: [{ reason: BAD, nodePool: 'hangzhou', words: /10\.0\.0\.1 and 10\.0\.0\.2\. Keep one per family/ }],
  },
  {
    name: 'a family that the Service does not have',
    annotations: { [`${PER}hangzhou`]: 'fd00::1' },
    spec: { ipFamilies: ['IPv4'] },
    problems: [{ reason: BAD, nodePool: 'hangzhou', words: /fd00::1 is IPv6, but .* IPv4\. Remove it/ }],
  },
  {
    name: 'no NodePool in the long form',
    annotations: { [ALL]: '10.0.0.1' },
    problems: [{ reason: BAD, words: /"10\.0\.0\.1" names no NodePool\. Write <nodepool>=<address>/ }],
  },
  { name: 'spec.loadBalancerIP', annotations: {}, spec: { loadBalancerIP: '10.0.0.1' }, anywhere: ['10.0.0.1'] },
  {
    name: "MetalLB's",
    annotations: { 'metallb.io/loadBalancerIPs': '10.0.0.1,fd00::1' },
    anywhere: ['10.0.0.1', 'fd00::1'],
  },
  {
    name: "MetalLB's and the field that contradict each other",
    annotations: { 'metallb.universe.tf/loadBalancerIPs': '10.0.0.1' },
    spec: { loadBalancerIP: '10.0.0.2' },
    problems: [{ reason: 'BadLoadBalancerIP', words: /^spec\.loadBalancerIP "10\.0\.0\.2": .*metallb\.universe\.tf/ }],
  },
  {
    name: 'a bad spec.loadBalancerIP',
    annotations: {},
    spec: { loadBalancerIP: '10.0.0.1/32' },
    problems: [{ reason: 'BadLoadBalancerIP', words: /without a prefix/ }],
  },
  { name: 'empty texts', annotations: { [`${PER}hangzhou`]: ' ', [ALL]: '' }, spec: { loadBalancerIP: '' } },
];

describe('decodeService: requested addresses', () => {
  for (const { name, annotations, spec, byPool = {}, anywhere = [], problems = [] } of addressCases) {
    it(name, () => {
      const request = decodeService(service(annotations, spec));
      const got = [...request.requestedByPool].map(([pool, addresses]) => [pool, addresses.map(formatIpAddress)]);
      assert.deepEqual(new Map(got as [string, string[]][]), new Map(Object.entries(byPool)));
      assert.deepEqual(request.requestedAnywhere.map(formatIpAddress), anywhere);
      assert.deepEqual(
        request.problems.map(({ reason, nodePool }) => [reason, nodePool]),
        problems.map(({ reason, nodePool }) => [reason, nodePool]),
      );
      for (const [index, { words }] of problems.entries()) assert.match(request.problems[index]?.message ?? '', words);
    });
  }
});

describe('decodeService: mistakes', () => {
  it('names the selector, the place and the fix', () => {
    const request = decodeService(service({ 'service.openyurt.io/nodepool-labelselector': 'region:east' }));
    assert.equal(request.nodePoolSelector, undefined);
    assert.deepEqual(request.problems, [
      {
        reason: 'BadSelector',
        message:
          'annotation service.openyurt.io/nodepool-labelselector: label selector "region:east": "region:east" is no label key. Write requirements such as region=east, tier in (shop,bar), !retired, separated by commas.',
      },
    ]);
  });

  it('serves on where only adopt is misspelt', () => {
    const request = decodeService(service({ 'service.openyurt.io/adopt': 'yes' }));
    assert.equal(request.adopt, false);
    assert.deepEqual(
      request.problems.map(({ reason, advisory }) => [reason, advisory]),
      [['BadAdoptAnnotation', true]],
    );
    assert.equal(decodeService(service({ 'service.openyurt.io/adopt': 'true' })).adopt, true);
  });

  const huge = 250_000;
  for (const [what, annotations] of [
    ['addresses', { [ALL]: 'x,'.repeat(huge / 2) }],
    ['addresses for one NodePool', { [`${PER}hangzhou`]: 'x,'.repeat(huge / 2) }],
    ["MetalLB's addresses", { 'metallb.io/loadBalancerIPs': '1,'.repeat(huge / 2) }],
    ['a long word', { [ALL]: 'x'.repeat(huge), 'service.openyurt.io/adopt': 'y'.repeat(huge) }],
    ['a selector', { 'service.openyurt.io/nodepool-labelselector': ':'.repeat(huge) }],
  ] as const) {
    it(`an annotation of 250 kB makes no long message: ${what}`, () => {
      const { problems } = decodeService(service(annotations));
      assert.ok(problems.length > 0 && problems.length < 5, `${problems.length} problems`);
      for (const { message } of problems) assert.ok(message.length < 600, message.slice(0, 700));
    });
  }

  it('never throws, whatever stands in the annotations', () => {
    const key = fc.constantFrom(
      `${PER}a`,
      PER,
      ALL,
      'service.openyurt.io/nodepool-labelselector',
      'service.openyurt.io/adopt',
      'metallb.io/loadBalancerIPs',
      '__proto__',
    );
    const value = fc.oneof(
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom('a', '=', ',', '1', '.', ':') }),
    );
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.string(), (annotations, loadBalancerIP) => {
        const request = decodeService(service(annotations, { loadBalancerIP }));
        for (const { reason, message } of request.problems) {
          assert.match(reason, /^[A-Z][A-Za-z]+$/);
          assert.match(message, /(service\.openyurt\.io|metallb\.io|spec\.loadBalancerIP)/);
        }
      }),
    );
  });
});
