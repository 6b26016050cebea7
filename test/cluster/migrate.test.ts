import { strict as assert } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import type { LoadBalancerIngress, ServiceObject } from '@openyurt/nodepool-types';
import { parseAllDocuments, stringify } from 'yaml';
import { Cluster } from '../support/controller/cluster.ts';
import { type RunningController, runController } from '../support/controller/run.ts';
import { controlPlaneBinaries, requireControlPlane } from '../support/kube/available.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import type { Workload } from '../support/kube/pod.ts';
import { type TakenControlPlane, takeControlPlane } from '../support/kube/shared-control-plane.ts';
import { waitUntil } from '../support/kube/wait-until.ts';
import { PageShell, type PageStep, pageSteps } from './page-steps.ts';

const PATIENCE = { deadlineMs: 30_000, everyMs: 50 };
const SERVICES = '/api/v1/namespaces/shop/services';
const fixture = (name: string) => readFileSync(new URL(`../fixtures/metallb/${name}`, import.meta.url), 'utf8');
/** What MetalLB v0.12.1 gave to the Services of `services.yaml`. */
const METALLB_GAVE: Record<string, string[]> = {
  both: ['192.168.1.247', '2001:db8::17'],
  'dns-service-tcp': ['192.168.1.245'],
  'dns-service-udp': ['192.168.1.245'],
  nginx: ['42.176.25.64'],
  plain: ['192.168.1.240'],
};
const NAMES = Object.keys(METALLB_GAVE);

