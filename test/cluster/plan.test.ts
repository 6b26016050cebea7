import { strict as assert } from 'node:assert';
import type { ServiceObject } from '@openyurt/nodepool-types';
import { stringify } from 'yaml';
import { main } from '../../cloud-controller/src/cli/main.ts';
import type { PlanJson } from '../../cloud-controller/src/cli/plan/plan-json.ts';
import { Cluster, ingressOf } from '../support/controller/cluster.ts';
import { type RunningController, runController } from '../support/controller/run.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import { type TakenControlPlane, takeControlPlane } from '../support/kube/shared-control-plane.ts';
import { waitUntil } from '../support/kube/wait-until.ts';
import { FakeTerminal } from '../unit/cli/fake-terminal.ts';
import { configMap, nodePool, service } from '../unit/cli/plan-objects.ts';

const PATIENCE = { deadlineMs: 30_000, everyMs: 50 };
const OURS = 'service.openyurt.io/';
const SELECTOR = `${OURS}nodepool-labelselector`;
const SHARED = { [`${OURS}allow-shared-ip`]: 'dns' };
const yaml = (objects: readonly unknown[]) => objects.map((object) => stringify(object)).join('---\n');

function pools(...ranges: string[]): string {
  return `address-pools: [{name: default, protocol: layer2, addresses: [${ranges.join(', ')}]}]`;
}

const BEFORE = [
  nodePool('hangzhou', { region: 'east' }),
  nodePool('beijing', { region: 'north' }),
  configMap('hangzhou', pools('10.0.0.1-10.0.0.4', '"fd00::1-fd00::2"')),
  configMap('beijing', pools('10.0.0.3-10.0.0.6')),
  service('default/web'),
  service('default/north', { [SELECTOR]: 'region=north' }),
  service('default/dns-tcp', { ...SHARED, [SELECTOR]: 'region=east' }, { ports: [{ port: 53 }] }),
  service('default/foreign', {}, { loadBalancerClass: 'example.com/lb' }),
];

/** Something of everything: new ones, both families, a shared one, requests, waiting ones, a change of pools and of a Service. */
const CHANGE = [
  service('default/both', { [SELECTOR]: 'region=east' }, { ipFamilyPolicy: 'RequireDualStack' }),
  service('default/maybe', { [SELECTOR]: 'region' }, { ipFamilyPolicy: 'PreferDualStack' }),
  service('default/asks', { [`${OURS}loadBalancerIP-beijing`]: '10.0.0.6', [SELECTOR]: 'region=north' }),
  service('default/outside', { 'metallb.universe.tf/loadBalancerIPs': '10.9.9.9' }),
  configMap('beijing', pools('10.0.0.3-10.0.0.8')),
  service('default/dns-udp', { ...SHARED, [SELECTOR]: 'region=east' }, { ports: [{ port: 53, protocol: 'UDP' }] }),
  service('default/north', { [SELECTOR]: 'region in (east,north)' }),
  service('default/late', { [SELECTOR]: 'region=east' }, { ports: [{ port: 81 }] }),
  service('default/later', { [SELECTOR]: 'region=east' }, { ports: [{ port: 82 }] }),
  service('default/latest', { [SELECTOR]: 'region=east' }, { ports: [{ port: 83 }] }),
  service('default/classless', {}, { loadBalancerClass: undefined }),
];

describe('yurtlb plan, on the real kube-apiserver', function () {
  this.timeout(120_000);
  let plane: TakenControlPlane | undefined;
  let cluster: Cluster;
  let controller: RunningController | undefined;

  before(async function () {
    requireControlPlane(this);
    plane = await takeControlPlane();
    await installCrds(plane, ['nodepools']);
    cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
    controller = runController(plane.kubeconfig);
    await apply(BEFORE);
    await cluster.ingressBecomes('web', 'beijing=10.0.0.3', 'hangzhou=10.0.0.3');
    for (const name of ['north', 'dns-tcp']) await cluster.reasonBecomes(name, 'Allocated');
  });
  after(() => controller?.stop());

  async function apply(objects: readonly unknown[]): Promise<void> {
    const { code, stderr } = (await plane?.kubectl(['apply', '-f', '-'], yaml(objects))) ?? { code: 1, stderr: '' };
    assert.equal(code, 0, stderr);
  }

  async function planOf(files: Record<string, string>): Promise<PlanJson> {
    const terminal = new FakeTerminal(files);
    const argv = Object.keys(files).flatMap((name) => ['-f', name]);
    await main(['plan', '--kubeconfig', plane?.kubeconfig ?? '', ...argv, '--all', '-o', 'json'], terminal);
    assert.deepEqual(terminal.complained, []);
    return JSON.parse(terminal.printed.join('\n'));
  }

  /** By Service: its addresses, and the reason of its condition. */
  function foretold({ services }: PlanJson): Record<string, string[]> {
    return Object.fromEntries(
      services.map(({ name, rows, ours }) => {
        const held = rows.filter(({ state, address }) => address !== undefined && state !== 'loses');
        const [lack] = rows.flatMap(({ reasons }) => reasons.filter(({ advisory }) => !advisory));
        const reason = ours ? [lack?.reason ?? 'Allocated'] : [];
        return [name, [...held.map(({ nodePool: of, address }) => `${of}=${address}`), ...reason]];
      }),
    );
  }

  async function seen(): Promise<Record<string, string[]>> {
    const services = (await cluster.services()).filter(({ spec }) => spec?.type === 'LoadBalancer');
    return Object.fromEntries(services.map((one) => [one.metadata.name ?? '', [...ingressOf(one), ...reasonOf(one)]]));
  }

  function reasonOf({ status }: ServiceObject): string[] {
    return (status?.conditions ?? []).filter(({ type }) => type.startsWith(OURS)).map(({ reason }) => reason);
  }

  it('without files says what is there', async () => {
    const plan = await planOf({});
    assert.deepEqual(foretold(plan), await seen());
    const states = plan.services.flatMap(({ rows }) => rows.map(({ state }) => state));
    assert.deepEqual([...new Set(states)].sort(), ['has', 'not-ours']);
  });

  it('says what the controller then does, and changes nothing itself', async () => {
    const before = await cluster.services();
    const plan = await planOf({ 'change.yaml': yaml(CHANGE) });
    assert.deepEqual(await cluster.services(), before);
    const want = foretold(plan);
    assert.ok(
      Object.values(want).some((said) => said.includes('PoolExhausted')),
      JSON.stringify(want),
    );
    assert.ok(
      Object.values(want).some((said) => said.length === 3),
      JSON.stringify(want),
    );
    await apply(CHANGE);
    const isSo = async () => JSON.stringify(sorted(await seen())) === JSON.stringify(sorted(want));
    await waitUntil('the plan does not come true', isSo, PATIENCE).catch(async () => {
      assert.deepEqual(await seen(), want);
    });
    assert.deepEqual(sorted(foretold(await planOf({ 'change.yaml': yaml(CHANGE) }))), sorted(want));
  });

  it('with too few rights says which are missing', async () => {
    const kubeconfig = (await plane?.kubeconfigFor({ user: 'nobody' })) ?? '';
    const terminal = new FakeTerminal();
    assert.equal(await main(['plan', '--kubeconfig', kubeconfig], terminal), 1);
    assert.match(
      terminal.complained.join('\n'),
      /refused to list .*nodepools.*A plan needs the verb list on services, nodes/,
    );
  });
});

function sorted(all: Record<string, string[]>): [string, string[]][] {
  return Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
}
