import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeCloud } from '../support/cloud/kube-cloud.ts';
import { controlPlaneBinaries, requireControlPlane } from '../support/kube/available.ts';
import { type KubectlResult, runKubectl } from '../support/kube/kubectl.ts';
import { waitUntil } from '../support/kube/wait-until.ts';
import { needSites } from '../support/netns/suite.ts';
import { Stage, serviceWithEndpoints } from '../support/stage.ts';
import { oneOfEach, STATUS_PATCHES } from './kubectl-objects.ts';
import { ageless, follow, printed, stripped } from './kubectl-screen.ts';

const YURTLB = fileURLToPath(new URL('../../cloud-controller/bin/yurtlb.mjs', import.meta.url));
const ADDRESSES = 'address-pools:\n- { name: default, protocol: layer2, addresses: [192.168.10.240-192.168.10.250] }\n';
const LOCAL = 'http://127.0.0.1:10371';
const PATIENCE = { deadlineMs: 40_000, everyMs: 200 };

/** What people type to look at things. */
const LOOKS = [
  'get svc,nodes,nodepools -A -o wide',
  'get endpointslices -A',
  'get poolservices -A',
  'get svc -A --show-labels',
  'get svc -A -L tier',
  'get svc -A -l tier=front',
  'get svc -n shop -l tier!=front,!missing',
  'get svc -A --field-selector spec.type=LoadBalancer',
  'get svc -n shop --field-selector metadata.name=both',
  'get svc -A --sort-by=.spec.type',
  'get svc -A -o name',
  'get svc web -o jsonpath={.status.loadBalancer.ingress[0].ip}',
  'get svc -A -o custom-columns=NAME:.metadata.name,TYPE:.spec.type',
  'get np',
  'get nodepools.v1beta1.apps.openyurt.io -o wide',
  'get svc nope',
  'get node nope -o yaml',
];

/** Whole objects. */
const WHOLE = [
  'get svc web -o json',
  'get svc -A -o json',
  'get node hz-a -o json',
  'get endpointslice both-1 -n shop -o json',
  'get nodepool hangzhou -o json',
  'get nodepools.v1beta1.apps.openyurt.io hangzhou -o json',
  'get poolservice both-hangzhou -n shop -o json',
];

