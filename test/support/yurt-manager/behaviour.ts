import { strict as assert } from 'node:assert';
import type { Cluster } from '../controller/cluster.ts';
import { waitUntil } from '../kube/wait-until.ts';
import { YurtManager } from './load-balancer-set.ts';
import { SELECTOR } from './names.ts';
import { PoolServices } from './pool-services.ts';
import { appears, sweep } from './scene-objects.ts';
import { SEEN_LIFE } from './seen-life.ts';
import { SEEN_STATUS } from './seen-status.ts';

const PATIENCE = { deadlineMs: 10_000, everyMs: 5 };

/**
 * What was seen of LoadBalancerSet in a run of OpenYurt 1.7, a row a line: the stand-in is held to it on either API server.
 *
 * @param cluster in which no other controller runs
 */
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

  for (const { name, run } of [...SEEN_LIFE, ...SEEN_STATUS]) {
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
