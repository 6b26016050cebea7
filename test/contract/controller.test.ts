import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type ServiceObject, silentLog } from '@openyurt/nodepool-types';
import { parse } from 'yaml';
import { ApiClient } from '../../cloud-controller/src/kube/client.ts';
import { Credentials } from '../../cloud-controller/src/kube/credentials.ts';
import { Informer } from '../../cloud-controller/src/kube/informer.ts';
import { controllerContract } from '../support/controller/contract.ts';
import { type RunningController, runController, type Sandbox, startSandbox } from '../support/controller/run.ts';
import { waitUntil } from '../support/kube/wait-until.ts';

const PATIENCE = { deadlineMs: 15_000, everyMs: 20 };

describe('controller, on the in-process API server', function () {
  this.timeout(30_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.stop());
  controllerContract(() => sandbox.cluster);
});

describe('controller, started before OpenYurt is installed', function () {
  this.timeout(30_000);

  it('leads, writes nothing, not even to Services with addresses; serves when NodePools come, addresses as before', async () => {
    const crd = (name: string) =>
      parse(readFileSync(new URL(`../../nodepool/crds/${name}.yaml`, import.meta.url), 'utf8'));
    const sandbox = await startSandbox({ crds: [crd('poolservices')] });
    const { cluster } = sandbox;
    const status = { loadBalancer: { ingress: [{ ip: '10.0.0.7', hostname: 'shop', ipMode: 'VIP' }] } };
    await cluster.service('kept');
    await cluster.patchStatus('kept', status);
    await cluster.service('new', { ports: [81] });
    await cluster.range('shop', '10.0.0.1-10.0.0.9');
    const before = await cluster.services();
    const running = runController(cluster.kubeconfig);
    try {
      const asked = () => sandbox.server.requests.matching(/^GET .*nodepools/).length;
      const isPatient = async () => asked() >= 4 && sandbox.server.requests.matching(/^(POST|PUT) .*leases/).length > 0;
      await waitUntil('it asks for NodePools again', isPatient, PATIENCE);
      assert.deepEqual(await cluster.services(), before);
      await cluster.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd('nodepools'));
      await cluster.nodePool('shop');
      await cluster.ingressBecomes('new', 'shop=10.0.0.1');
      await waitUntil('condition', async () => (await cluster.condition('kept'))?.reason === 'Allocated', PATIENCE);
      assert.deepEqual(await cluster.ingress('kept'), ['shop=10.0.0.7']);
    } finally {
      await running.stop();
      await sandbox.stop();
    }
  });
});

describe('controller, when the API server misbehaves', function () {
  this.timeout(40_000);
  let sandbox: Sandbox;
  let running: RunningController;
  let served = 0;

  beforeEach(async () => {
    sandbox = await startSandbox();
    await sandbox.cluster.nodePool('shop');
    await sandbox.cluster.range('shop', '10.0.0.1-10.0.0.100');
    running = runController(sandbox.cluster.kubeconfig, '--lease-duration=20s', '--lease-renew=15s');
    await sandbox.cluster.service('before');
    await sandbox.cluster.ingressBecomes('before', 'shop=10.0.0.1');
  });
  afterEach(async () => {
    sandbox.server.faults.clear();
    await running.stop();
    await sandbox.stop();
  });

  const recovers = async () => {
    const name = `after-${++served}`;
    await sandbox.cluster.service(name);
    await sandbox.cluster.ingressBecomes(name, 'shop=10.0.0.2');
    assert.deepEqual(await sandbox.cluster.ingress('before'), ['shop=10.0.0.1']);
  };

  it('writes that are answered with 500 are tried again', async () => {
    sandbox.server.faults.set({ kind: 'error', code: 500 }, { only: /^PATCH .*services/, times: 3 });
    await recovers();
  });

  it('429 is obeyed', async () => {
    sandbox.server.faults.set({ kind: 'too-many', retryAfterSeconds: 1 }, { only: /^PATCH .*services/, times: 1 });
    await recovers();
  });

  it('a connection cut in the middle of an answer is not a lost address', async () => {
    sandbox.server.faults.set({ kind: 'truncate' }, { only: /^PATCH .*services/, times: 2 });
    await recovers();
  });

  it('watches that end with 410 are listed anew', async () => {
    sandbox.server.watches.expire(10);
    sandbox.server.watches.drop();
    await recovers();
  });

  it('a watch that goes silent is opened anew', async () => {
    const { kubeconfig } = sandbox.cluster;
    sandbox.server.faults.set({ kind: 'hang' }, { only: /^GET \/api\/v1\/services$/, times: 1 });
    const informer = new Informer<ServiceObject>(
      new ApiClient(Credentials.load(kubeconfig), () => {}, 200),
      {
        path: '/api/v1/services',
        type: { apiVersion: 'v1', kind: 'Service' },
        silenceMs: 300,
        retryMs: { first: 5, max: 50 },
      },
      silentLog,
      () => 0.5,
    );
    const stop = new AbortController();
    const ended = informer.run(stop.signal);
    await informer.synced;
    const before = sandbox.server.requests.matching(/services\?.*watch=true|services$/).length;
    await sandbox.cluster.service('heard');
    const heard = async () => informer.store.get('default/heard') !== undefined;
    await waitUntil('the watch stayed silent', heard, PATIENCE);
    assert.ok(sandbox.server.requests.matching(/services/).length > before);
    stop.abort();
    await ended;
  });

  it('an API server that goes away and comes back', async () => {
    await sandbox.server.refuseConnections();
    await sandbox.server.acceptConnections();
    await sandbox.cluster.services(); // this client's own connections are stale now
    await recovers();
  });

  it('a write that hangs is given up and tried again', async () => {
    sandbox.server.faults.set({ kind: 'hang' }, { only: /^PATCH .*services\/held/ });
    await sandbox.cluster.service('held');
    const tried = async () => sandbox.server.requests.matching(/^PATCH .*services\/held/).length > 0;
    await waitUntil('nothing was tried', tried, PATIENCE);
    const impatient = new ApiClient(Credentials.load(sandbox.cluster.kubeconfig), () => {}, 100);
    const path = '/api/v1/namespaces/default/services/held/status';
    await assert.rejects(impatient.request({ method: 'PATCH', path, body: {} }), /no answer in time/);
    sandbox.server.faults.clear();
    await sandbox.cluster.ingressBecomes('held', 'shop=10.0.0.2');
  });

  it('a taken port is named and the exit code is 1', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const bound = taken.address();
    const port = typeof bound === 'object' ? bound?.port : 0;
    const other = runController(
      sandbox.cluster.kubeconfig,
      `--health-address=127.0.0.1:${port}`,
      '--lease-identity=other',
    );
    await assert.rejects(other.exit, /LB_PORT_TAKEN.*127\.0\.0\.1/);
    await new Promise((resolve) => taken.close(resolve));
  });
});
