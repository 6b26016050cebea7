import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import {
  ADDRESS_CONFLICT_CONDITION,
  type Condition,
  encodeNodeReport,
  NODE_POOL_LABEL,
  type ReportedConflict,
} from '@openyurt/nodepool-types';
import { Cluster } from '../support/controller/cluster.ts';
import { type RunningController, runController } from '../support/controller/run.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import { type TakenControlPlane, takeControlPlane } from '../support/kube/shared-control-plane.ts';
import { waitUntil } from '../support/kube/wait-until.ts';

const REPORTS = '/api/v1/namespaces/yurtlb-reports/configmaps';
const PATIENCE = { deadlineMs: 20_000, everyMs: 20 };
const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('an address that its site refuses, on the real kube-apiserver', function () {
  this.timeout(120_000);
  let plane: TakenControlPlane | undefined;
  let c: Cluster;
  let running: RunningController | undefined;

  before(async function () {
    requireControlPlane(this);
    plane = await takeControlPlane();
    c = new Cluster(plane.kubeconfig);
    await c.prepare();
    await installCrds(plane, ['nodepools']);
    await c.nodePool('shop');
    await c.range('shop', '10.0.0.1-10.0.0.9');
    await c.create('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1', labels: { [NODE_POOL_LABEL]: 'shop' } },
    });
    await plane.kubectl(['create', 'namespace', 'yurtlb-reports']);
  });
  after(async () => {
    await running?.stop();
  });

  /** As the speaker of n1 would write it. */
  async function report(...conflicts: ReportedConflict[]): Promise<void> {
    const now = new Date().toISOString();
    const head = { version: 1 as const, node: 'n1', nodePool: 'shop', writtenAt: now };
    const text = encodeNodeReport({ ...head, cloud: { state: 'connected', since: now }, announced: [], conflicts });
    const metadata = { name: 'n1', namespace: 'yurtlb-reports', labels: { [NODE_POOL_LABEL]: 'shop' } };
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { report: text } };
    await c.create(REPORTS, body);
    await c.api.request({ method: 'PATCH', path: `${REPORTS}/n1`, body });
  }

  async function refused(name: string, address: string): Promise<ReportedConflict> {
    const { uid = '' } = (await c.readService(name)).metadata;
    const now = new Date().toISOString();
    return {
      address,
      kind: 'refused',
      byMac: '02:00:00:00:00:66',
      link: 'eth0',
      since: now,
      lastSeen: now,
      services: [uid],
    };
  }

  async function conflictBecomes(name: string, reason: string | undefined): Promise<Condition | undefined> {
    let seen: Condition | undefined;
    const check = async () => {
      const { status } = await c.readService(name);
      seen = status?.conditions?.find(({ type }) => type === ADDRESS_CONFLICT_CONDITION);
      return seen?.reason === reason;
    };
    await waitUntil(`AddressConflict of ${name} is not ${reason}`, check, PATIENCE);
    return seen;
  }

  it('a controller that may not read reports does everything else', async () => {
    const { code, stderr } =
      (await plane?.kubectl(['apply', '-f', '-'], withoutReports(file('manifests/rbac-controller.yaml')))) ?? {};
    assert.equal(code, 0, stderr);
    const kubeconfig = (await plane?.kubeconfigFor({ serviceAccount: 'yurtlb-system/yurtlb-controller' })) ?? '';
    running = runController(kubeconfig, '--log-level=error');
    await c.service('blind');
    await c.ingressBecomes('blind', 'shop=10.0.0.1');
    await c.deleteService('blind');
    assert.equal(await running.stop(), 0);
  });

  it('is exchanged, as the manifest allows it; condition and Event name the host; over when it is over', async () => {
    const { code, stderr } = (await plane?.kubectl(['apply', '-f', '-'], file('manifests/rbac-controller.yaml'))) ?? {};
    assert.equal(code, 0, stderr);
    running = runController((await plane?.kubeconfigFor({ serviceAccount: 'yurtlb-system/yurtlb-controller' })) ?? '');
    await c.service('web');
    await c.ingressBecomes('web', 'shop=10.0.0.1');
    await c.service('named', { annotations: { 'service.openyurt.io/loadBalancerIP-shop': '10.0.0.9' } });
    await c.ingressBecomes('named', 'shop=10.0.0.9');
    const named = await refused('named', '10.0.0.9');
    await report(await refused('web', '10.0.0.1'), named);
    await c.ingressBecomes('web', 'shop=10.0.0.2');
    const condition = await conflictBecomes('named', 'RefusedBySite');
    assert.match(
      condition?.message ?? '',
      /10\.0\.0\.9 is used by the host 02:00:00:00:00:66, seen by node n1 on eth0/,
    );
    assert.deepEqual(await c.ingress('named'), ['shop=10.0.0.9']);
    const told = async (name: string, reason: string) =>
      (await c.events(name)).filter((one) => one.reason === reason).length;
    await waitUntil('no AddressMoved', async () => (await told('web', 'AddressMoved')) === 1, PATIENCE);
    await waitUntil('no AddressRefused', async () => (await told('named', 'AddressRefused')) === 1, PATIENCE);
    await report(named);
    await c.service('next');
    await c.ingressBecomes('next', 'shop=10.0.0.3');
    await report();
    await conflictBecomes('named', undefined);
    assert.equal((await c.readService('named')).status?.conditions?.length, 1);
  });

  it('a new leader finds all in the reports: it writes nothing anew', async () => {
    const name = 'named';
    await report(await refused(name, '10.0.0.9'));
    await conflictBecomes(name, 'RefusedBySite');
    const { metadata } = await c.readService(name);
    assert.equal(await running?.stop(), 0);
    running = runController((await plane?.kubeconfigFor({ serviceAccount: 'yurtlb-system/yurtlb-controller' })) ?? '');
    await c.service('later');
    await c.ingressBecomes('later', 'shop=10.0.0.1'); // no report names it by now
    assert.equal((await c.readService(name)).metadata.resourceVersion, metadata.resourceVersion);
    assert.equal((await c.events(name)).filter(({ reason }) => reason === 'AddressRefused').length, 1);
  });
});

/** The manifest as it would be for somebody who leaves the reports out. */
function withoutReports(manifest: string): string {
  return manifest
    .split('\n---\n')
    .filter((document) => !document.includes('namespace: yurtlb-reports'))
    .join('\n---\n');
}
