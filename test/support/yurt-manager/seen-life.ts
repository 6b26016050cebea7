import { strict as assert } from 'node:assert';
import type { LoadBalancerIngress } from '@openyurt/nodepool-types';
import { YurtManager } from './load-balancer-set.ts';
import { FINALIZER, MANAGED_BY, POOL_NAME, SELECTOR, SERVICE_NAME } from './names.ts';
import type { Row } from './scene.ts';
import { appears, deleteNodePool, patchNodePool } from './scene-objects.ts';

const vip = (ip: string): LoadBalancerIngress => ({ ip, ipMode: 'VIP' });

/** What was seen of it: when PoolServices come and go, and what is left behind. */
export const SEEN_LIFE: readonly Row[] = [
  {
    name: 'create: finalizer, then the PoolService: name, labels, owners and class',
    run: async ({ cluster, poolServices }) => {
      const service = await cluster.readService('web');
      assert.deepEqual(service.metadata.finalizers, [FINALIZER]);
      const made = await poolServices.read('web-pa');
      const labels = { [SERVICE_NAME]: 'web', [POOL_NAME]: 'pa', [MANAGED_BY]: 'load-balancer-set-controller' };
      assert.deepEqual(made?.metadata.labels, labels);
      const owners = made?.metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`);
      assert.deepEqual(owners, ['Service/web', 'NodePool/pa']);
      assert.equal(made?.spec?.loadBalancerClass, service.spec?.loadBalancerClass);
      assert.equal(made?.metadata.finalizers, undefined);
    },
  },
  {
    name: 'a selector that does not parse changes nothing; one that matches nothing takes all away, with an Event',
    run: async ({ cluster, poolServices, manager, shows, becomes }) => {
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await shows('web', '10.0.0.1');
      await cluster.patchService('web', { metadata: { annotations: { [SELECTOR]: 'name:pa' } } });
      await becomes('error', async () => manager.errors.length > 0);
      assert.equal(await poolServices.ingress('web-pa'), 'undefined=10.0.0.1');
      await cluster.patchService('web', { metadata: { annotations: { [SELECTOR]: 'site=none' } } });
      await shows('web');
      assert.equal(await poolServices.read('web-pa'), undefined);
      assert.ok(manager.events.has('NoMatchNodePool Service/web'));
    },
  },
  {
    name: 'a NodePool that loses the label, or goes, takes its PoolService with it',
    run: async ({ cluster, poolServices, shows, becomes }) => {
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await shows('web', '10.0.0.1');
      await patchNodePool(cluster, 'pa', { site: 'none' });
      await shows('web');
      await patchNodePool(cluster, 'pa', { site: 'pa' });
      await becomes('PoolService', async () => (await poolServices.ingress('web-pa')) === '');
      await deleteNodePool(cluster, 'pa');
      await becomes('no PoolService', async () => (await poolServices.read('web-pa')) === undefined);
    },
  },
  {
    name: "another's finalizer on a PoolService: its address stays published, and the pool is not taken back meanwhile",
    run: async ({ cluster, poolServices, shows, becomes }) => {
      await poolServices.patch('web-pa', { metadata: { finalizers: ['example.com/slow'] } });
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await shows('web', '10.0.0.1');
      const going = async () => (await poolServices.read('web-pa'))?.metadata.deletionTimestamp !== undefined;
      await cluster.patchService('web', { metadata: { annotations: { [SELECTOR]: 'site=none' } } });
      await becomes('deletion', going);
      await cluster.patchService('web', { metadata: { annotations: { [SELECTOR]: 'site=pa' } } });
      await cluster.deleteService('web');
      assert.ok(await going());
      await shows('web', '10.0.0.1');
      await poolServices.patch('web-pa', { metadata: { finalizers: null } });
      await becomes('end of the Service', async () =>
        (await cluster.services()).every(({ metadata }) => metadata.name !== 'web'),
      );
    },
  },
  {
    name: 'the annotation goes: PoolServices and finalizer go, the status keeps the addresses',
    run: async ({ cluster, poolServices, shows, becomes }) => {
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await shows('web', '10.0.0.1');
      await cluster.patchService('web', { metadata: { annotations: { [SELECTOR]: null } } });
      await becomes('finalizer off', async () => (await cluster.readService('web')).metadata.finalizers === undefined);
      assert.equal(await poolServices.read('web-pa'), undefined);
      await shows('web', '10.0.0.1');
      await cluster.patchService('web', { metadata: { annotations: { [SELECTOR]: 'site=pa' } } });
      await appears(poolServices, 'web-pa');
      await shows('web');
    },
  },
  {
    name: 'type ClusterIP: PoolServices and finalizer go, the API itself empties the status',
    run: async ({ cluster, poolServices, shows, becomes }) => {
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await shows('web', '10.0.0.1');
      const spec = { type: 'ClusterIP', loadBalancerClass: null, allocateLoadBalancerNodePorts: null };
      await cluster.patchService('web', { spec });
      await becomes('finalizer off', async () => (await cluster.readService('web')).metadata.finalizers === undefined);
      await shows('web');
      assert.equal(await poolServices.read('web-pa'), undefined);
    },
  },
  {
    name: 'two Services with one PoolService name fight without end, about 70 writes a second; labels and owners flip',
    run: async ({ cluster, poolServices, manager, becomes }) => {
      await cluster.nodePool('b-pa', { site: 'long' });
      await cluster.nodePool('pa', { site: 'pa' });
      await cluster.service('a-b', { annotations: { [SELECTOR]: 'site=pa' }, ports: [81] });
      await appears(poolServices, 'a-b-pa');
      const startMs = performance.now();
      await cluster.service('a', { annotations: { [SELECTOR]: 'site=long' }, ports: [82] });
      const flips = () => manager.events.get('Modified PoolService/a-b-pa') ?? 0;
      await becomes('fight', async () => flips() >= 40);
      const perSecond = (40 / (performance.now() - startMs)) * 1000;
      assert.ok(perSecond < 150, `${perSecond} writes a second`);
      await cluster.deleteService('a');
      await becomes('peace', async () => {
        const labels = (await poolServices.read('a-b-pa'))?.metadata.labels;
        return labels?.[SERVICE_NAME] === 'a-b' && labels[POOL_NAME] === 'pa';
      });
      assert.equal((await poolServices.read('a-b-pa'))?.status, undefined);
    },
  },
  {
    name: 'while it is down nothing is aggregated and a deleted Service hangs on the finalizer',
    run: async ({ cluster, poolServices, manager, shows, becomes }) => {
      await manager.stop();
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await cluster.deleteService('web');
      assert.notEqual((await cluster.readService('web')).metadata.deletionTimestamp, undefined);
      await shows('web');
      const next = new YurtManager(cluster.api);
      await next.start();
      const isGone = async () => (await cluster.services()).every(({ metadata }) => metadata.name !== 'web');
      await becomes('end of the Service', isGone).finally(() => next.stop());
    },
  },
];
