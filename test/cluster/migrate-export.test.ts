import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigMapObject, PoolServiceObject, ServiceObject } from '@openyurt/nodepool-types';
import { parse, stringify } from 'yaml';
import { main } from '../../cloud-controller/src/cli/main.ts';
import { Cluster, ingressOf, NAMESPACE } from '../support/controller/cluster.ts';
import { type RunningController, runController } from '../support/controller/run.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import { type TakenControlPlane, takeControlPlane } from '../support/kube/shared-control-plane.ts';
import { waitUntil } from '../support/kube/wait-until.ts';
import { FakeTerminal } from '../unit/cli/fake-terminal.ts';
import { manifests, poolService, service } from './export-objects.ts';

const PATIENCE = { deadlineMs: 30_000, everyMs: 50 };
const SELECTOR = 'service.openyurt.io/nodepool-labelselector';
const LONG = `site-${'p'.repeat(55)}`;
const FIXTURES = new URL('../fixtures/metallb/', import.meta.url);

describe('on the real kube-apiserver', function () {
  this.timeout(120_000);
  const dir = mkdtempSync(join(tmpdir(), 'yurtlb-export-'));
  let plane: TakenControlPlane;
  let cluster: Cluster;
  let controller: RunningController | undefined;

  before(async function () {
    requireControlPlane(this);
    plane = await takeControlPlane();
    await installCrds(plane);
    cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
    for (const name of ['shop', 'bar']) await kubectl(['create', 'namespace', name]);
    controller = runController(plane.kubeconfig);
  });
  after(async () => {
    await controller?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  async function kubectl(args: readonly string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await plane.kubectl(args, stdin);
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** `<nodepool>=<ip>` by `namespace/name`, of all Services but the API server's own. */
  async function inForce(): Promise<Record<string, string[]>> {
    const { items } = await cluster.api.request<{ items: ServiceObject[] }>({
      method: 'GET',
      path: '/api/v1/services',
      query: { fieldSelector: 'spec.type=LoadBalancer' },
    });
    return Object.fromEntries(items.map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, ingressOf(one)]));
  }

  async function served(what: string, isTrue: (all: Record<string, string[]>) => boolean) {
    let all: Record<string, string[]> = {};
    const look = async () => {
      all = await inForce();
      return isTrue(all);
    };
    await waitUntil(what, look, PATIENCE).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(all, null, 2)}`);
    });
    return all;
  }

  async function exported(...argv: string[]): Promise<{ out: string; err: string }> {
    const terminal = new FakeTerminal();
    const code = await main(['export', '--kubeconfig', plane.kubeconfig, ...argv], terminal);
    assert.equal(code, 0, terminal.complained.join('\n'));
    return { out: `${terminal.printed.join('\n')}\n`, err: terminal.complained.join('\n') };
  }

  describe("MetalLB's ConfigMaps, as its documentation has them", () => {
    const files = readdirSync(FIXTURES).filter((name) => /^(?:layer2|bgp)/.test(name));
    const poolOf = (file: string) => file.replace('.yaml', '');
    /** The first address of the first address pool that gives any by itself. */
    const first: Record<string, string> = {
      'layer2.yaml': '192.168.1.240',
      'layer2-prefix.yaml': '192.168.1.240',
      'layer2-auto-assign.yaml': '192.168.144.0',
      'layer2-buggy-networks.yaml': '192.168.1.254',
      'layer2-ipv6.yaml': '192.168.10.0',
    };

    before(async () => {
      const configMaps: string[] = [];
      for (const file of files) {
        const pool = poolOf(file);
        await cluster.nodePool(pool, { file: pool });
        const configMap = parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as ConfigMapObject;
        const labels = { 'apps.openyurt.io/nodepool': pool };
        configMaps.push(stringify({ ...configMap, metadata: { name: pool, namespace: NAMESPACE, labels } }));
        const annotations = { [SELECTOR]: `file=${pool}` };
        await cluster.service(`uses-${pool}`, { annotations, ports: [1000 + files.indexOf(file)] });
      }
      await kubectl(['apply', '-f', '-'], configMaps.join('---\n'));
    });
    after(async () => {
      for (const file of files) await cluster.deleteService(`uses-${poolOf(file)}`);
      await kubectl(['delete', 'configmap', ...files.map(poolOf), '-n', NAMESPACE]);
      await kubectl(['delete', 'nodepool', ...files.map(poolOf)]);
    });

    for (const [file, address] of Object.entries(first)) {
      it(`${file} gives ${address}`, () =>
        cluster.ingressBecomes(`uses-${poolOf(file)}`, `${poolOf(file)}=${address}`));
    }
    it('layer2-all-keys.yaml gives none unasked', () => cluster.reasonBecomes('uses-layer2-all-keys', 'NoAutoAssign'));
    for (const file of files.filter((name) => name.startsWith('bgp'))) {
      it(`${file} is refused with a sentence`, async () => {
        await cluster.reasonBecomes(`uses-${poolOf(file)}`, 'ConfigRefused');
        const refused = async () =>
          (await cluster.events(poolOf(file))).find(({ reason }) => reason === 'ConfigRefused');
        await waitUntil('no Event', async () => (await refused()) !== undefined, PATIENCE);
        assert.match((await refused())?.note ?? '', /BGP is not supported by this version \(Use protocol/);
      });
    }
  });

  describe('yurtlb export', () => {
    before(async () => {
      const ranges = ['10.0.0.1-10.0.0.20', 'fd00::1-fd00::20'];
      for (const name of ['hangzhou', 'beijing', LONG]) {
        await cluster.nodePool(name, { site: name });
        await cluster.range(name, ...ranges);
      }
    });

    it('round trip: Services made anew in another order, with what was exported, get the same addresses', async () => {
      const made = [...manifests(), service('bar/passing', {}, { ports: [9] })];
      await kubectl(['apply', '-f', '-'], made.map((one) => stringify(one)).join('---\n'));
      const all = await served('not all are served', (found) => Object.values(found).every((list) => list.length >= 2));
      await kubectl(['delete', 'service', 'passing', '-n', 'bar']); // leaves a hole: the next in line would move into it
      const { 'bar/passing': _, ...wanted } = all;
      assert.deepEqual(wanted['shop/dns-tcp'], wanted['shop/dns-udp']);
      const { out, err } = await exported('-A', '-o', 'yaml');
      assert.equal(err, '');
      assert.match(
        out,
        new RegExp(`service.openyurt.io/loadBalancerIPs": "${LONG}=10\\.0\\.0\\.\\d+,${LONG}=fd00::\\w+"`),
      );
      await kubectl(['delete', 'services', '--all', '-n', 'shop']);
      await kubectl(['delete', 'services', '--all', '-n', 'bar']);
      await served('they are not gone', (found) => Object.keys(found).length === 0);
      for (const [i, name] of ['addresses.yaml', 'services.yaml', 'kustomization.yaml'].entries()) {
        mkdirSync(join(dir, 'git'), { recursive: true });
        const kustomization = stringify({ resources: ['services.yaml'], patches: [{ path: 'addresses.yaml' }] });
        const services = manifests().map((one) => stringify(one));
        writeFileSync(join(dir, 'git', name), [out, services.join('---\n'), kustomization][i] ?? '');
      }
      const built = (await kubectl(['kustomize', join(dir, 'git')])).split('\n---\n').reverse();
      await kubectl(['create', '-f', '-'], built.join('\n---\n'));
      const again = await served(
        'not all are served again',
        (found) => Object.values(found).flat().length >= Object.values(wanted).flat().length,
      );
      assert.deepEqual(again, wanted);
      assert.doesNotMatch((await exported('-A')).out, / no$/m);
    });

    it('lines for a shell pin what is in force; what others wrote is left out and named', async () => {
      await kubectl(
        ['apply', '-f', '-'],
        stringify(service('bar/late', { [SELECTOR]: 'site=hangzhou' }, { ports: [7] })),
      );
      const all = await served('not served', (found) => found['bar/late']?.length === 1);
      const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } });
      await kubectl(['patch', 'service', 'late', '-n', 'bar', '--subresource=status', '--type=merge', '-p', status]);
      await served('ours is not written again', (found) => found['bar/late']?.length === 2);
      const { out, err } = await exported('-n', 'bar', '-o', 'patch');
      assert.match(err, /left out, since they name no NodePool: bar\/late 1\.2\.3\.4/);
      const line = out.split('\n').find((text) => text.includes(' service late '));
      const [, patch] =
        /^kubectl --namespace bar patch service late --type merge --patch '(.*)'$/.exec(line ?? '') ?? [];
      await kubectl(['--namespace', 'bar', 'patch', 'service', 'late', '--type', 'merge', '--patch', patch ?? '']);
      const address = all['bar/late']?.[0]?.split('=')[1];
      assert.match((await exported('-n', 'bar')).out, new RegExp(`bar +late +hangzhou +${address} +yes`));
    });

    it("under yurt-manager's LoadBalancerSet the PoolServices are the record", async () => {
      const make = async () => {
        const made = service('shop/spread', { [SELECTOR]: 'site=beijing' }, { ports: [4] });
        await kubectl(['apply', '-f', '-'], `${stringify(made)}---\n${stringify(poolService('spread', 'beijing'))}`);
      };
      const path = '/apis/network.openyurt.io/v1alpha1/namespaces/shop/poolservices/spread-beijing';
      const given = async () => {
        const { status } = await cluster.api.request<PoolServiceObject>({ method: 'GET', path });
        return status?.loadBalancer?.ingress?.[0]?.ip;
      };
      await make();
      await waitUntil('the PoolService gets no address', async () => (await given()) !== undefined, PATIENCE);
      const address = await given();
      const { out } = await exported('-n', 'shop', '-o', 'patch');
      assert.ok(
        out.includes(
          `patch service spread --type merge --patch '{"metadata":{"annotations":{"service.openyurt.io/loadBalancerIP-beijing":"${address}"}}}'`,
        ),
      );
      assert.match((await exported('-n', 'shop')).out, new RegExp(`spread +beijing +${address} +no`));
    });

    it('needs the verb list on three kinds, and says so where it has not', async () => {
      for (const account of ['reader', 'nobody']) await kubectl(['create', 'serviceaccount', account]);
      const resources = 'services,poolservices.network.openyurt.io,nodepools.apps.openyurt.io';
      await kubectl(['create', 'clusterrole', 'export', '--verb=list', `--resource=${resources}`]);
      await kubectl([
        'create',
        'clusterrolebinding',
        'export',
        '--clusterrole=export',
        '--serviceaccount=default:reader',
      ]);
      const run = async (account: string) => {
        const kubeconfig = await plane.kubeconfigFor({ serviceAccount: `default/${account}` });
        const terminal = new FakeTerminal();
        const code = await main(['export', '-A', '--kubeconfig', kubeconfig], terminal);
        return { code, said: terminal.complained.join('\n') };
      };
      await waitUntil('the role works', async () => (await run('reader')).code === 0, PATIENCE);
      const { code, said } = await run('nobody');
      assert.equal(code, 1);
      assert.match(said, /nodepools.*403.*cannot list resource "nodepools".*It needs the verb list on services/);
    });
  });
});
