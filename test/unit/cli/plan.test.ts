import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import type { ConfigMapObject, KubeObject } from '@openyurt/nodepool-types';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import type { PlanJson } from '../../../cloud-controller/src/cli/plan/plan-json.ts';
import { clusterOf } from './fake-cluster.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { configMap, nodePool, service } from './plan-objects.ts';

const OURS = 'service.openyurt.io/';
const fixture = (name: string) => readFileSync(new URL(`../../fixtures/metallb/${name}`, import.meta.url), 'utf8');
const SAMPLES = new URL('../../../manifests/samples/', import.meta.url);
const samples = Object.fromEntries(
  readdirSync(SAMPLES).map((name) => [`samples/${name}`, readFileSync(new URL(name, SAMPLES), 'utf8')]),
);
const yaml = (...objects: unknown[]) => objects.map((object) => stringify(object)).join('---\n');

/** As docs/migrate-from-metallb.md has it: name, namespace and label are new, the text stays. */
function moved(name: string): string {
  const { data } = parse(fixture(name)) as ConfigMapObject;
  return yaml(configMap('hangzhou', data?.config ?? ''));
}

const HANGZHOU = nodePool('hangzhou', { region: 'east' });
const RANGE = configMap('hangzhou', pools('10.0.0.1-10.0.0.2'));
function pools(...ranges: string[]): string {
  return `address-pools:\n- name: default\n  protocol: layer2\n  addresses: [${ranges.join(', ')}]\n`;
}
const given = (...entries: string[]) => ({
  loadBalancer: {
    ingress: entries.map((entry) => {
      const [hostname = '', ip = ''] = entry.split('=');
      return { ip, ipMode: 'VIP', ...(hostname === '' ? {} : { hostname }) };
    }),
  },
});

/** As docs/migrate-from-metallb.md has it under "What is there". */
const METALLB_GAVE: Readonly<Record<string, readonly string[]>> = {
  both: ['192.168.1.247', '2001:db8::17'],
  'dns-service-tcp': ['192.168.1.245'],
  'dns-service-udp': ['192.168.1.245'],
  nginx: ['42.176.25.64'],
  plain: ['192.168.1.240'],
};

function deleted(object: ReturnType<typeof service>) {
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-11-21T13:00:00Z' } };
}

/** What the speaker of a node says of an address that another host uses. */
function report(node: string, address: string): KubeObject {
  const at = '2026-11-21T13:00:00Z';
  const conflict = { address, byMac: '02:00:00:00:00:99', link: 'eth0', since: at, lastSeen: at, kind: 'refused' };
  const said = {
    ...{ version: 1, node, nodePool: 'hangzhou', writtenAt: at, cloud: { state: 'connected', since: at } },
    ...{ announced: [], conflicts: [{ ...conflict, services: [] }] },
  };
  const labels = { 'apps.openyurt.io/nodepool': 'hangzhou' };
  const metadata = { name: node, namespace: 'yurtlb-reports', labels };
  return { kind: 'ConfigMap', metadata, data: { report: JSON.stringify(said) } } as KubeObject;
}

interface Row {
  readonly name: string;
  readonly files?: Record<string, string>;
  readonly cluster?: readonly KubeObject[];
  readonly argv?: readonly string[];
  /** `namespace/name nodepool address pool state reason`, blanks in the state left out, columns that are empty too. */
  readonly want: readonly string[];
  readonly code: number;
  readonly said?: RegExp;
}

