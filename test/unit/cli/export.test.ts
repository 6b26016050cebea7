import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodePoolObject, PoolServiceObject, ServiceObject } from '@openyurt/nodepool-types';
import { parseAllDocuments } from 'yaml';
import type { ClusterWorld } from '../../../cloud-controller/src/cli/cluster-reader.ts';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import { kubeconfigText } from '../../support/api-server/kubeconfig.ts';
import { FakeTerminal } from './fake-terminal.ts';

const OURS = 'service.openyurt.io/vip';
const IP = 'service.openyurt.io/loadBalancerIP-';
const IPS = 'service.openyurt.io/loadBalancerIPs';
const LONGEST = 'p'.repeat(48);
const TOO_LONG = 'p'.repeat(49);
const NODE_POOLS = ['beijing', 'hangzhou', 'edge.example', LONGEST, TOO_LONG];

interface ServiceParts {
  readonly key?: string;
  readonly loadBalancerClass?: string;
  readonly annotations?: Record<string, string>;
  readonly isDeleted?: boolean;
}

/** @param entries `nodepool=ip`, or `=ip` for one without a hostname */
function service(entries: readonly string[], parts: ServiceParts = {}): ServiceObject {
  const { key = 'shop/web', loadBalancerClass = OURS, annotations = {}, isDeleted = false } = parts;
  const [namespace = '', name = ''] = key.split('/');
  return {
    metadata: { namespace, name, annotations, ...(isDeleted ? { deletionTimestamp: '2026-11-21T13:00:00Z' } : {}) },
    spec: {
      type: 'LoadBalancer',
      ...(loadBalancerClass === '' ? {} : { loadBalancerClass }),
      ipFamilies: ['IPv4', 'IPv6'],
      ports: [{ port: 80 }],
    },
    status: {
      loadBalancer: {
        ingress: entries.map((entry) => {
          const [hostname = '', ip = ''] = entry.split('=');
          return { ip, ...(hostname === '' ? {} : { hostname }) };
        }),
      },
    },
  };
}

function poolService(nodePool: string, ips: readonly string[], managedBy = 'load-balancer-set-controller') {
  const labels = {
    'openyurt.io/service-name': 'web',
    'openyurt.io/pool-name': nodePool,
    'poolservice.openyurt.io/managed-by': managedBy,
  };
  const status = { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } };
  return { metadata: { namespace: 'shop', name: 'any', labels }, status } as PoolServiceObject;
}

function lists(services: readonly ServiceObject[], poolServices: readonly PoolServiceObject[] = []): ClusterWorld {
  const inside = (namespace: string | undefined, object: { metadata?: { namespace?: string } }) =>
    namespace === undefined || object.metadata?.namespace === namespace;
  return {
    namespace: 'shop',
    server: 'https://cloud',
    nodes: async () => [],
    addressConfigMaps: async () => [],
    reports: async () => [],
    allPoolServices: async () => undefined,
    serviceFamilies: async () => ['IPv4', 'IPv6'],
    services: async (namespace) => services.filter((one) => inside(namespace, one)),
    poolServices: async (namespace) => poolServices.filter((one) => inside(namespace, one)),
    nodePools: async () => NODE_POOLS.map((name) => ({ metadata: { name } }) as NodePoolObject),
  };
}

async function run(argv: readonly string[], of: ClusterWorld): Promise<FakeTerminal> {
  const terminal = new FakeTerminal({}, '', undefined, {}, of);
  assert.equal(await main(['export', ...argv], terminal), 0, terminal.complained.join('\n'));
  return terminal;
}

/** The annotations of the only Service that `-o yaml` prints. */
async function annotationsOf(of: ClusterWorld): Promise<Record<string, string> | undefined> {
  const { printed } = await run(['-o', 'yaml'], of);
  const objects = parseAllDocuments(printed.join('\n')).flatMap((document) => (document.toJS() as object | null) ?? []);
  assert.ok(objects.length < 2, printed.join('\n'));
  return (objects[0] as ServiceObject | undefined)?.metadata.annotations;
}

