import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { type ConfigMapObject, decodeNodeReport, type KubeObject, type ServiceObject } from '@openyurt/nodepool-types';
import { DataPlane } from '../support/data-plane.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { kubeProxyProblem } from '../support/kube/kube-proxy.ts';
import { waitUntil } from '../support/kube/wait-until.ts';
import { ArpClient, type ArpLine, answerers } from '../support/netns/arp-client.ts';
import { needSites } from '../support/netns/suite.ts';
import { skipUnless } from '../support/require.ts';
import { Stage, serviceWithEndpoints } from '../support/stage.ts';

const POOLS = [
  { name: 'hangzhou', nodes: ['hz-a', 'hz-b', 'hz-c'] },
  { name: 'shanghai', nodes: ['sh-a', 'sh-b'] },
];
const ADDRESSES = `address-pools:
- name: default
  protocol: layer2
  addresses: [192.168.10.240-192.168.10.250]
`;
const PATIENCE = { deadlineMs: 30_000, everyMs: 200 }; // each look is a kubectl or a curl
/** A report that could not be written is tried again, later each time. */
const REPORTED = { deadlineMs: 75_000, everyMs: 500 };
const IP = '192.168.10.240'; // the first, in both NodePools
/** One each 5 ms. */
const SETTLED_ANSWERS = 300;

/**
 * The main job on the real control plane: our manifests applied with RBAC on, both programs as the Pods that they describe
 * (arguments, tokens, user, capabilities), kube-proxy in each node's namespace, curl on each LAN.
 */