const rows: Row[] = [
  {
    name: 'the sample manifests, from their folder',
    files: samples,
    argv: ['-f', 'samples'],
    want: ['default/nginx hangzhou 192.168.10.240 default would-get'],
    code: 0,
    said: /samples\/nginx\.yaml: Service 1; passed over: DaemonSet 1\n.*nodepool\.yaml: NodePool 1/,
  },
  {
    name: "MetalLB's ConfigMap and Services, moved over",
    files: { 'pools.yaml': `${yaml(HANGZHOU)}---\n${moved('site.yaml')}`, 'services.yaml': fixture('services.yaml') },
    argv: ['--classless', '-n', 'shop'],
    want: [
      'shop/both hangzhou 192.168.1.247 default would-get',
      'shop/both hangzhou 2001:db8::17 default would-get',
      'shop/dns-service-tcp hangzhou 192.168.1.245 default would-get',
      'shop/dns-service-udp hangzhou 192.168.1.245 default would-get',
      'shop/nginx hangzhou 42.176.25.64 production-public-ips would-get',
      'shop/plain hangzhou 192.168.1.240 default would-get',
    ],
    code: 0,
  },
  {
    name: "MetalLB's newer annotations",
    files: { a: `${yaml(HANGZHOU)}---\n${moved('site.yaml')}---\n${fixture('services-0.13.yaml')}` },
    argv: ['--classless'],
    want: [
      'default/newer hangzhou 42.176.25.66 production-public-ips would-get',
      'default/newer-shared hangzhou 42.176.25.66 production-public-ips would-get',
    ],
    code: 0,
  },
  {
    name: "MetalLB's ConfigMap as it is: nobody's",
    files: { 'config.yaml': fixture('layer2.yaml'), 'rest.yaml': yaml(HANGZHOU, service('shop/web')) },
    want: ['shop/web waiting NoNodePool'],
    code: 1,
    said: /config\.yaml:5:3 ConfigMap "config" has no label apps\.openyurt\.io\/nodepool/,
  },
  {
    name: 'Services before the pools: a file more or less makes no difference',
    files: { 'services.yaml': yaml(service('shop/a'), service('shop/b'), service('shop/c')), p: yaml(RANGE, HANGZHOU) },
    want: [
      'shop/a hangzhou 10.0.0.1 default would-get',
      'shop/b hangzhou 10.0.0.2 default would-get',
      'shop/c hangzhou waiting PoolExhausted',
    ],
    code: 1,
  },
  {
    name: 'classless, without and with the flag',
    files: { a: yaml(HANGZHOU, RANGE, service('shop/web', {}, { loadBalancerClass: undefined })) },
    want: ['shop/web not-ours NotOurs'],
    code: 0,
  },
  {
    name: 'another class, a Service of another type, objects of other kinds',
    files: {
      a: yaml(
        HANGZHOU,
        RANGE,
        service('shop/cloud', {}, { loadBalancerClass: 'example.com/lb' }),
        service('shop/inside', {}, { type: 'ClusterIP' }),
        { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'knative' } },
        { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'newer' } },
      ),
    },
    want: ['shop/cloud not-ours NotOurs'],
    code: 0,
    said: /passed over: IPAddressPool 1, Service 1, Service of another type 1\naddress pools are read from ConfigMaps/,
  },
  {
    name: 'dual stack as the API server would fill it in',
    files: {
      a: yaml(
        HANGZHOU,
        configMap('hangzhou', pools('10.0.0.1-10.0.0.3', '"fd00::1"')),
        service('shop/all', {}, { ipFamilyPolicy: 'RequireDualStack' }),
        service('shop/one', {}, {}),
        service('shop/some', {}, { ipFamilyPolicy: 'PreferDualStack' }),
        service('shop/two', {}, { ipFamilyPolicy: 'RequireDualStack' }),
      ),
    },
    want: [
      'shop/all hangzhou 10.0.0.1 default would-get',
      'shop/all hangzhou fd00::1 default would-get',
      'shop/one hangzhou 10.0.0.2 default would-get',
      'shop/some hangzhou 10.0.0.3 default would-get',
      'shop/some hangzhou waiting PoolExhausted',
      'shop/two hangzhou waiting PoolExhausted PoolExhausted',
    ],
    code: 1,
  },
  {
    name: 'sharing, a port that collides, priority, a pool for others',
    files: {
      a: yaml(
        HANGZHOU,
        configMap(
          'hangzhou',
          'address-pools:\n- {name: last, protocol: layer2, addresses: [10.0.1.1]}\n- {name: first, protocol: layer2, addresses: [10.0.0.1], priority: 1}\n- {name: vip, protocol: layer2, addresses: [10.0.2.1], namespaces: [vip]}\n',
        ),
        service('shop/a', { [`${OURS}allow-shared-ip`]: 'k' }),
        service('shop/b', { [`${OURS}allow-shared-ip`]: 'k' }, { ports: [{ port: 443 }] }),
        service('shop/c', { [`${OURS}allow-shared-ip`]: 'k', [`${OURS}loadBalancerIP-hangzhou`]: '10.0.0.1' }),
        service('shop/d', { [`${OURS}address-pool`]: 'vip' }),
      ),
    },
    want: [
      'shop/a hangzhou 10.0.0.1 first would-get',
      'shop/b hangzhou 10.0.0.1 first would-get',
      'shop/c hangzhou waiting PortInUse',
      'shop/d waiting PoolNotForService',
    ],
    code: 1,
  },
  {
    name: 'a Node has the first address',
    files: {
      a: yaml(HANGZHOU, RANGE, service('shop/a'), {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n' },
        status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
      }),
    },
    want: ['shop/a hangzhou 10.0.0.2 default would-get'],
    code: 0,
    said: /ConfigMap yurtlb-system\/hangzhou: NodeAddress: The ranges of NodePool hangzhou hold addresses of Nodes: 10\.0\.0\.1/,
  },
  {
    name: 'a dump keeps what its statuses say, whatever comes before it',
    files: {
      a: yaml(HANGZHOU, RANGE, service('shop/new')),
      'dump.json': JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [{ ...service('shop/old'), status: given('hangzhou=10.0.0.1') }],
      }),
    },
    want: ['shop/new hangzhou 10.0.0.2 default would-get', 'shop/old hangzhou 10.0.0.1 default keeps'],
    code: 0,
  },
  {
    name: 'a ConfigMap where no controller looks',
    files: { a: yaml(HANGZHOU, { ...RANGE, metadata: { ...RANGE.metadata, namespace: 'shop' } }, service('shop/a')) },
    want: ['shop/a waiting NoNodePool'],
    code: 1,
    said: /ConfigMap shop\/hangzhou is in namespace shop, where the controller does not look \(Put it into yurtlb-system\.\)/,
  },
  {
    name: 'there it looks, with the flag',
    files: { a: yaml(HANGZHOU, { ...RANGE, metadata: { ...RANGE.metadata, namespace: 'lb' } }, service('shop/a')) },
    argv: ['--system-namespace', 'lb'],
    want: ['shop/a hangzhou 10.0.0.1 default would-get'],
    code: 0,
  },
  {
    name: 'a second ConfigMap, and one whose NodePool is missing',
    files: {
      a: yaml(
        HANGZHOU,
        RANGE,
        { ...RANGE, metadata: { ...RANGE.metadata, name: 'second' } },
        configMap('beijing', pools('10.0.0.1')),
        service('shop/a'),
      ),
    },
    want: ['shop/a hangzhou 10.0.0.1 default would-get'],
    code: 1,
    said: /second: ConfigIgnored: NodePool hangzhou already has the older ConfigMap hangzhou[\s\S]*beijing: NoNodePool: There is no/,
  },
  {
    name: 'no NodePool among the files',
    files: { a: yaml(service('shop/a')) },
    want: ['shop/a waiting NoNodePool'],
    code: 1,
    said: /no NodePool is among the files: add what "kubectl get nodepools -o yaml" prints, or plan with --cluster/,
  },
  {
    name: 'a cluster alone: what is there',
    cluster: [HANGZHOU, RANGE, { ...service('shop/a'), status: given('hangzhou=10.0.0.2') } as KubeObject],
    argv: ['--cluster'],
    want: ['shop/a hangzhou 10.0.0.2 default has'],
    code: 0,
    said: /^read from the cluster https:\/\/cloud: NodePool 1, ConfigMap 1, Service 1$/,
  },
  {
    name: 'a new Service in a cluster: the others are a number',
    cluster: [HANGZHOU, RANGE, { ...service('shop/a'), status: given('hangzhou=10.0.0.1') } as KubeObject],
    files: { new: yaml(service('shop/b')) },
    argv: ['--cluster'],
    want: ['shop/b hangzhou 10.0.0.2 default would-get'],
    code: 0,
  },
  {
    name: 'and with --all one by one',
    cluster: [HANGZHOU, RANGE, { ...service('shop/a'), status: given('hangzhou=10.0.0.1') } as KubeObject],
    files: { new: yaml(service('shop/b')) },
    argv: ['--cluster', '--all'],
    want: ['shop/a hangzhou 10.0.0.1 default keeps', 'shop/b hangzhou 10.0.0.2 default would-get'],
    code: 0,
  },
  {
    name: 'a range that shrinks under use is refused',
    cluster: [HANGZHOU, RANGE, { ...service('shop/a'), status: given('hangzhou=10.0.0.1') } as KubeObject],
    files: { pools: yaml(configMap('hangzhou', pools('10.0.0.2'))) },
    argv: ['--cluster', '--all'],
    want: ['shop/a hangzhou 10.0.0.1 default keeps'],
    code: 1,
    said: /hangzhou: ConfigRefused: The last good one stays in force\. it would take addresses that are in use: 10\.0\.0\.1 \(shop\/a\)/,
  },
  {
    name: 'and with allow-renumber it moves; who finds none loses its own',
    cluster: [
      HANGZHOU,
      RANGE,
      { ...service('shop/a'), status: given('hangzhou=10.0.0.1') } as KubeObject,
      { ...service('shop/b'), status: given('hangzhou=10.0.0.2') } as KubeObject,
    ],
    files: { pools: yaml(configMap('hangzhou', pools('10.0.0.9'), { [`${OURS}allow-renumber`]: 'true' })) },
    argv: ['--cluster'],
    want: ['shop/a hangzhou 10.0.0.1->10.0.0.9 default moves', 'shop/b hangzhou 10.0.0.2 loses PoolExhausted'],
    code: 1,
  },
  {
    name: 'the addresses in force, exported and given back: nothing changes, a status in a file is not applied',
    cluster: [HANGZHOU, RANGE, { ...service('shop/a'), status: given('hangzhou=10.0.0.2') } as KubeObject],
    files: {
      pins: yaml({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'a', namespace: 'shop', annotations: { [`${OURS}loadBalancerIP-hangzhou`]: '10.0.0.2' } },
        status: given('hangzhou=10.0.0.1'),
      }),
    },
    argv: ['--cluster'],
    want: ['shop/a hangzhou 10.0.0.2 default keeps'],
    code: 0,
  },
  {
    name: 'without --classless where the controller seems to have it',
    cluster: [
      HANGZHOU,
      RANGE,
      { ...service('shop/a', {}, { loadBalancerClass: undefined }), status: given('hangzhou=10.0.0.1') } as KubeObject,
    ],
    argv: ['--cluster'],
    want: ['shop/a 10.0.0.1 not-ours NotOurs'],
    code: 0,
    said: /addresses of NodePools: 1\. If the controller runs with --classless, plan with it too/,
  },
  {
    name: 'and with it',
    cluster: [
      HANGZHOU,
      RANGE,
      { ...service('shop/a', {}, { loadBalancerClass: undefined }), status: given('hangzhou=10.0.0.1') } as KubeObject,
    ],
    argv: ['--cluster', '--classless'],
    want: ['shop/a hangzhou 10.0.0.1 default has'],
    code: 0,
  },
  {
    name: 'a selector that changes, and a Service that becomes another type: addresses go and come free',
    cluster: [
      HANGZHOU,
      nodePool('beijing', { region: 'north' }),
      configMap('hangzhou', pools('10.0.0.1')),
      configMap('beijing', pools('10.1.0.1')),
      {
        ...service('shop/a', { [`${OURS}nodepool-labelselector`]: 'region' }),
        status: given('beijing=10.1.0.1', 'hangzhou=10.0.0.1'),
      } as KubeObject,
    ],
    files: {
      change: yaml(
        service('shop/b', { [`${OURS}nodepool-labelselector`]: 'region=east' }),
        service('shop/c', { [`${OURS}nodepool-labelselector`]: 'region=north' }),
        service('shop/a', { [`${OURS}nodepool-labelselector`]: 'region=north' }),
        service('shop/c', {}, { type: 'ClusterIP', loadBalancerClass: null as unknown as undefined }),
      ),
    },
    argv: ['--cluster'],
    want: [
      'shop/a beijing 10.1.0.1 default keeps',
      'shop/a hangzhou 10.0.0.1 loses',
      'shop/b hangzhou 10.0.0.1 default would-get',
    ],
    code: 0,
  },
  {
    name: 'a Service in force that becomes another type, and one of others',
    cluster: [
      HANGZHOU,
      RANGE,
      { ...service('shop/a'), status: given('hangzhou=10.0.0.1') } as KubeObject,
      {
        ...service('shop/x', {}, { loadBalancerClass: 'example.com/lb' }),
        status: given('=203.0.113.1'),
      } as KubeObject,
    ],
    files: {
      change: yaml(
        service('shop/a', {}, { type: 'ClusterIP', loadBalancerClass: null as unknown as undefined }),
        service('shop/x', {}, { type: 'ClusterIP', loadBalancerClass: null as unknown as undefined }),
        service('shop/b'),
      ),
    },
    argv: ['--cluster'],
    want: ['shop/a hangzhou 10.0.0.1 loses OtherType', 'shop/b hangzhou 10.0.0.1 default would-get'],
    code: 0,
    said: /read from change: Service 1; passed over: Service of another type 2/,
  },
  {
    name: 'a ConfigMap that loses its label, as the one that was applied before had it',
    cluster: [
      HANGZHOU,
      {
        ...RANGE,
        metadata: {
          ...RANGE.metadata,
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(RANGE) },
        },
      },
    ],
    files: {
      change: yaml(
        { ...RANGE, metadata: { name: 'hangzhou', namespace: 'yurtlb-system' } },
        service('shop/a', { [`${OURS}nodepool-labelselector`]: 'region' }),
      ),
    },
    argv: ['--cluster'],
    want: ['shop/a hangzhou waiting NoConfig'],
    code: 1,
  },
  {
    name: 'fields that are null are absent, in a dump too',
    files: {
      a: yaml(
        nodePool('hangzhou'),
        { ...HANGZHOU, metadata: { name: 'hangzhou', labels: null, deletionTimestamp: null } },
        RANGE,
        {
          ...service('shop/a', {}, {}),
          metadata: { name: 'a', namespace: 'shop', uid: null, creationTimestamp: null, deletionTimestamp: null },
          status: { ...given('hangzhou=10.0.0.2'), conditions: null },
        },
        { ...service('shop/b'), metadata: { name: 'b', namespace: 'shop', annotations: null }, status: null },
      ),
    },
    want: ['shop/a hangzhou 10.0.0.2 default keeps', 'shop/b hangzhou 10.0.0.1 default would-get'],
    code: 0,
  },
  {
    name: 'one that is being deleted, with and without an address',
    cluster: [
      HANGZHOU,
      RANGE,
      { ...deleted(service('shop/a')), status: given('hangzhou=10.0.0.1') } as KubeObject,
      deleted(service('shop/b')),
      service('shop/c', {}, { ports: [{ port: 443 }] }),
    ],
    argv: ['--cluster'],
    want: [
      'shop/a hangzhou 10.0.0.1 default has Deleting',
      'shop/b has Deleting',
      'shop/c hangzhou 10.0.0.2 default would-get',
    ],
    code: 0,
  },
  {
    name: 'two Services that LoadBalancerSet would give one PoolService',
    files: {
      a: yaml(
        nodePool('b-pa', { site: 'one' }),
        nodePool('pa', { site: 'two' }),
        configMap('b-pa', pools('10.0.0.1')),
        configMap('pa', pools('10.0.1.1')),
        service('shop/a', { [`${OURS}nodepool-labelselector`]: 'site=one' }),
        service('shop/a-b', { [`${OURS}nodepool-labelselector`]: 'site=two' }),
      ),
    },
    argv: ['--loadbalancerset', 'on'],
    want: ['shop/a waiting NoPoolService', 'shop/a-b pa waiting NameContested'],
    code: 1,
  },
  {
    name: 'an address that a host of the site has, by what its speaker reports',
    cluster: [
      HANGZHOU,
      RANGE,
      { kind: 'Node', metadata: { name: 'n1', labels: { 'apps.openyurt.io/nodepool': 'hangzhou' } } },
      report('n1', '10.0.0.1'),
    ],
    files: { new: yaml(service('shop/new')) },
    argv: ['--cluster'],
    want: ['shop/new hangzhou 10.0.0.2 default would-get'],
    code: 0,
  },
  {
    name: 'the migration from MetalLB before its last step: each Service keeps what MetalLB gave it',
    cluster: [
      HANGZHOU,
      ...parseAllDocuments(fixture('services.yaml')).map((document) => {
        const object = document.toJS() as KubeObject & { spec: object };
        const { annotations, name = '' } = object.metadata;
        const metadata = { namespace: 'shop', name, annotations: { ...annotations, [`${OURS}adopt`]: 'true' } };
        const dual = { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] };
        const spec = { ...object.spec, ...(name === 'both' ? dual : { ipFamilies: ['IPv4'] }) };
        return { ...object, metadata, spec, status: given(...(METALLB_GAVE[name] ?? []).map((ip) => `=${ip}`)) };
      }),
    ],
    files: { 'hangzhou.yaml': moved('site.yaml') },
    argv: ['--cluster', '--classless', '--all'],
    want: [
      'shop/both hangzhou 192.168.1.247 default keeps',
      'shop/both hangzhou 2001:db8::17 default keeps',
      'shop/dns-service-tcp hangzhou 192.168.1.245 default keeps',
      'shop/dns-service-udp hangzhou 192.168.1.245 default keeps',
      'shop/nginx hangzhou 42.176.25.64 production-public-ips keeps',
      'shop/plain hangzhou 192.168.1.240 default keeps',
    ],
    code: 0,
  },
  {
    name: 'foreign entries: left, and handed over',
    cluster: [
      HANGZHOU,
      configMap('hangzhou', pools('10.0.0.1-10.0.0.3')),
      { ...service('shop/left'), status: given('=10.0.0.2') } as KubeObject,
      { ...service('shop/taken', { [`${OURS}adopt`]: 'true' }), status: given('=10.0.0.1') } as KubeObject,
    ],
    argv: ['--cluster'],
    want: ['shop/left hangzhou 10.0.0.3 default would-get ForeignStatus', 'shop/taken hangzhou 10.0.0.1 default has'],
    code: 0,
  },
  {
    name: 'LoadBalancerSet runs: a Service with a selector gets its address through the PoolService that will be made',
    cluster: [
      HANGZHOU,
      RANGE,
      {
        ...service('shop/old', { [`${OURS}nodepool-labelselector`]: 'region=east' }),
        status: given('hangzhou=10.0.0.1'),
      } as KubeObject,
      {
        apiVersion: 'network.openyurt.io/v1alpha1',
        kind: 'PoolService',
        metadata: {
          name: 'old-hangzhou',
          namespace: 'shop',
          labels: {
            'openyurt.io/service-name': 'old',
            'openyurt.io/pool-name': 'hangzhou',
            'poolservice.openyurt.io/managed-by': 'load-balancer-set-controller',
          },
        },
        status: given('hangzhou=10.0.0.1'),
      } as KubeObject,
    ],
    files: { new: yaml(service('shop/new', { [`${OURS}nodepool-labelselector`]: 'region=east' })) },
    argv: ['--cluster', '--all'],
    want: ['shop/new hangzhou 10.0.0.2 default would-get', 'shop/old hangzhou 10.0.0.1 default keeps'],
    code: 0,
  },
  {
    name: 'LoadBalancerSet by the flag; a selector that matches nothing',
    files: {
      a: yaml(
        HANGZHOU,
        RANGE,
        service('shop/a', { [`${OURS}nodepool-labelselector`]: 'region=east' }),
        service('shop/b', { [`${OURS}nodepool-labelselector`]: 'region=west' }),
      ),
    },
    argv: ['--loadbalancerset=on'],
    want: ['shop/a hangzhou 10.0.0.1 default would-get', 'shop/b waiting NoNodePool'],
    code: 1,
  },
];