const pinned: { name: string; of: ClusterWorld; want: Record<string, string> | undefined }[] = [
  {
    name: 'one NodePool, one family',
    of: lists([service(['hangzhou=192.168.10.240'])]),
    want: { [`${IP}hangzhou`]: '192.168.10.240' },
  },
  {
    name: 'both families, IPv4 first, as they are written canonically',
    of: lists([service(['hangzhou=FD00:10:0::5', 'hangzhou=192.168.10.240', 'beijing=fd00:10::5'])]),
    want: { [`${IP}beijing`]: 'fd00:10::5', [`${IP}hangzhou`]: '192.168.10.240,fd00:10::5' },
  },
  {
    name: 'a NodePool name with a dot, and the longest that fits',
    of: lists([service(['edge.example=10.0.0.1', `${LONGEST}=10.0.0.2`])]),
    want: { [`${IP}edge.example`]: '10.0.0.1', [IP + LONGEST]: '10.0.0.2' },
  },
  {
    name: 'a longer one in loadBalancerIPs',
    of: lists([service([`${TOO_LONG}=10.0.0.2`, `${TOO_LONG}=fd00::2`, 'hangzhou=10.0.0.2'])]),
    want: { [`${IP}hangzhou`]: '10.0.0.2', [IPS]: `${TOO_LONG}=10.0.0.2,${TOO_LONG}=fd00::2` },
  },
  {
    name: 'what loadBalancerIPs asks for elsewhere stays; what it asks for here gives way',
    of: lists([service(['hangzhou=10.0.0.2'], { annotations: { [IPS]: 'beijing=10.0.0.9, hangzhou=10.0.0.3' } })]),
    want: { [`${IP}hangzhou`]: '10.0.0.2', [IPS]: 'beijing=10.0.0.9' },
  },
  {
    name: 'a loadBalancerIPs of which nothing stays is emptied: two requests would be a mistake',
    of: lists([service(['hangzhou=10.0.0.2'], { annotations: { [IPS]: 'hangzhou=10.0.0.3' } })]),
    want: { [`${IP}hangzhou`]: '10.0.0.2', [IPS]: '' },
  },
  {
    name: 'a loadBalancerIPs that asks for other NodePools alone is left as it is',
    of: lists([service(['hangzhou=10.0.0.2'], { annotations: { [IPS]: 'beijing=10.0.0.3' } })]),
    want: { [`${IP}hangzhou`]: '10.0.0.2' },
  },
  {
    name: 'classless, an entry of ours in it',
    of: lists([service(['hangzhou=10.0.0.2'], { loadBalancerClass: '' })]),
    want: { [`${IP}hangzhou`]: '10.0.0.2' },
  },
  {
    name: 'another class, though its entries name NodePools',
    of: lists([service(['hangzhou=10.0.0.2'], { loadBalancerClass: 'example.com/other' })]),
    want: undefined,
  },
  {
    name: 'one that is being deleted',
    of: lists([service(['hangzhou=10.0.0.2'], { isDeleted: true })]),
    want: undefined,
  },
  { name: 'no address', of: lists([service([])]), want: undefined },
  {
    name: 'PoolServices are the record where there are any; older entries of other NodePools stay',
    of: lists(
      [service(['hangzhou=10.0.0.2', 'beijing=10.0.0.3'])],
      [poolService('hangzhou', ['10.0.0.4']), poolService('edge.example', ['10.0.0.5'], 'somebody')],
    ),
    want: { [`${IP}beijing`]: '10.0.0.3', [`${IP}hangzhou`]: '10.0.0.4' },
  },
  {
    name: 'a PoolService before its address is aggregated',
    of: lists([service([])], [poolService('hangzhou', ['10.0.0.4'])]),
    want: { [`${IP}hangzhou`]: '10.0.0.4' },
  },
  {
    name: 'entries of others beside ours',
    of: lists([service(['hangzhou=10.0.0.2', '=1.2.3.4', 'lb.example.com='])]),
    want: { [`${IP}hangzhou`]: '10.0.0.2' },
  },
];