describe('the main job on the real kube-apiserver', function () {
  this.timeout(120_000);
  let stage: Stage;
  let plane: DataPlane;
  const asking: ArpClient[] = [];

  before(async function () {
    needSites(this);
    requireControlPlane(this);
    const problem = kubeProxyProblem();
    skipUnless(this, problem === undefined ? { ok: true } : { ok: false, reason: problem });
    stage = await Stage.create({
      pools: POOLS,
      addresses: ADDRESSES,
      site: 'minReadySeconds: 0',
      kube: true,
      prefix: 'ylm',
    });
    plane = await DataPlane.start(stage);
    await stage.startController();
    for (const node of POOLS.flatMap(({ nodes }) => nodes)) await stage.startSpeaker(node);
  });

  after(async () => {
    await Promise.all(asking.map((client) => client.stop()));
    await plane?.close();
    await stage?.close();
  });

  const curl = (pool: string): string => {
    const args = ['-sS', '--max-time', '5', '-o', '/dev/null', '-w', '%{http_code}', `http://${IP}/`];
    const { stdout, stderr } = stage.site.exec(stage.site.pool(pool).clientNs, 'curl', args);
    return `${stdout}${stderr}`.trim();
  };
  const until200 = (pool: string) =>
    waitUntil(`curl from ${pool} returns 200`, async () => curl(pool) === '200', PATIENCE);

  const announcerOf = (pool: string, client: ArpClient | undefined): string => {
    const mac = answerers(client?.log ?? [], IP).at(-1)?.mac;
    const node = mac === undefined ? undefined : stage.nodeOfMac(pool, mac);
    return node ?? assert.fail(`a node of ${pool} announces ${IP}, not ${mac ?? 'nobody'}`);
  };
  /** Speakers that have just started meet one by one, and the address goes to the one whose it is. */
  const isSettled = (client: ArpClient): boolean => {
    const last = client.log.filter(({ kind }) => kind === 'answer').slice(-SETTLED_ANSWERS);
    return last.length === SETTLED_ANSWERS && answerers(last, IP).length === 1;
  };

  it('gives one Service the same address in both NodePools', async () => {
    const podIp = (node: string) => plane.pods.addressOf(node);
    await stage.cloud.apply(
      ...serviceWithEndpoints(stage.site, { name: 'web', port: 80, nodes: ['hz-a', 'sh-b'], podIp }),
    );
    const read = () => stage.cloud.get<ServiceObject>('/api/v1/namespaces/default/services/web');
    await waitUntil('two addresses', async () => (await read()).status?.loadBalancer?.ingress?.length === 2, PATIENCE);
    const { status } = await read();
    assert.deepEqual(status?.loadBalancer?.ingress, [
      { ip: IP, hostname: 'hangzhou', ipMode: 'VIP' },
      { ip: IP, hostname: 'shanghai', ipMode: 'VIP' },
    ]);
    const [condition] = status?.conditions ?? [];
    assert.deepEqual([condition?.type, condition?.status], ['service.openyurt.io/AddressesAllocated', 'True']);
  });

  it('answers HTTP at that address on both LANs, through kube-proxy', async () => {
    for (const { name } of POOLS) await until200(name);
  });

  it('has the report of each node, owned by its Node', async () => {
    for (const node of POOLS.flatMap(({ nodes }) => nodes)) {
      const path = `/api/v1/namespaces/yurtlb-reports/configmaps/${node}`;
      const read = () => stage.cloud.get<ConfigMapObject>(path).catch(() => undefined);
      await waitUntil(`the report of ${node}`, async () => (await read()) !== undefined, REPORTED);
      const object = (await read()) ?? assert.fail('it is gone again');
      const decoded = decodeNodeReport(object);
      assert.ok(decoded.ok, decoded.ok ? '' : decoded.problem);
      const { uid } = (await stage.cloud.get<KubeObject>(`/api/v1/nodes/${node}`)).metadata;
      assert.deepEqual(
        object.metadata.ownerReferences?.map((owner) => [owner.kind, owner.name, owner.uid]),
        [['Node', node, uid]],
      );
    }
  });

  it('goes on with the cloud link cut, and nobody moves', async () => {
    for (const { name } of POOLS) {
      const client = await ArpClient.start(stage.site, stage.site.pool(name).clientNs, [IP]);
      asking.push(client);
      await waitUntil(`one node of ${name} answers`, async () => isSettled(client), PATIENCE);
      await until200(name); // through the kube-proxy of that node, too
    }
    const sinceMs = Date.now();
    const before = POOLS.map(({ name }, i) => announcerOf(name, asking[i]));
    for (const node of POOLS.flatMap(({ nodes }) => nodes)) stage.site.cutCloud(node);
    for (const client of asking) await client.answer(IP, { sinceMs: sinceMs + 3000 });
    for (const { name } of POOLS) assert.equal(curl(name), '200');
    const stalls = stage.stalls(sinceMs);
    if (stalls.length > 0) console.log(`      not looked at who answered, for this machine stood still: ${stalls[0]}`);
    else
      POOLS.forEach(({ name }, i) => {
        const since = (asking[i]?.log ?? []).filter(({ atMs }) => atMs >= sinceMs);
        const seen = answerers(since, IP).map(({ mac }) => stage.nodeOfMac(name, mac));
        assert.deepEqual(seen, [before[i]], stage.logSince(sinceMs));
      });
  });

  it('goes on when the announcing node dies while cut', async () => {
    for (const [i, { name }] of POOLS.entries()) {
      const client = asking[i];
      const node = announcerOf(name, client);
      await stage.stopSpeaker(node, 'SIGKILL');
      stage.site.cutLan(node);
      const others = (line: ArpLine) => line.kind === 'answer' && line.mac !== stage.macOf(node);
      await client?.until(`another node of ${name} answers`, others, { sinceMs: Date.now() });
      await until200(name);
    }
  });

  it('forgets the report of a Node that is deleted', async () => {
    const read = () =>
      stage.cloud.get('/api/v1/namespaces/yurtlb-reports/configmaps/sh-b').then(
        () => true,
        () => false,
      );
    assert.equal(await read(), true);
    await stage.cloud.delete('/api/v1/nodes/sh-b');
    await waitUntil('the report is gone', async () => !(await read()), PATIENCE);
  });

  it('was refused nothing by RBAC', () => {
    for (const child of [stage.controller, ...stage.speakers.values()]) {
      assert.equal(child?.problem, undefined);
      const log = readFileSync(child?.spec.logFile ?? '', 'utf8');
      assert.doesNotMatch(log, /forbidden|"code":403|\b403\b/i);
    }
  });
});
