import { strict as assert } from 'node:assert';
import { waitUntil } from '../kube/wait-until.ts';
import type { Cluster } from './cluster.ts';
import { type RunningController, runController } from './run.ts';

const PATIENCE = { deadlineMs: 10_000, everyMs: 20 };
const SELECTOR = 'service.openyurt.io/nodepool-labelselector';

/** What the controller does on any API server; run over ours in each build and over kube-apiserver in the cluster suite. */
export function controllerContract(cluster: () => Cluster): void {
  let c: Cluster;
  let running: RunningController;

  before(async () => {
    c = cluster();
    await c.nodePool('hangzhou', { region: 'east' });
    await c.nodePool('beijing', { region: 'north' });
    await c.range('hangzhou', '192.168.10.240-192.168.10.241');
    await c.range('beijing', '192.168.10.240-192.168.10.241');
    running = runController(c.kubeconfig);
  });
  after(async () => assert.equal(await running.stop(), 0));
  afterEach(async () => {
    for (const { metadata } of await c.services()) {
      if (metadata.name !== undefined && metadata.name !== 'kubernetes') await c.deleteService(metadata.name);
    }
  });

  it('gives the same address in both NodePools, with condition and one Event', async () => {
    await c.service('one');
    await c.ingressBecomes('one', 'beijing=192.168.10.240', 'hangzhou=192.168.10.240');
    const { status, conditions } = {
      conditions: undefined,
      ...(await c.readService('one')).status,
      status: await c.condition('one'),
    };
    assert.equal(status?.status, 'True');
    assert.equal(conditions?.length, 1);
    const entry = (await c.readService('one')).status?.loadBalancer?.ingress?.[0];
    assert.deepEqual(entry, { ip: '192.168.10.240', hostname: 'beijing', ipMode: 'VIP' });
    await waitUntil('no Event', async () => (await c.events('one')).length > 0, PATIENCE);
    assert.deepEqual(
      (await c.events('one')).map(({ type, reason }) => `${type} ${reason}`),
      ['Normal IPAllocated'],
    );
  });

  it('serves NodePools chosen by label, and follows the label', async () => {
    await c.service('chosen', { annotations: { [SELECTOR]: 'region=east' } });
    await c.ingressBecomes('chosen', 'hangzhou=192.168.10.240');
    await c.patchService('chosen', { metadata: { annotations: { [SELECTOR]: 'region in (north)' } } });
    await c.ingressBecomes('chosen', 'beijing=192.168.10.240');
  });

  it('says PoolExhausted with a Warning, and wakes the oldest waiter when an address comes free', async () => {
    await c.service('first');
    await c.service('second');
    await c.ingressBecomes('second', 'beijing=192.168.10.241', 'hangzhou=192.168.10.241');
    await c.service('third');
    const condition = await c.reasonBecomes('third', 'PoolExhausted');
    assert.match(condition.message, /NodePool beijing: no free IPv4 address in address pool default \(0 of 2 free\)/);
    await waitUntil(
      'no Warning',
      async () =>
        (await c.events('third')).some(({ type, reason }) => type === 'Warning' && reason === 'PoolExhausted'),
      PATIENCE,
    );
    await c.deleteService('first');
    await c.ingressBecomes('third', 'beijing=192.168.10.240', 'hangzhou=192.168.10.240');
    assert.equal((await c.condition('third'))?.status, 'True');
  });

  it('a port change that collides loses that entry and names the holder', async () => {
    await c.service('east', { annotations: { [SELECTOR]: 'region=east' } });
    await c.ingressBecomes('east', 'hangzhou=192.168.10.240');
    await c.service('north', { annotations: { [SELECTOR]: 'region=north' }, ports: [443] });
    await c.ingressBecomes('north', 'beijing=192.168.10.240');
    await c.patchService('north', { spec: { ports: [{ name: 'p80', port: 80, protocol: 'TCP' }] } });
    const { message } = await c.reasonBecomes('north', 'PortInUse');
    assert.match(message, /held by Service default\/east/);
    assert.deepEqual(await c.ingress('north'), []);
  });

  it('never touches a foreign class, not even by an Event', async () => {
    await c.service('foreign', { loadBalancerClass: 'example.com/other' });
    await c.service('classless', { loadBalancerClass: null });
    const before = await Promise.all(['foreign', 'classless'].map((name) => c.readService(name)));
    await c.patchService('foreign', { metadata: { labels: { touched: 'by-us' } } });
    await c.service('ours');
    await c.ingressBecomes('ours', 'beijing=192.168.10.240', 'hangzhou=192.168.10.240');
    for (const name of ['foreign', 'classless']) {
      assert.deepEqual(await c.ingress(name), []);
      assert.equal(await c.condition(name), undefined);
      assert.deepEqual(await c.events(name), []);
    }
    const classless = await c.readService('classless');
    assert.equal(classless.metadata.resourceVersion, before[1]?.metadata.resourceVersion);
  });

  it('a bad configuration is refused with an Event and the last good one stays', async () => {
    await c.service('kept');
    await c.ingressBecomes('kept', 'beijing=192.168.10.240', 'hangzhou=192.168.10.240');
    const refused = async (count: number) =>
      (await c.events('hangzhou')).filter(({ reason }) => reason === 'ConfigRefused').length >= count;
    await c.addresses('hangzhou', '[{name: default, protocol: layer2, addresses: [192.168.10.24O]}]');
    await waitUntil('no ConfigRefused Event', () => refused(1), PATIENCE);
    await c.service('next');
    await c.ingressBecomes('next', 'beijing=192.168.10.241', 'hangzhou=192.168.10.241');
    await c.range('hangzhou', '192.168.99.1-192.168.99.9');
    await waitUntil('a change that takes addresses was not refused', () => refused(2), PATIENCE);
    const notes = (await c.events('hangzhou')).map(({ note }) => note).join('\n');
    assert.match(notes, /default\/kept/);
    assert.deepEqual(await c.ingress('kept'), ['beijing=192.168.10.240', 'hangzhou=192.168.10.240']);
    await c.range('hangzhou', '192.168.10.240-192.168.10.241');
  });

  it('type ClusterIP gives the address back and takes our condition off', async () => {
    await c.service('former');
    await c.ingressBecomes('former', 'beijing=192.168.10.240', 'hangzhou=192.168.10.240');
    await c.patchService('former', {
      spec: { type: 'ClusterIP', loadBalancerClass: null, allocateLoadBalancerNodePorts: null },
    });
    await waitUntil('the condition stays', async () => (await c.condition('former')) === undefined, PATIENCE);
    assert.deepEqual(await c.ingress('former'), []);
    await c.service('heir');
    await c.ingressBecomes('heir', 'beijing=192.168.10.240', 'hangzhou=192.168.10.240');
  });

  it('a status that somebody else emptied is written again', async () => {
    await c.service('robbed');
    await c.ingressBecomes('robbed', 'beijing=192.168.10.240', 'hangzhou=192.168.10.240');
    await c.patchStatus('robbed', { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } });
    await c.ingressBecomes('robbed', 'beijing=192.168.10.240', 'hangzhou=192.168.10.240', 'undefined=1.2.3.4');
    assert.equal((await c.condition('robbed'))?.reason, 'ForeignStatus');
  });

  it('a second replica takes over quickly on SIGTERM and moves nothing', async () => {
    await c.service('steady');
    await c.ingressBecomes('steady', 'beijing=192.168.10.240', 'hangzhou=192.168.10.240');
    const second = runController(c.kubeconfig, '--lease-identity=second', '--lease-duration=15s', '--lease-renew=10s');
    assert.equal(await running.stop(), 0);
    running = second;
    const startedMs = performance.now();
    await c.service('after');
    await c.ingressBecomes('after', 'beijing=192.168.10.241', 'hangzhou=192.168.10.241');
    assert.ok(performance.now() - startedMs < 5_000, 'it waited for the Lease to run out');
    assert.deepEqual(await c.ingress('steady'), ['beijing=192.168.10.240', 'hangzhou=192.168.10.240']);
  });
}