describe('yurtlb export', () => {
  for (const { name, of, want } of pinned) it(name, async () => assert.deepEqual(await annotationsOf(of), want));

  const cluster = lists([
    service(['hangzhou=192.168.10.241', 'beijing=192.168.10.240', 'beijing=fd00::1'], { key: 'shop/web' }),
    service(['hangzhou=192.168.10.240'], {
      key: 'bar/dns',
      annotations: { [`${IP}hangzhou`]: '192.168.10.240' },
    }),
    service(['=1.2.3.4'], { key: 'bar/metallb' }),
    service(['=1.2.3.5'], { key: 'bar/cloud', loadBalancerClass: '' }),
  ]);

  it('prints a table, by namespace and name, and says which Services ask for what they have', async () => {
    const { printed, complained } = await run(['-A'], cluster);
    assert.deepEqual(printed, [
      'NAMESPACE   SERVICE   NODEPOOL   ADDRESSES                PINNED',
      'bar         dns       hangzhou   192.168.10.240           yes',
      'shop        web       beijing    192.168.10.240,fd00::1   no',
      'shop        web       hangzhou   192.168.10.241           no',
    ]);
    assert.deepEqual(complained, [
      'yurtlb export: left out, since they name no NodePool: bar/metallb 1.2.3.4',
      'yurtlb export: annotate those Services service.openyurt.io/adopt=true to have them taken over',
    ]);
  });

  it("takes the current context's namespace, or that of -n", async () => {
    assert.match((await run([], cluster)).printed.join('\n'), /^NAMESPACE.*\nshop.*\nshop.*$/);
    assert.match((await run(['-n', 'bar'], cluster)).printed.join('\n'), /^NAMESPACE.*\nbar.*$/);
    assert.deepEqual((await run(['-n', 'none'], cluster)).printed, ['no Service has an address of a NodePool']);
  });

  it('prints a line for a shell for each Service', async () => {
    const quoted = lists([service(['hangzhou=10.0.0.2'], { annotations: { [IPS]: "hangzhou=10.0.0.3,it's" } })]);
    assert.deepEqual((await run(['-o', 'patch'], quoted)).printed, [
      `kubectl --namespace shop patch service web --type merge --patch '{"metadata":{"annotations":{` +
        `"${IP}hangzhou":"10.0.0.2","${IPS}":"it'\\''s"}}}'`,
    ]);
  });

  const refusals: { argv: string[]; err: RegExp }[] = [
    { argv: ['-o', 'json'], err: /there is no output "json"\. Write -o yaml or -o patch/ },
    { argv: ['-A', '-n', 'shop'], err: /-n and -A exclude each other/ },
    { argv: ['web'], err: /export takes no argument "web"/ },
    { argv: ['--namespac', 'a'], err: /Did you mean "--namespace"\?/ },
  ];
  for (const { argv, err } of refusals) {
    it(`refuses export ${argv.join(' ')}`, async () => {
      const terminal = new FakeTerminal({}, '', undefined, {}, cluster);
      assert.equal(await main(['export', ...argv], terminal), 2);
      assert.match(terminal.complained.join('\n'), err);
    });
  }
});

describe('yurtlb export, of a dump', () => {
  const named = NODE_POOLS.map((name) => ({
    apiVersion: 'apps.openyurt.io/v1beta2',
    kind: 'NodePool',
    metadata: { name },
  }));
  const whole = <T extends object>(kind: string, object: T) => ({ apiVersion: 'v1', kind, ...object });
  const dump = (...items: unknown[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...named, ...items] });
  const spread = {
    ...poolService('beijing', ['10.0.0.9']),
    apiVersion: 'network.openyurt.io/v1alpha1',
    kind: 'PoolService',
  };

  const rows: {
    name: string;
    argv?: string[];
    files: Record<string, string>;
    out: RegExp;
    err?: RegExp;
    code?: number;
  }[] = [
    {
      name: 'all namespaces it has, PoolServices first',
      files: {
        'dump.json': dump(
          whole('Service', service(['hangzhou=10.0.0.1'])),
          whole('Service', service(['hangzhou=10.0.0.2'], { key: 'bar/db' })),
          spread,
        ),
      },
      out: /^bar +db +hangzhou +10\.0\.0\.2 +no\nshop +web +beijing +10\.0\.0\.9 +no\nshop +web +hangzhou +10\.0\.0\.1 +no$/m,
    },
    {
      name: 'one namespace of it',
      argv: ['-n', 'bar', '-o', 'patch'],
      files: {
        'a.json': dump(whole('Service', service(['hangzhou=10.0.0.1']))),
        'b.json': dump(whole('Service', service(['hangzhou=10.0.0.2'], { key: 'bar/db' }))),
      },
      out: /^kubectl --namespace bar patch service db .*"10\.0\.0\.2"/,
    },
    {
      name: 'a Service without its namespace is one of default',
      argv: ['-o', 'patch'],
      files: {
        a: dump({ ...whole('Service', service(['hangzhou=10.0.0.1'])), metadata: { name: 'web' } }),
      },
      out: /^kubectl --namespace default patch service web .*"10\.0\.0\.1"/,
    },
    {
      name: 'one that is not being deleted, though it says so much',
      argv: ['-o', 'patch'],
      files: {
        a: dump({
          ...whole('Service', service(['hangzhou=10.0.0.1'])),
          metadata: { name: 'web', namespace: 'shop', deletionTimestamp: null, annotations: null },
        }),
      },
      out: /^kubectl --namespace shop patch service web .*"10\.0\.0\.1"/,
    },
    {
      name: 'a name that a shell would read',
      argv: ['-o', 'patch'],
      files: { a: dump(whole('Service', service(['hangzhou=10.0.0.1'], { key: 'shop/$(reboot)' }))) },
      out: /^$/,
      err: /^a \(document 1, item \d+\) Service: metadata\.name "\$\(reboot\)" is not a name/,
      code: 1,
    },
    {
      name: 'without NodePools: nobody knows which entries are ours',
      files: { 'a.json': JSON.stringify(whole('Service', service(['hangzhou=10.0.0.1']))) },
      out: /^$/,
      err: /no NodePool is among the files.*kubectl get services,nodepools -A -o yaml/,
      code: 1,
    },
    {
      name: 'no manifests',
      files: { a: 'hello' },
      out: /^$/,
      err: /a:1:1 \(document 1\) is text, not an object/,
      code: 1,
    },
    { name: 'no file', argv: ['-f', 'gone'], files: {}, out: /^$/, err: /yurtlb export: gone: no such file/, code: 2 },
    {
      name: 'a dump and a cluster',
      argv: ['-f', 'gone', '--kubeconfig', 'x'],
      files: {},
      out: /^$/,
      err: /-f and --kubeconfig exclude each other/,
      code: 2,
    },
  ];
  for (const { name, argv = [], files, out, err = /^$/, code = 0 } of rows) {
    it(name, async () => {
      const terminal = new FakeTerminal(files);
      const paths = Object.keys(files).flatMap((path) => ['-f', path]);
      assert.equal(await main(['export', ...paths, ...argv], terminal), code);
      assert.match(terminal.printed.join('\n'), out);
      assert.match(terminal.complained.join('\n'), err);
    });
  }
});