describe('docs/migrate-from-metallb.md, followed on the real kube-apiserver', function () {
  this.timeout(120_000);
  const steps = pageSteps('migrate-from-metallb.md');
  let plane: TakenControlPlane | undefined;
  let cluster: Cluster;
  let shell: PageShell;
  let controller: RunningController | undefined;

  before(async function () {
    requireControlPlane(this);
    assert.ok(existsSync(new URL('../../cloud-controller/dist/cli.mjs', import.meta.url)), 'not built: npm run build');
    plane = await takeControlPlane();
    cluster = new Cluster(plane.kubeconfig);
    const binaries = controlPlaneBinaries();
    assert.ok(binaries.ok);
    shell = new PageShell(binaries.programs.kubectl, plane.kubeconfig);
    await installCrds(plane);
    for (const name of ['hangzhou', 'beijing']) await cluster.nodePool(name);
    for (const name of ['metallb-system', 'shop']) await kubectl(['create', 'namespace', name]);
  });
  after(async () => {
    await controller?.stop();
    shell?.close();
  });

  async function kubectl(args: readonly string[], stdin?: string): Promise<string> {
    assert.ok(plane);
    const { code, stdout, stderr } = await plane.kubectl(args, stdin);
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  async function services(): Promise<Map<string, ServiceObject>> {
    const { items } = await cluster.api.request<{ items: ServiceObject[] }>({ method: 'GET', path: SERVICES });
    return new Map(items.map((service) => [service.metadata.name ?? '', service]));
  }

  /** `[hostname=]ip` by Service. */
  async function addresses(names: readonly string[] = NAMES): Promise<Record<string, string[]>> {
    const found = await services();
    const say = ({ ip, hostname }: LoadBalancerIngress) => (hostname === undefined ? `${ip}` : `${hostname}=${ip}`);
    return Object.fromEntries(
      names.map((name) => [name, (found.get(name)?.status?.loadBalancer?.ingress ?? []).map(say)]),
    );
  }

  const given = (hostname = ''): Record<string, string[]> =>
    Object.fromEntries(Object.entries(METALLB_GAVE).map(([name, ips]) => [name, ips.map((ip) => hostname + ip)]));

  /** As MetalLB's controller writes it: addresses alone. */
  async function writeStatus(name: string): Promise<void> {
    const status = { status: { loadBalancer: { ingress: METALLB_GAVE[name]?.map((ip) => ({ ip })) } } };
    await cluster.api.request({ method: 'PATCH', path: `${SERVICES}/${name}/status`, body: status });
  }

  async function startController(): Promise<void> {
    assert.ok(plane);
    const path = '/apis/apps/v1/namespaces/yurtlb-system/deployments/yurtlb-controller';
    const deployment = await cluster.api.request<Workload>({ method: 'GET', path });
    const args = deployment.spec.template.spec.containers[0]?.args ?? assert.fail('it has no container');
    const kubeconfig = await plane.kubeconfigFor({ serviceAccount: 'yurtlb-system/yurtlb-controller' });
    const flags = args.filter((arg) => arg.startsWith('--') && !/namespace|health/.test(arg));
    controller = runController(kubeconfig, '--namespace=yurtlb-system', ...flags);
  }

  async function stopController(): Promise<void> {
    assert.equal(await controller?.stop(), 0);
    controller = undefined;
  }

  /** Follows the next block, and holds what it prints to what the page shows. */
  async function follow(heading: RegExp): Promise<void> {
    const step = steps.shift();
    assert.match(step?.heading ?? 'the end of the page', heading);
    if (step === undefined) return;
    const printed = await shell.run(withoutPods(step));
    if (step.output !== undefined) assert.equal(printed, step.output);
  }

  it('starts with what MetalLB leaves', async () => {
    await kubectl(['apply', '-f', '-'], fixture('site.yaml'));
    await kubectl(['apply', '-f', '-'], workloads());
    // a Service that MetalLB could not serve, older than those that it could
    await kubectl(['create', 'service', 'loadbalancer', 'older', '--tcp=8443', '-n', 'shop']);
    await kubectl(['apply', '-n', 'shop', '-f', '-'], fixture('services.yaml'));
    for (const name of NAMES) await writeStatus(name);
  });

  it('1: the inventory', async () => {
    // the page does not show that one; it steps aside where the page shows what is printed
    await kubectl(['patch', 'service', 'older', '-n', 'shop', '-p', '{"spec": {"type": "ClusterIP"}}']);
    await follow(/^1\./);
    await kubectl(['patch', 'service', 'older', '-n', 'shop', '-p', '{"spec": {"type": "LoadBalancer"}}']);
  });

  it('2: the ConfigMap is made, and good', async () => {
    await follow(/^2\./);
    const [text] = parseAllDocuments(fixture('site.yaml')).map((document) => document.toJS().data.config.trim());
    assert.equal(parseAllDocuments(shell.file('hangzhou.yaml'))[0]?.toJS().data.config, text);
  });

  it('3: ours gives and takes nothing yet', async () => {
    await follow(/^3\./);
    await startController();
    const reason = async () => (await services()).get('plain')?.status?.conditions?.[0]?.reason === 'NoNodePool';
    await waitUntil('plain is not told that it waits', reason, PATIENCE);
    assert.deepEqual(await addresses(), given());
  });

  it('4 and 5: each Service keeps its addresses, the oldest that waits gets another one', async () => {
    await follow(/^4\./);
    await kubectl(['patch', 'service', 'older', '-n', 'shop', '-p', '{"spec": {"type": "ClusterIP"}}']);
    await follow(/^5\./);
    const older = ['patch', 'service', 'older', '-n', 'shop', '-p', '{"spec": {"type": "LoadBalancer"}}'];
    const moved = async () => JSON.stringify(await addresses()) === JSON.stringify(given('hangzhou='));
    await waitUntil('the addresses are not taken over', moved, PATIENCE);
    await follow(/^5\./);
    await kubectl(older);
    const served = async () => (await addresses(['older'])).older?.[0] === 'hangzhou=192.168.1.241';
    await waitUntil('the one that waited is not served', served, PATIENCE);
  });

  it('a Service that waits takes none of what is to be taken over, however old it is', async () => {
    await stopController();
    await kubectl(['delete', 'configmap', 'hangzhou', '-n', 'yurtlb-system']);
    for (const name of NAMES) await writeStatus(name);
    const emptied = JSON.stringify({ status: { loadBalancer: { ingress: [] } } });
    await kubectl(['patch', 'service', 'older', '-n', 'shop', '--subresource=status', '--type=merge', '-p', emptied]);
    await startController();
    const waits = async () => (await services()).get('older')?.status?.conditions?.[0]?.status === 'False';
    await waitUntil('older does not wait', waits, PATIENCE);
    await shell.run('kubectl apply -f hangzhou.yaml');
    const served = async () => (await addresses(['older'])).older?.length === 1;
    await waitUntil('older is not served', served, PATIENCE);
    const moved = async () => JSON.stringify(await addresses()) === JSON.stringify(given('hangzhou='));
    await waitUntil('the addresses are not taken over', moved, PATIENCE);
    await kubectl(['delete', 'service', 'older', '-n', 'shop']);
  });

  it('6: they are pinned', async () => {
    await follow(/^6\./);
    assert.match(await shell.run('npx yurtlb export -n shop'), /^NAMESPACE.*\n(?:shop .* yes\n){5}$/);
    assert.deepEqual(await addresses(), given('hangzhou='));
  });

  it('rolls back, and comes again', async () => {
    await follow(/^Roll back/);
    await stopController();
    for (const name of NAMES) await writeStatus(name);
    await startController();
    const foreign = async () => (await addresses(['plain'])).plain?.includes('hangzhou=192.168.1.240') === true;
    await waitUntil('pinned addresses are not given again', foreign, PATIENCE);
    await kubectl(['annotate', 'services', '--all', '-n', 'shop', 'service.openyurt.io/adopt=true']);
    const moved = async () => JSON.stringify(await addresses()) === JSON.stringify(given('hangzhou='));
    await waitUntil('the addresses are not taken over again', moved, PATIENCE);
  });

  it('ends with the last block', () => assert.deepEqual(steps, []));

  it("MetalLB's newer annotations", async () => {
    await kubectl(['apply', '-n', 'shop', '-f', '-'], fixture('services-0.13.yaml'));
    const want = { newer: ['hangzhou=42.176.25.66'], 'newer-shared': ['hangzhou=42.176.25.66'] };
    const served = async () => JSON.stringify(await addresses(Object.keys(want))) === JSON.stringify(want);
    await waitUntil('not served', served, PATIENCE);
  });
});

/** No kubelet runs: nothing waits for Pods. */
function withoutPods({ commands }: PageStep): string {
  return commands.replace(/^kubectl .* rollout status .*\n/m, '');
}

/** MetalLB's Deployment and DaemonSet, as far as the page touches them. */
function workloads(): string {
  const make = (kind: string, component: string) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: component, namespace: 'metallb-system' },
    spec: {
      selector: { matchLabels: { component } },
      template: {
        metadata: { labels: { component } },
        spec: { nodeSelector: { 'kubernetes.io/os': 'linux' }, containers: [{ name: component, image: component }] },
      },
    },
  });
  return [make('Deployment', 'controller'), make('DaemonSet', 'speaker')].map((one) => stringify(one)).join('---\n');
}
