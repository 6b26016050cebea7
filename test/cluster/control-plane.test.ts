import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { controlPlaneBinaries, requireControlPlane } from '../support/kube/available.ts';
import { assetsDir, KUBE_VERSION } from '../support/kube/binaries.mjs';
import { Child, inNetns } from '../support/kube/child.ts';
import { type ControlPlane, startControlPlane } from '../support/kube/control-plane.ts';
import { type KubeProxy, kubeProxyProblem, startKubeProxy } from '../support/kube/kube-proxy.ts';
import { waitUntil } from '../support/kube/wait-until.ts';
import { canMakeSites } from '../support/netns/enter.mjs';

const START_MS = 90_000;

describe("the control plane's programs", () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'yurtlb-assets-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('are named with the remedy when they were not built', () => {
    const binaries = controlPlaneBinaries({ YURTLB_CACHE: dir });
    assert.ok(!binaries.ok);
    assert.match(binaries.reason, /etcd, kube-apiserver, .*npm run kube:build/);
  });

  it('come from KUBEBUILDER_ASSETS once that holds both etcd and kube-apiserver', () => {
    const env = { YURTLB_CACHE: dir, KUBEBUILDER_ASSETS: dir };
    writeFileSync(join(dir, 'kube-apiserver'), '', { mode: 0o755 });
    assert.match(reasonOf(env), /^etcd, kube-apiserver, kube-controller-manager/);
    writeFileSync(join(dir, 'etcd'), '', { mode: 0o755 });
    assert.match(reasonOf(env), /^kube-controller-manager, kube-proxy, kubectl of/);
  });

  it('die with a process that is SIGKILLed', async () => {
    const module = JSON.stringify(new URL('../support/kube/child.ts', import.meta.url).href);
    const spec = JSON.stringify({ name: 'sleep', command: 'sleep', args: ['1000'], logFile: join(dir, 'sleep.log') });
    const script = `const { Child } = await import(${module}); console.log(Child.start(${spec}).pid);`;
    const parent = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    assert.ok(isAlive(pid));
    parent.kill('SIGKILL');
    await waitUntil('sleep is gone', async () => !isAlive(pid), { deadlineMs: 5000, everyMs: 20 });
  });
});

describe('the real control plane', function () {
  this.timeout(START_MS);
  let plane: ControlPlane;
  before(async function () {
    requireControlPlane(this);
    plane = await startControlPlane({ controllerManager: true });
  });
  after(() => plane?.stop());

  const kubectl = async (args: string, stdin?: string) => {
    const { stdout, stderr, code } = await plane.kubectl(args.split(' '), stdin);
    assert.equal(code, 0, `kubectl ${args}: ${stderr}`);
    return stdout;
  };

  it('is the Kubernetes that we build, or the one in KUBEBUILDER_ASSETS', async () => {
    const { gitVersion } = JSON.parse(await kubectl('get --raw=/version')) as { gitVersion: string };
    if (assetsDir() === undefined) assert.equal(gitVersion, `v${KUBE_VERSION}`);
    else assert.match(gitVersion, /^v1\.\d+\.\d+/);
  });

  it('keeps Services and selects them by type', async () => {
    await kubectl('create namespace shop');
    await kubectl('create service loadbalancer web --tcp=80 -n shop');
    await kubectl('create service clusterip db --tcp=5432 -n shop');
    const found = await kubectl('get svc -A --field-selector spec.type=LoadBalancer -o name');
    assert.equal(found, 'service/web\n');
  });

  it('gives dual-stack addresses', async () => {
    const spec = { ipFamilyPolicy: 'RequireDualStack', ports: [{ port: 80 }] };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'both' }, spec };
    await kubectl('create -f -', JSON.stringify(service));
    assert.match(await kubectl('get svc both -o jsonpath={.spec.clusterIPs}'), /^\["10\.96\.\d+\.\d+","fd00:96::/);
  });

  it('lets a ServiceAccount do what its role says and no more', async () => {
    await kubectl('create serviceaccount reader');
    await kubectl('create clusterrole read-services --verb=list --resource=services');
    await kubectl('create clusterrolebinding reader --clusterrole=read-services --serviceaccount=default:reader');
    const as = `--kubeconfig=${await plane.kubeconfigFor({ serviceAccount: 'default/reader' })}`;
    await waitUntil('the role works', async () => (await plane.kubectl([as, 'get', 'svc', '-A'])).code === 0, {
      deadlineMs: 5000,
      everyMs: 50,
    });
    const refused = await plane.kubectl([as, 'delete', 'svc', 'both']);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /Forbidden.*system:serviceaccount:default:reader/);
  });

  it('refuses while it is down and knows everything afterwards', async () => {
    await plane.restartApiServer(async () => {
      assert.match((await plane.kubectl(['get', 'svc'])).stderr, /refused/);
    });
    assert.match(await kubectl('get svc -n shop -o name'), /service\/web/);
  });

  it('leaves no process and no file when it stops', async () => {
    const { pids, kubeconfig } = plane;
    assert.equal(pids.length, 3);
    await plane.stop();
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(existsSync(dirname(kubeconfig)), false);
  });
});

