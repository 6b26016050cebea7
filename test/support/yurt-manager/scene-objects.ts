import type { Cluster } from '../controller/cluster.ts';
import { waitUntil } from '../kube/wait-until.ts';
import { PoolServices } from './pool-services.ts';

const PATIENCE = { deadlineMs: 10_000, everyMs: 5 };
const NODE_POOLS = '/apis/apps.openyurt.io/v1beta2/nodepools';

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

export async function deleteNodePool(cluster: Cluster, name: string): Promise<void> {
  await cluster.api.request({ method: 'DELETE', path: `${NODE_POOLS}/${name}` });
}