describe('yurtlb export, of a cluster that answers', () => {
  type Answer = (path: string, query: URLSearchParams) => { code: number; body: unknown } | undefined;
  const ok = (items: unknown[], next = '') => ({ code: 200, body: { metadata: { continue: next }, items } });
  const status = (code: number, message: string) => ({ code, body: { kind: 'Status', message } });
  let answer: Answer;
  let server: http.Server;
  let dir: string;
  let kubeconfig: string;

  before(async () => {
    server = http.createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
      const { code, body } = answer(pathname, searchParams) ?? status(404, 'not found');
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    dir = mkdtempSync(join(tmpdir(), 'yurtlb-export-'));
    kubeconfig = join(dir, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigText(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(dir, { recursive: true });
  });

  async function ends(code: number): Promise<string> {
    const terminal = new FakeTerminal();
    assert.equal(await main(['export', '-A', '--kubeconfig', kubeconfig], terminal), code);
    return [...terminal.printed, ...terminal.complained].join('\n');
  }

  it('reads all pages, of an older OpenYurt too, and needs no PoolServices', async () => {
    answer = (path, query) => {
      if (path === '/apis/apps.openyurt.io/v1beta1/nodepools') return ok([{ metadata: { name: 'hangzhou' } }]);
      if (path !== '/api/v1/services') return undefined;
      assert.equal(query.get('fieldSelector'), 'spec.type=LoadBalancer');
      const second = query.get('continue') === 'more';
      return ok([service(['hangzhou=10.0.0.2'], { key: `shop/${second ? 'b' : 'a'}` })], second ? '' : 'more');
    };
    assert.match(await ends(0), /shop +a +hangzhou[^\n]*\nshop +b +hangzhou/);
  });

  const failures: { name: string; answer: Answer; want: RegExp }[] = [
    {
      name: 'without OpenYurt',
      answer: () => undefined,
      want: /^yurtlb: the cluster at http:\S+ has no NodePools\. Name the kubeconfig of a cluster with OpenYurt\.$/,
    },
    {
      name: 'without rights',
      answer: () => status(403, 'nodepools is forbidden: User "me" cannot list'),
      want: /refused to list \/apis\/apps.openyurt.io\/v1beta2\/nodepools: 403 nodepools is forbidden.*It needs the verb list/,
    },
    {
      name: 'with an old token',
      answer: () => status(401, 'Unauthorized'),
      want: /401 Unauthorized\. Renew the kubeconfig/,
    },
    { name: 'that has no answer', answer: () => status(500, 'etcd'), want: /500 etcd\. Run it again/ },
  ];
  for (const { name, answer: says, want } of failures) {
    it(`ends 1 ${name}`, async () => {
      answer = says;
      assert.match(await ends(1), want);
    });
  }

  it('ends 1 where nobody listens, and where the kubeconfig is none', async () => {
    const free = http.createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    const away = join(dir, 'away');
    writeFileSync(away, kubeconfigText(`http://127.0.0.1:${port}`));
    const terminal = new FakeTerminal();
    assert.equal(await main(['export', '--kubeconfig', away], terminal), 1);
    assert.match(terminal.complained.join(), /^yurtlb: no answer from http:\S+: nothing listens there\. See that/);
    assert.equal(await main(['export', '--kubeconfig', join(dir, 'none')], terminal), 1);
    assert.match(terminal.complained.join(), /ENOENT.*Name a kubeconfig with --kubeconfig FILE/);
  });
});