describe('kube-proxy with the control plane in network namespaces', function () {
  this.timeout(START_MS);
  const names = Object.fromEntries(['cloud', 'node', 'pod', 'client'].map((n) => [n, `kube${process.pid}-${n}`]));
  const ns = (name: 'cloud' | 'node' | 'pod' | 'client') => names[name] ?? name;
  const VIP = '192.0.2.240';
  const NODE_MAC = '02:00:00:00:00:01';
  let plane: ControlPlane | undefined;
  let proxy: KubeProxy | undefined;
  let web: Child | undefined;

  before(async function () {
    requireControlPlane(this);
    const sites = canMakeSites();
    const problem = sites.ok ? kubeProxyProblem() : `${sites.reason}: ${sites.remedy}`;
    if (problem && process.env.REQUIRE_ALL === '1') throw new Error(problem);
    if (problem) {
      console.log(`    skipped: ${problem}`);
      this.skip();
    }
    for (const name of Object.values(names)) {
      ip(`netns add ${name}`);
      ip(`-n ${name} link set lo up`);
    }
    connect([ns('cloud'), '198.51.100.1/24'], [ns('node'), '198.51.100.2/24'], 'uplink');
    connect([ns('client'), '192.0.2.9/24'], [ns('node'), '192.0.2.1/24', NODE_MAC], 'lan');
    connect([ns('pod'), '10.244.1.2/24'], [ns('node'), '10.244.1.1/24'], 'pods');
    run(ns('node'), 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    ip(`-n ${ns('client')} neigh replace ${VIP} lladdr ${NODE_MAC} dev lan`); // the speaker's part, for this test
    plane = await startControlPlane({ netns: ns('cloud'), address: '198.51.100.1' });
  });
  after(async () => {
    await Promise.all([proxy?.stop(), web?.stop(), plane?.stop()]);
    for (const name of Object.values(names)) spawnSync('ip', ['netns', 'del', name]);
  });

  it("carries a LAN client's request for the Service's address to its Pod", async () => {
    assert.ok(plane);
    const made = await plane.kubectl(['create', '-f', '-'], manifests());
    assert.equal(made.code, 0, made.stderr);
    const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: VIP }] } } });
    const patched = await plane.kubectl(['patch', 'svc', 'web', '--subresource=status', '--type=merge', '-p', status]);
    assert.equal(patched.code, 0, patched.stderr);

    const serve = "require('http').createServer((_, r) => r.end('from the pod')).listen(8080)";
    const logFile = join(dirname(plane.kubeconfig), 'web.log');
    web = Child.start({ name: 'web', command: process.execPath, args: ['-e', serve], netns: ns('pod'), logFile });
    const kubeconfig = await plane.kubeconfigFor({ user: 'system:kube-proxy' });
    proxy = await startKubeProxy({ netns: ns('node'), nodeName: 'node-1', kubeconfig });

    const get = `fetch('http://${VIP}/').then(async (r) => console.log(r.status, await r.text()), () => process.exit(1))`;
    const answered = async () => run(ns('client'), process.execPath, ['-e', get]) === '200 from the pod\n';
    await waitUntil(`${VIP} answers`, answered, { deadlineMs: 15_000, everyMs: 100 });
  });
});

function manifests(): string {
  const [labels, ports] = [{ app: 'web' }, [{ name: 'http', port: 80, targetPort: 8080 }]];
  const addresses = [{ type: 'InternalIP', address: '192.0.2.1' }];
  const items = [
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' }, status: { addresses } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { type: 'LoadBalancer', selector: labels, ports },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [{ addresses: ['10.244.1.2'], conditions: { ready: true }, nodeName: 'node-1' }],
    },
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** A veth pair between two namespaces: [namespace, address with prefix, MAC]. */
function connect(left: [string, string], right: [string, string, string?], name: string): void {
  ip(`-n ${left[0]} link add ${name} type veth peer name ${name} netns ${right[0]}`);
  for (const [netns, address, mac] of [left, right]) {
    if (mac) ip(`-n ${netns} link set ${name} address ${mac}`);
    ip(`-n ${netns} address add ${address} dev ${name}`);
    ip(`-n ${netns} link set ${name} up`);
  }
}

function ip(words: string): void {
  const { status, stderr } = spawnSync('ip', words.split(' '), { encoding: 'utf8' });
  assert.equal(status, 0, `ip ${words}: ${stderr}`);
}

function run(netns: string, command: string, args: string[]): string {
  const [program, words] = inNetns(netns, command, args);
  return spawnSync(program, words, { encoding: 'utf8', timeout: 5000 }).stdout;
}

function reasonOf(env: NodeJS.ProcessEnv): string {
  const binaries = controlPlaneBinaries(env);
  return binaries.ok ? 'all there' : binaries.reason;
}

/** A zombie is not alive: where nobody reaps orphans, it stays in the table. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
