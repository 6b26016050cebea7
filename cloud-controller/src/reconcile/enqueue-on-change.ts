import {
  type ConfigMapObject,
  type KubeObject,
  NODE_POOL_LABEL,
  type NodeObject,
  type NodePoolObject,
  nodeAddresses,
  type PoolServiceObject,
  type ServiceObject,
  serviceOfPoolService,
} from '@openyurt/nodepool-types';
import type { Queue } from './dispatch.ts';
import { NODES_KEY, poolQueueKey, reportQueueKey, serviceQueueKey } from './keys.ts';

/** Tells of every change to objects of one kind. */
export interface Feed<T> {
  on(handler: {
    changed(key: string, object: T, before: T | undefined): void;
    removed(key: string, object: T): void;
  }): void;
}

export interface Feeds {
  readonly services: Feed<ServiceObject>;
  readonly poolServices: Feed<PoolServiceObject>;
  readonly nodePools: Feed<NodePoolObject>;
  readonly configMaps: Feed<ConfigMapObject>;
  readonly nodes: Feed<NodeObject>;
  /** ConfigMaps too, named like the nodes that wrote them. */
  readonly reports: Feed<ConfigMapObject>;
}

/** A Service or PoolService that came, changed or went. */
export interface Change {
  readonly object: ServiceObject | PoolServiceObject;
  readonly before?: ServiceObject | PoolServiceObject | undefined;
  readonly isGone?: boolean;
}

/**
 * Puts what a change concerns into the queue.
 *
 * @param notice is shown each change of a Service or PoolService; returns what other Services it concerns
 */
export function enqueueOnChange(
  feeds: Feeds,
  queue: Pick<Queue, 'add'>,
  notice: (change: Change) => Iterable<string>,
): void {
  const addAll = (...services: readonly string[]) => {
    for (const service of services) queue.add(serviceQueueKey(service));
  };
  feeds.services.on({
    changed: (key, object, before) => addAll(...notice({ object, before }), key),
    removed: (key, object) => addAll(...notice({ object, isGone: true }), key),
  });
  const addServiceOf = (poolService: PoolServiceObject | undefined): void => {
    const service = poolService && serviceOfPoolService(poolService);
    if (service !== undefined) queue.add(serviceQueueKey(service));
  };
  feeds.poolServices.on({
    changed: (_, object, before) => {
      addAll(...notice({ object, before }));
      for (const one of [object, before]) addServiceOf(one);
    },
    removed: (_, object) => {
      addAll(...notice({ object, isGone: true }));
      addServiceOf(object);
    },
  });
  feeds.nodePools.on({
    changed: (name, nodePool, before) => {
      if (before === undefined || says(nodePool) !== says(before)) queue.add(poolQueueKey(name));
    },
    removed: (name) => queue.add(poolQueueKey(name)),
  });
  feeds.configMaps.on({
    changed: (_, configMap, before) => {
      for (const one of [configMap, before]) {
        const nodePool = one && nodePoolOf(one);
        if (nodePool) queue.add(poolQueueKey(nodePool));
      }
    },
    removed: (_, configMap) => queue.add(poolQueueKey(nodePoolOf(configMap) ?? '')),
  });
  feeds.nodes.on({
    changed: (name, node, before) => {
      if (before === undefined || addressesOf(node) !== addressesOf(before)) queue.add(NODES_KEY);
      if (before === undefined || nodePoolOf(node) !== nodePoolOf(before)) queue.add(reportQueueKey(name));
    },
    removed: (name) => {
      queue.add(NODES_KEY);
      queue.add(reportQueueKey(name));
    },
  });
  const report = (_: string, { metadata }: ConfigMapObject) => queue.add(reportQueueKey(metadata.name ?? ''));
  feeds.reports.on({ changed: report, removed: report });
}

/** What of a NodePool object matters here: its status changes with every node's heartbeat. */
function says({ metadata }: KubeObject): string {
  return JSON.stringify([metadata.uid, metadata.labels, metadata.deletionTimestamp]);
}

function nodePoolOf({ metadata }: KubeObject): string | undefined {
  return metadata.labels?.[NODE_POOL_LABEL];
}

function addressesOf(node: NodeObject): string {
  return nodeAddresses(node).join();
}