async function run(row: Pick<Row, 'files' | 'cluster' | 'argv'>, ...more: string[]) {
  const { files = {}, cluster, argv = [] } = row;
  const terminal = new FakeTerminal(files, '', undefined, {}, cluster && clusterOf(cluster));
  const named = argv.includes('-f') ? [] : Object.keys(files).flatMap((name) => ['-f', name]);
  const code = await main(['plan', ...named, ...argv, ...more], terminal);
  return { code, terminal };
}

function spell({ services }: PlanJson): string[] {
  return services.flatMap(({ namespace, name, rows: own }) =>
    own.map(({ nodePool, address, from, addressPool, state, reasons }) =>
      [
        `${namespace}/${name}`,
        nodePool,
        from === undefined ? address : `${from}->${address}`,
        addressPool,
        state,
        ...reasons.map(({ reason }) => reason),
      ]
        .filter((text) => text !== undefined)
        .join(' '),
    ),
  );
}

describe('yurtlb plan', () => {
  for (const row of rows) {
    it(row.name, async () => {
      const { code, terminal } = await run(row, '-o', 'json');
      assert.deepEqual(spell(JSON.parse(terminal.printed.join('\n'))), row.want);
      assert.equal(code, row.code);
      const text = await run(row);
      assert.equal(text.code, row.code);
      if (row.said !== undefined) assert.match(text.terminal.complained.join('\n'), row.said);
    });
  }

  it('prints a table, its sum, and on standard error what was read', async () => {
    const files = { a: yaml(HANGZHOU, RANGE, ...['a', 'b', 'c'].map((name) => service(`shop/${name}`))) };
    const { terminal } = await run({ files });
    assert.deepEqual(terminal.printed.slice(0, 3), [
      'NAMESPACE/SERVICE   NODEPOOL   ADDRESS    POOL      STATE       REASON',
      'shop/a              hangzhou   10.0.0.1   default   would get',
      'shop/b              hangzhou   10.0.0.2   default   would get',
    ]);
    assert.match(
      terminal.printed[3] ?? '',
      /^shop\/c {14}hangzhou {3}<none> {5}<none> {4}waiting {5}PoolExhausted: NodePool hangzhou: no free IPv4 address in/,
    );
    assert.deepEqual(terminal.printed.slice(4), ['', '2 would get, 1 waiting']);
    assert.deepEqual(terminal.complained, ['read from a: NodePool 1, ConfigMap 1, Service 3']);
  });

  it('says how many Services a change leaves alone, and that nothing changes', async () => {
    const cluster = [HANGZHOU, RANGE, { ...service('shop/a'), status: given('hangzhou=10.0.0.1') } as KubeObject];
    const files = { pools: yaml(configMap('hangzhou', pools('10.0.0.1-10.0.0.9'))) };
    const { terminal, code } = await run({ cluster, files, argv: ['--cluster'] });
    assert.deepEqual(terminal.printed, ['nothing changes', '', 'nothing changes for 1 more']);
    assert.equal(code, 0);
  });
});
