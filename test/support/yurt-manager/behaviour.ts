import { strict as assert } from 'node:assert';
import type { LoadBalancerIngress } from '@openyurt/nodepool-types';
import type { Cluster } from '../controller/cluster.ts';
import { waitUntil } from '../kube/wait-until.ts';
import { YurtManager } from './load-balancer-set.ts';
import { FINALIZER, MANAGED_BY, POOL_NAME, SELECTOR, SERVICE_NAME } from './names.ts';
import { PoolServices } from './pool-services.ts';

const PATIENCE = { deadlineMs: 10_000, everyMs: 5 };
const NODE_POOLS = '/apis/apps.openyurt.io/v1beta2/nodepools';
const vip = (ip: string): LoadBalancerIngress => ({ ip, ipMode: 'VIP' });

/** A Service `web` that selects NodePool `pa` by `site=pa`, unless a row says otherwise; yurt-manager runs. */
interface Scene {
  readonly cluster: Cluster;
  readonly poolServices: PoolServices;
  readonly manager: YurtManager;
  /** Waits until the addresses in the Service's status read so, in this order. */
  shows(name: string, ...ips: string[]): Promise<void>;
  becomes(what: string, holds: () => Promise<boolean>): Promise<void>;
  annotation(name: string, key: string): Promise<string | undefined>;
}

interface Row {
  /** The line of the observations, and what it says. */
  readonly name: string;
  readonly run: (scene: Scene) => Promise<void>;
}

const both = { metadata: { annotations: { [SELECTOR]: 'site in (pa,pb)' } } };

/** What was seen of LoadBalancerSet in a run of OpenYurt 1.7, a row a line: the stand-in is held to it on either API server. */
const ROWS: readonly Row[] = [
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
      await cluster.api.request({ method: 'DELETE', path: `${NODE_POOLS}/pa` });
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

/** @param cluster in which no other controller runs */
export function yurtManagerBehaviour(cluster: () => Cluster): void {
  let manager: YurtManager;

  beforeEach(async () => {
    const c = cluster();
    await c.nodePool('pa', { site: 'pa' });
    manager = new YurtManager(c.api);
    await manager.start();
    await c.service('web', { annotations: { [SELECTOR]: 'site=pa' } });
    await appears(new PoolServices(c.api), 'web-pa');
  });
  afterEach(async () => {
    await manager.stop();
    await sweep(cluster());
  });

  for (const { name, run } of ROWS) {
    it(name, async () => {
      const c = cluster();
      const becomes = (what: string, holds: () => Promise<boolean>) => waitUntil(what, holds, PATIENCE);
      await run({
        cluster: c,
        poolServices: new PoolServices(c.api),
        manager,
        becomes,
        shows: (service, ...ips) =>
          becomes(`${service} with ${ips.join(' ') || 'no address'}`, async () => {
            const { status } = await c.readService(service);
            return (status?.loadBalancer?.ingress ?? []).map(({ ip }) => `${ip}`).join(' ') === ips.join(' ');
          }),
        annotation: async (service, key) => (await c.readService(service)).metadata.annotations?.[key],
      });
    });
  }

  it('takes Services with a class and a selector, and no others; an annotation that comes later counts', async () => {
    const c = cluster();
    await c.service('plain', { ports: [83] });
    await c.service('classless', { ports: [84], loadBalancerClass: null, annotations: { [SELECTOR]: 'site=pa' } });
    await c.patchService('plain', { metadata: { annotations: { [SELECTOR]: 'site=pa' } } });
    await appears(new PoolServices(c.api), 'plain-pa');
    assert.equal((await c.readService('classless')).metadata.finalizers, undefined);
  });
}

/** Takes everything away that a scene left, whoever holds it with a finalizer. */
export async function sweep(cluster: Cluster): Promise<void> {
  const poolServices = new PoolServices(cluster.api);
  for (const { metadata } of await cluster.services()) {
    const { name = '' } = metadata;
    if (name === 'kubernetes') continue;
    await cluster.patchService(name, { metadata: { finalizers: null } });
    await cluster.deleteService(name).catch(() => {}); // it may have gone with its finalizer
  }
  for (const { metadata } of await poolServices.list()) {
    await poolServices.patch(metadata.name ?? '', { metadata: { finalizers: null } });
    await poolServices.delete(metadata.name ?? '').catch(() => {});
  }
  const { items } = await cluster.api.request<{ items: { metadata: { name: string } }[] }>({
    method: 'GET',
    path: NODE_POOLS,
  });
  for (const { metadata } of items) {
    await cluster.api.request({ method: 'DELETE', path: `${NODE_POOLS}/${metadata.name}` });
  }
}

export async function appears(poolServices: PoolServices, name: string): Promise<void> {
  await waitUntil(`PoolService ${name}`, async () => (await poolServices.read(name)) !== undefined, PATIENCE);
}

/** @param labels replace those of the same key */
export async function patchNodePool(cluster: Cluster, name: string, labels: Record<string, string>): Promise<void> {
  await cluster.api.request({ method: 'PATCH', path: `${NODE_POOLS}/${name}`, body: { metadata: { labels } } });
}
