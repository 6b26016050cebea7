import { type ConfigMapObject, NODE_POOL_LABEL } from '@openyurt/nodepool-types';
import type { Rehearsal } from '../../rehearsal/rehearsal.ts';
import { keyOf } from '../../rehearsal/shelf.ts';

/** What is said of an address ConfigMap in the end, as its Events would say it. */
export interface ConfigNote {
  /** `namespace/name` */
  readonly configMap: string;
  readonly nodePool: string;
  readonly reason: 'ConfigRefused' | 'ConfigIgnored' | 'NoNodePool' | 'NodeAddress';
  readonly message: string;
}

/** Of what was said in between, what holds still. */
export function configNotes(rehearsal: Rehearsal): ConfigNote[] {
  const { world } = rehearsal;
  return [...world.shelves.configMaps.values()].flatMap((configMap) => {
    const nodePool = configMap.metadata.labels?.[NODE_POOL_LABEL] ?? '';
    return reasonsThatHold(rehearsal, nodePool).flatMap((reason): ConfigNote[] => {
      const message = rehearsal.said(configMap as ConfigMapObject).get(reason);
      return message === undefined ? [] : [{ configMap: keyOf(configMap), nodePool, reason, message }];
    });
  });
}

function reasonsThatHold({ core: { book, sites }, world }: Rehearsal, nodePool: string): ConfigNote['reason'][] {
  const reasons: ConfigNote['reason'][] = [];
  if (sites.standing(nodePool).stale) reasons.push('ConfigRefused');
  if (world.configMaps(nodePool).length > 1) reasons.push('ConfigIgnored');
  if (!sites.all.has(nodePool)) reasons.push('NoNodePool');
  const { ranges } = book.site(nodePool);
  if (book.nodeAddresses.some((address) => ranges?.poolOf(address) !== undefined)) reasons.push('NodeAddress');
  return reasons;
}
