import { strict as assert } from 'node:assert';
import type { LoadBalancerIngress } from '@openyurt/nodepool-types';
import { MANAGED_BY, SELECTOR, SERVICE_NAME } from './names.ts';
import type { Row } from './scene.ts';
import { appears } from './scene-objects.ts';

const vip = (ip: string): LoadBalancerIngress => ({ ip, ipMode: 'VIP' });
const both = { metadata: { annotations: { [SELECTOR]: 'site in (pa,pb)' } } };

/** What was seen of it: what becomes of the PoolServices' status, and of what others write. */
export const SEEN_STATUS: readonly Row[] = [
  {
    name: 'status: sorted as text, doubled entries stay, those without IP come first, ipMode is kept',
    run: async ({ cluster, poolServices, shows }) => {
      await poolServices.fill('web-pa', [vip('10.51.1.9'), { hostname: 'only' }, vip('10.51.1.10')]);
      await shows('web', 'undefined', '10.51.1.10', '10.51.1.9');
      await cluster.patchService('web', both);
      await cluster.nodePool('pb', { site: 'pb' });
      await appears(poolServices, 'web-pb');
      await poolServices.fill('web-pb', [{ ip: '10.51.1.9', ipMode: 'Proxy' }]);
      await shows('web', 'undefined', '10.51.1.10', '10.51.1.9', '10.51.1.9');
      const { status } = await cluster.readService('web');
      assert.deepEqual(
        status?.loadBalancer?.ingress?.map(({ ipMode }) => ipMode),
        [undefined, 'VIP', 'VIP', 'Proxy'],
      );
    },
  },
  {
    name: 'aggregated annotations follow; one entry without ipMode stops them until it comes',
    run: async ({ poolServices, shows, becomes, annotation }) => {
      const first = { aggregateToAnnotations: { rack: 'one' } };
      await poolServices.fill('web-pa', [vip('10.0.0.1')], first);
      await becomes('aggregated annotation', async () => (await annotation('web', 'aggregated.rack')) === 'one');
      const second = { aggregateToAnnotations: { rack: 'two' } };
      for (const ip of ['10.0.0.2', '10.0.0.3', '10.0.0.4']) {
        await poolServices.fill('web-pa', [{ ip }], second);
        await shows('web', ip);
        assert.equal(await annotation('web', 'aggregated.rack'), 'one');
      }
      await poolServices.fill('web-pa', [vip('10.0.0.4')]);
      await becomes('annotation after ipMode', async () => (await annotation('web', 'aggregated.rack')) === 'two');
    },
  },
  {
    name: 'two values under one label key: the update is refused, and annotations wait with it',
    run: async ({ cluster, poolServices, manager, shows, becomes, annotation }) => {
      await cluster.nodePool('pb', { site: 'pb' });
      await cluster.patchService('web', both);
      await appears(poolServices, 'web-pb');
      await poolServices.fill('web-pa', [vip('10.0.0.1')], { aggregateToLabels: { side: 'a' } });
      const more = { aggregateToLabels: { side: 'b' }, aggregateToAnnotations: { rack: 'one' } };
      await poolServices.fill('web-pb', [vip('10.0.0.2')], more);
      await shows('web', '10.0.0.1', '10.0.0.2');
      await becomes('refusal', async () => manager.errors.some((text) => text.includes('a,b')));
      assert.equal(await annotation('web', 'aggregated.rack'), undefined);
      await poolServices.fill('web-pb', [vip('10.0.0.2')], { aggregateToLabels: { side: 'a' } });
      await becomes('annotation', async () => (await annotation('web', 'aggregated.rack')) === 'one');
    },
  },
  {
    name: 'a foreign write to Service.status is reverted',
    run: async ({ cluster, poolServices, shows }) => {
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await shows('web', '10.0.0.1');
      await cluster.patchStatus('web', { loadBalancer: { ingress: [vip('1.2.3.4')] } });
      await shows('web', '10.0.0.1');
    },
  },
  {
    name: 'a PoolService deleted by hand is made again, empty; the address leaves the Service',
    run: async ({ poolServices, shows, becomes }) => {
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await shows('web', '10.0.0.1');
      const before = (await poolServices.read('web-pa'))?.metadata.uid;
      await poolServices.delete('web-pa');
      await becomes('a new PoolService', async () => {
        const now = await poolServices.read('web-pa');
        return now !== undefined && now.metadata.uid !== before && now.status === undefined;
      });
      await shows('web');
    },
  },
  {
    name: 'a class edited by hand is not repaired; a label taken off is, and the status stays',
    run: async ({ poolServices, manager, shows, becomes }) => {
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await shows('web', '10.0.0.1');
      await poolServices.patch('web-pa', {
        spec: { loadBalancerClass: 'other/x' },
        metadata: { labels: { [SERVICE_NAME]: null } },
      });
      const label = async () => (await poolServices.read('web-pa'))?.metadata.labels?.[SERVICE_NAME];
      await becomes('label', async () => (await label()) === 'web');
      const { spec, status } = (await poolServices.read('web-pa')) ?? {};
      assert.equal(spec?.loadBalancerClass, 'other/x');
      assert.equal(status?.loadBalancer?.ingress?.length, 1);
      assert.equal(manager.events.get('Modified PoolService/web-pa'), 1);
      await shows('web', '10.0.0.1');
    },
  },
  {
    name: 'managed by another: ManagedConflict, nothing is overwritten, the address leaves; back when restored',
    run: async ({ poolServices, manager, shows, becomes }) => {
      await poolServices.fill('web-pa', [vip('10.0.0.1')]);
      await shows('web', '10.0.0.1');
      await poolServices.patch('web-pa', { metadata: { labels: { [MANAGED_BY]: 'me' } } });
      await shows('web');
      await becomes('event', async () => manager.events.has('ManagedConflict PoolService/web-pa'));
      assert.equal((await poolServices.read('web-pa'))?.metadata.labels?.[MANAGED_BY], 'me');
      await poolServices.patch('web-pa', { metadata: { labels: { [MANAGED_BY]: 'load-balancer-set-controller' } } });
      await shows('web', '10.0.0.1');
    },
  },
];
