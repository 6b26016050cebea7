import { strict as assert } from 'node:assert';
import type { ServiceObject } from '@openyurt/nodepool-types';
import { waitUntil } from '../kube/wait-until.ts';
import type { Cluster } from './cluster.ts';
import { type RunningController, runController } from './run.ts';

const POOL = 'service.openyurt.io/address-pool';
const policy = (ipFamilyPolicy: string, more: ServiceObject['spec'] = {}) => ({ spec: { ipFamilyPolicy, ...more } });

/** Two address pools of one family each, and two that have both. */
const POOLS = `
- {name: v4, protocol: layer2, addresses: [10.0.0.1-10.0.0.9]}
- {name: v6, protocol: layer2, addresses: ['fd00::1-fd00::9']}
- {name: one, protocol: layer2, addresses: [10.1.0.1, 'fd01::1']}
- {name: two, protocol: layer2, addresses: [10.2.0.1-10.2.0.3, 'fd02::1']}`;

/** What Services of two families get, on any API server that serves cluster addresses of both. */
export function dualStackContract(cluster: () => Cluster): void {
  let c: Cluster;
  let running: RunningController;

  before(async () => {
    c = cluster();
    await c.nodePool('shop');
    running = runController(c.kubeconfig);
  });
  beforeEach(() => c.addresses('shop', POOLS));
  afterEach(async () => {
    for (const { metadata } of await c.services()) {
      if (metadata.name !== undefined && metadata.name !== 'kubernetes') await c.deleteService(metadata.name);
    }
    const isEmpty = async () => (await c.services()).every(({ metadata }) => metadata.name === 'kubernetes');
    await waitUntil('Services are left', isEmpty, { deadlineMs: 20_000, everyMs: 50 });
  });
  after(async () => assert.equal(await running.stop(), 0));

  it('RequireDualStack and PreferDualStack get both addresses of one pool, IPv4 first whatever the order', async () => {
    await c.service('required', policy('RequireDualStack'));
    await c.ingressBecomes('required', 'shop=10.1.0.1', 'shop=fd01::1');
    await c.service('preferred', policy('PreferDualStack', { ipFamilies: ['IPv6', 'IPv4'] }));
    await c.ingressBecomes('preferred', 'shop=10.2.0.1', 'shop=fd02::1');
    assert.deepEqual((await c.readService('preferred')).spec?.ipFamilies, ['IPv6', 'IPv4']);
  });

  it('RequireDualStack gets nothing while no pool can serve both, and both as soon as one can', async () => {
    for (const name of ['a', 'b']) await c.service(name, policy('RequireDualStack'));
    await c.ingressBecomes('b', 'shop=10.2.0.1', 'shop=fd02::1');
    await c.service('waits', policy('RequireDualStack'));
    const { message } = await c.reasonBecomes('waits', 'PoolExhausted');
    assert.match(message, /no free IPv6 address in address pools one, two \(0 of 2 free\)/);
    assert.deepEqual(await c.ingress('waits'), []);
    await c.deleteService('a');
    await c.ingressBecomes('waits', 'shop=10.1.0.1', 'shop=fd01::1');
    assert.equal((await c.condition('waits'))?.status, 'True');
  });

  it('PreferDualStack gets one, and the second from the same pool when it comes free or is added', async () => {
    await c.service('v6', { annotations: { [POOL]: 'two' }, ...policy('SingleStack', { ipFamilies: ['IPv6'] }) });
    await c.ingressBecomes('v6', 'shop=fd02::1');
    await c.service('grows', { annotations: { [POOL]: 'two' }, ...policy('PreferDualStack') });
    await c.ingressBecomes('grows', 'shop=10.2.0.1');
    await c.reasonBecomes('grows', 'PoolExhausted');
    await c.deleteService('v6');
    await c.ingressBecomes('grows', 'shop=10.2.0.1', 'shop=fd02::1');
    await c.service('single', { annotations: { [POOL]: 'v4' }, ...policy('PreferDualStack') });
    await c.ingressBecomes('single', 'shop=10.0.0.1');
    assert.equal((await c.condition('single'))?.status, 'True');
    await c.addresses('shop', POOLS.replace('[10.0.0.1-10.0.0.9]', "[10.0.0.1-10.0.0.9, 'fd0a::1']"));
    await c.ingressBecomes('single', 'shop=10.0.0.1', 'shop=fd0a::1');
    await c.deleteService('single');
  });

  it('the API server changes the families of a Service: the primary address stays', async () => {
    await c.service('web');
    await c.ingressBecomes('web', 'shop=10.0.0.1');
    await c.patchService('web', { metadata: { annotations: { [POOL]: 'one' } } });
    await c.ingressBecomes('web', 'shop=10.1.0.1');
    await c.patchService('web', { spec: { ipFamilyPolicy: 'PreferDualStack' } });
    await c.ingressBecomes('web', 'shop=10.1.0.1', 'shop=fd01::1');
    await c.patchService('web', { spec: { ipFamilyPolicy: 'SingleStack' } });
    await c.ingressBecomes('web', 'shop=10.1.0.1');
    assert.deepEqual((await c.readService('web')).spec?.ipFamilies, ['IPv4']);
    await c.service('heir', { annotations: { [POOL]: 'one' }, ...policy('SingleStack', { ipFamilies: ['IPv6'] }) });
    await c.ingressBecomes('heir', 'shop=fd01::1');
  });

  it('SingleStack that becomes RequireDualStack where it cannot be had keeps its address and is told', async () => {
    await c.service('web', { annotations: { [POOL]: 'v4' } });
    await c.ingressBecomes('web', 'shop=10.0.0.1');
    await c.patchService('web', { spec: { ipFamilyPolicy: 'RequireDualStack' } });
    const { message } = await c.reasonBecomes('web', 'NoAddressOfFamily');
    assert.match(message, /no IPv6 range in address pool v4/);
    assert.deepEqual(await c.ingress('web'), ['shop=10.0.0.1']);
  });

  it('two addresses asked for are both given, or neither', async () => {
    const asks = (ips: string) => ({ 'service.openyurt.io/loadBalancerIP-shop': ips });
    await c.service('both', { annotations: asks('fd02::1,10.2.0.3'), ...policy('RequireDualStack') });
    await c.ingressBecomes('both', 'shop=10.2.0.3', 'shop=fd02::1');
    await c.service('apart', { annotations: asks('10.2.0.2,fd01::1'), ...policy('RequireDualStack') });
    const { message } = await c.reasonBecomes('apart', 'AddressPoolDiffers');
    assert.match(message, /fd01::1 is in address pool "one", the Service's other address in "two"/);
    assert.deepEqual(await c.ingress('apart'), []);
  });

  it('a restart keeps both', async () => {
    await c.service('first', policy('SingleStack', { ipFamilies: ['IPv6'] }));
    await c.service('steady', policy('RequireDualStack'));
    await c.ingressBecomes('steady', 'shop=10.1.0.1', 'shop=fd01::1');
    const { metadata } = await c.readService('steady');
    assert.equal(await running.stop(), 0);
    running = runController(c.kubeconfig);
    await c.service('after', policy('RequireDualStack'));
    await c.ingressBecomes('after', 'shop=10.2.0.1', 'shop=fd02::1');
    assert.equal((await c.readService('steady')).metadata.resourceVersion, metadata.resourceVersion);
  });
}
