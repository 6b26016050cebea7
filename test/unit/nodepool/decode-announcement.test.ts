import { strict as assert } from 'node:assert';
import {
  decodeAnnouncements,
  decodePoolServiceAnnouncements,
  decodeResourceVersion,
  type PoolServiceObject,
  type ServiceObject,
} from '@openyurt/nodepool-types';

const OURS = 'service.openyurt.io/vip';
const ingress = [
  { ip: 'FD00::1', hostname: 'hangzhou', ipMode: 'VIP' },
  { ip: '10.0.0.10', hostname: 'hangzhou', ipMode: 'VIP' },
  { ip: '10.0.0.10', hostname: 'hangzhou' },
  { ip: '10.0.0.9', hostname: 'beijing' },
  { ip: 'nonsense', hostname: 'hangzhou' },
  { ip: '10.0.0.8' },
  { hostname: 'hangzhou' },
];

function service(annotations: Record<string, string> = {}, spec: ServiceObject['spec'] = {}): ServiceObject {
  return {
    metadata: { namespace: 'shop', name: 'till', uid: 'u-1', resourceVersion: '9007199254740993', annotations },
    spec: { type: 'LoadBalancer', loadBalancerClass: OURS, ...spec },
    status: { loadBalancer: { ingress } },
  };
}

const addresses = (from: ServiceObject, nodePool: string) =>
  decodeAnnouncements(from, nodePool).announcements.map(({ address }) => address);

describe('decodeAnnouncements', () => {
  it('takes the entries of its NodePool, canonical, once, IPv4 first', () => {
    const shared = {
      serviceKey: 'shop/till',
      serviceUid: 'u-1',
      resourceVersion: 9007199254740993n,
      externalTrafficPolicy: 'Local',
    };
    assert.deepEqual(decodeAnnouncements(service({}, { externalTrafficPolicy: 'Local' }), 'hangzhou'), {
      announcements: [
        { address: '10.0.0.10', family: 'IPv4', ...shared },
        { address: 'fd00::1', family: 'IPv6', ...shared },
      ],
    });
  });

  const ownership: { name: string; spec: ServiceObject['spec']; want: string[] }[] = [
    { name: 'without a class', spec: { type: 'LoadBalancer' }, want: ['10.0.0.9'] },
    { name: 'of another class', spec: { loadBalancerClass: 'x/y' }, want: [] },
    { name: 'that became ClusterIP', spec: { type: 'ClusterIP' }, want: [] },
  ];
  for (const { name, spec, want } of ownership) {
    it(`a Service ${name} announces ${want.length}`, () => {
      const { spec: base, ...rest } = service({}, spec);
      const classless = name === 'without a class';
      const own = classless ? { ...rest, spec: { type: 'LoadBalancer' } } : { ...rest, ...(base && { spec: base }) };
      assert.deepEqual(addresses(own, 'beijing'), want);
    });
  }

  /** The table of OpenYurt's filter: text of the annotation, whether NodePool foo's kube-proxy sees the Service. */
  const listens: [string, boolean][] = [
    ['foo', true],
    ['foo,bar', true],
    ['bar', false],
    ['*', true],
    ['foo,*', true],
    ['-foo,*', false],
    ['*,-foo', false],
    ['-bar,*', true],
    ['-foo', false],
    ['-bar', false],
    ['foo,-foo', true],
    ['-foo,foo', false],
    [' foo ', true],
    ['', false],
    [' , -', false],
    ['-*', false],
  ];
  for (const [listen, want] of listens) {
    it(`nodeport.openyurt.io/listen ${JSON.stringify(listen)} ${want ? 'lets foo announce' : 'silences foo'}`, () => {
      const from = {
        ...service({ 'nodeport.openyurt.io/listen': listen }),
        status: { loadBalancer: { ingress: [{ ip: '10.0.0.1', hostname: 'foo' }] } },
      };
      const { announcements, hidden } = decodeAnnouncements(from, 'foo');
      assert.equal(announcements.length, want ? 1 : 0);
      assert.equal(hidden?.reason, want ? undefined : 'NotListening');
    });
  }

  it('says why a discarded Service is silent, and only where it has addresses', () => {
    const discarded = service({ 'svc.openyurt.io/discard': 'true' });
    assert.equal(decodeAnnouncements(discarded, 'hangzhou').hidden?.reason, 'DiscardedAtEdge');
    assert.match(decodeAnnouncements(discarded, 'hangzhou').hidden?.message ?? '', /svc\.openyurt\.io\/discard/);
    assert.deepEqual(decodeAnnouncements(discarded, 'shanghai'), { announcements: [] });
    assert.equal(addresses(service({ 'svc.openyurt.io/discard': 'True' }), 'hangzhou').length, 2);
  });
});

describe('decodePoolServiceAnnouncements', () => {
  const labels = {
    'openyurt.io/service-name': 'till',
    'openyurt.io/pool-name': 'hangzhou',
    'poolservice.openyurt.io/managed-by': 'load-balancer-set-controller',
  };
  const poolService = (
    change: Partial<PoolServiceObject['metadata']> = {},
    loadBalancerClass = OURS,
  ): PoolServiceObject => ({
    metadata: { namespace: 'shop', name: 'till-hangzhou', resourceVersion: '77', labels, ...change },
    spec: { loadBalancerClass },
    status: { loadBalancer: { ingress } },
  });

  it('takes addresses from the PoolService and policy from the Service', () => {
    const { announcements } = decodePoolServiceAnnouncements(poolService(), service(), 'hangzhou');
    assert.deepEqual(
      announcements.map(({ address, resourceVersion, serviceUid }) => [address, resourceVersion, serviceUid]),
      [
        ['10.0.0.10', 77n, 'u-1'],
        ['fd00::1', 77n, 'u-1'],
      ],
    );
  });

  const strangers: [string, PoolServiceObject][] = [
    ['of another NodePool', poolService({ labels: { ...labels, 'openyurt.io/pool-name': 'beijing' } })],
    ['of another Service', poolService({ labels: { ...labels, 'openyurt.io/service-name': 'x' } })],
    ['of another manager', poolService({ labels: { ...labels, 'poolservice.openyurt.io/managed-by': 'x' } })],
    ['of another namespace', poolService({ namespace: 'x' })],
    ['of another class', poolService({}, 'x/y')],
    ['without labels', poolService({ labels: {} })],
  ];
  for (const [name, stranger] of strangers) {
    it(`takes nothing from one ${name}`, () => {
      assert.deepEqual(decodePoolServiceAnnouncements(stranger, service(), 'hangzhou'), { announcements: [] });
    });
  }
});

describe('decodeResourceVersion', () => {
  const cases: [string | undefined, bigint][] = [
    ['0', 0n],
    ['18446744073709551615', 18446744073709551615n],
    ['abc', 0n],
    ['', 0n],
    [undefined, 0n],
  ];
  for (const [text, want] of cases) {
    it(`${text} → ${want}`, () => {
      assert.equal(decodeResourceVersion({ metadata: text === undefined ? {} : { resourceVersion: text } }), want);
    });
  }
});