/** The real kubectl against the real kube-apiserver, and against the speaker of a node that nothing connects with it. */
describe('kubectl on an autonomous node', function () {
  this.timeout(120_000);
  let stage: Stage;
  let cloud: KubeCloud;
  let program: string;
  let cache: string;
  const online = new Map<string, string>();

  const ask = (words: string): Promise<KubectlResult> => cloudKubectl(words.split(' '));
  const cloudKubectl = async (args: readonly string[]): Promise<KubectlResult> => {
    try {
      return { stdout: await cloud.kubectl(args), stderr: '', code: 0 };
    } catch (error) {
      return { stdout: '', stderr: (error as Error).message.replace(/^kubectl .*?: (?=Error|error)/s, ''), code: 1 };
    }
  };
  const local = (words: string, stdin?: string, node = 'hz-a'): Promise<KubectlResult> =>
    runKubectl(
      { program, kubeconfig: '/dev/null', cacheDir: cache, netns: stage.site.node(node).ns },
      [`--server=${LOCAL}`, ...words.split(' ')],
      stdin,
    );
  const same = async (words: string): Promise<boolean> => printed(await local(words)) === printed(await ask(words));

  before(async function () {
    needSites(this);
    requireControlPlane(this);
    const binaries = controlPlaneBinaries();
    program = binaries.ok ? binaries.programs.kubectl : '';
    cache = mkdtempSync(join(tmpdir(), 'yurtlb-kubectl-'));
    const pools = [{ name: 'hangzhou', nodes: ['hz-a', 'hz-b'] }];
    stage = await Stage.create({ pools, addresses: ADDRESSES, site: 'minReadySeconds: 0', kube: true, prefix: 'ylk' });
    cloud = stage.cloud as KubeCloud;
    await cloud.apply(...oneOfEach(), ...serviceWithEndpoints(stage.site, { name: 'web', port: 80, nodes: ['hz-a'] }));
    await cloud.kubectl(['label', 'node', 'hz-a', 'node-role.kubernetes.io/edge=']);
    await cloud.kubectl(['cordon', 'hz-b']);
    for (const { target, status } of STATUS_PATCHES) {
      const patch = JSON.stringify({ status });
      await cloud.kubectl(['patch', target, '--subresource=status', '--type=merge', '-p', patch]);
    }
    await stage.startController();
    for (const node of ['hz-a', 'hz-b']) await stage.startSpeaker(node);
    const given = 'get svc web -o jsonpath={.status.loadBalancer.ingress[0].ip}';
    await waitUntil('the Service has its address', async () => (await ask(given)).stdout !== '', PATIENCE);
    await waitUntil('the node knows what the cloud knows', () => same('get svc,nodes,nodepools -A -o wide'), PATIENCE);
  });

  after(async () => {
    await stage?.close();
    if (cache !== undefined) rmSync(cache, { recursive: true, force: true });
  });

  it('watches as the cloud does', async () => {
    const words = ['get', 'svc', 'both', '-n', 'shop', '-w', '--no-headers'];
    const kubeconfig = await cloud.kubeconfigFor('controller');
    const there = follow(program, stage.site.plan.cloudNs, [`--kubeconfig=${kubeconfig}`, ...words]);
    const here = follow(program, stage.site.node('hz-a').ns, [`--server=${LOCAL}`, '--kubeconfig=/dev/null', ...words]);
    try {
      for (const watch of [there, here])
        await waitUntil('the first row', async () => watch.lines.length === 1, PATIENCE);
      const patch = '{"spec":{"externalIPs":["192.0.2.9"]}}';
      await cloud.kubectl(['patch', 'svc', 'both', '-n', 'shop', '--type=merge', '-p', patch]);
      for (const watch of [there, here])
        await waitUntil('the second row', async () => watch.lines.length === 2, PATIENCE);
      assert.deepEqual(here.lines.map(ageless), there.lines.map(ageless));
    } finally {
      there.stop();
      here.stop();
    }
  });

  it('is cut off, and its speaker starts anew without the cloud', async () => {
    await waitUntil('everything has settled', () => same('get svc,nodes,nodepools -A -o wide'), PATIENCE);
    for (const words of [...LOOKS, ...WHOLE]) {
      const answer = await ask(words);
      if (words.includes('-A'))
        assert.ok(answer.stdout.trim().split('\n').length > 1, `the cloud prints nothing for ${words}`);
      online.set(
        words,
        words.includes('-o json') && !words.includes('jsonpath') ? stripped(answer.stdout) : printed(answer),
      );
    }
    for (const node of ['hz-a', 'hz-b']) stage.site.cutCloud(node);
    await stage.stopSpeaker('hz-a', 'SIGTERM');
    await stage.startSpeaker('hz-a');
    const offline = async () => / offline /.test((await local('get announcements')).stdout);
    await waitUntil('the cloud is known to be offline', offline, PATIENCE);
  });

  for (const words of LOOKS) {
    it(`kubectl ${words}`, async () => assert.equal(printed(await local(words)), online.get(words)));
  }

  for (const words of WHOLE) {
    it(`kubectl ${words}`, async () => assert.equal(stripped((await local(words)).stdout), online.get(words)));
  }

  it('kubectl get svc web -o yaml prints yaml', async () => {
    assert.match((await local('get svc web -o yaml')).stdout, /^apiVersion: v1\nkind: Service\nmetadata:\n/);
  });

  it('kubectl describe svc', async () => {
    const text = (await local('describe svc both -n shop')).stdout;
    assert.match(text, /Endpoints: +10\.244\.1\.2:8080,10\.244\.1\.3:8080,10\.244\.2\.2:8080 \+ 1 more/);
  });

  it('kubectl describe node, without its Pods', async () => {
    const { code, stdout } = await local('describe node hz-a');
    assert.equal(code, 0);
    assert.match(stdout, /^Name: +hz-a$/m);
  });

  it('kubectl get announcements says who answers, and how old the cloud is', async () => {
    const whose = async () => (await local('get announcements')).stdout;
    await waitUntil(
      'somebody answers',
      async () => /^192\.168\.10\.\d+ +default\/web +hz-[ab] /m.test(await whose()),
      PATIENCE,
    );
    const [head, row] = (await whose()).split('\n');
    assert.deepEqual(head?.split(/ {2,}/), ['ADDRESS', 'SERVICE', 'OWNER', 'SINCE', 'HERE', 'CLOUD', 'CLOUD-AGE']);
    assert.match(
      row ?? '',
      /^192\.168\.10\.\d+ +default\/web +hz-[ab] +\d+m?\d*s +(announced on eth0|stands by)(, endpoints dead)? +offline +\d+m?\d*s$/,
    );
    assert.match((await local('get ann -o wide')).stdout, / disk +\d+m?\d*s$/m);
  });

  it('kubectl get announcements -w follows a hand-over without the cloud', async () => {
    const row = async () => (await local('get announcements --no-headers')).stdout;
    const owner = / (hz-[ab]) /.exec(await row())?.[1] ?? '';
    const other = owner === 'hz-a' ? 'hz-b' : 'hz-a';
    const args = [`--server=${LOCAL}`, '--kubeconfig=/dev/null', 'get', 'announcements', '-w', '--no-headers'];
    const watch = follow(program, stage.site.node(other).ns, args);
    try {
      await waitUntil('the first row', async () => watch.lines.length > 0, PATIENCE);
      await stage.stopSpeaker(owner, 'SIGKILL');
      const taken = new RegExp(` ${other} .* announced on eth0(, endpoints dead)? `);
      await waitUntil('the new owner', async () => watch.lines.some((line) => taken.test(line)), PATIENCE);
      await stage.startSpeaker(owner);
      const back = async () => / offline /.test((await local('get announcements', undefined, owner)).stdout);
      await waitUntil('it is back', back, PATIENCE);
    } finally {
      watch.stop();
    }
  });

  const MANIFEST = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'x' },
    spec: { ports: [{ port: 1 }] },
  });
  const READ_ONLY = /this is the read-only view of node hz-a/;
  const refused: [string, RegExp][] = [
    [
      'delete svc web',
      /read-only view of node hz-a; the cloud has been offline for \d+.*; write to the cloud's API server/,
    ],
    ['apply -f -', READ_ONLY],
    ['apply --validate=false -f -', READ_ONLY],
    ['create --validate=false -f -', READ_ONLY],
    ['label svc web a=b', READ_ONLY],
    ['explain svc', /this is the read-only view of node hz-a: it keeps no schemas/],
    ['explain announcements', /it keeps no schemas/],
    ['get pods', /doesn't have a resource type "pods"/],
  ];
  for (const [words, says] of refused) {
    it(`kubectl ${words} is refused with a sentence`, async () => {
      const { code, stderr } = await local(words, words.endsWith('-') ? MANIFEST : undefined);
      assert.equal(code, 1);
      assert.match(stderr, says);
    });
  }

  it('yurtlb status says the same without kubectl', () => {
    const { status, stdout } = stage.site.exec(stage.site.node('hz-a').ns, process.execPath, [YURTLB, 'status']);
    assert.equal(status, 0);
    assert.match(stdout, /^node hz-a, NodePool hangzhou, ready, yurtlb \d/);
    assert.match(stdout, /^cloud: offline for /m);
    assert.match(stdout, /^hz-b +alive /m);
    assert.match(stdout, /^192\.168\.10\.\d+ +default\/web +hz-[ab] /m);
  });

  it('was refused nothing by RBAC', () => {
    for (const child of stage.speakers.values()) assert.equal(child.problem, undefined);
  });
});
