import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, NodePoolObject, PoolServiceObject, ServiceObject } from '@openyurt/nodepool-types';
import { AGGREGATED, CONTROLLER, MANAGED_BY, SELECTOR, SERVICE_NAME } from './names.ts';

/** Which Services it takes: LoadBalancer, any class, the selector not empty; blanks are not empty (predicate.go). */
export function isOfTheKind({ metadata, spec }: ServiceObject): boolean {
  const selector = metadata.annotations?.[SELECTOR] ?? '';
  return spec?.type === 'LoadBalancer' && spec.loadBalancerClass !== undefined && selector.length > 0;
}

/** Which updates of a Service wake it; any change of the status does (predicate.go, isServiceChange). */
export function isServiceChange(before: ServiceObject, now: ServiceObject): boolean {
  if (!isOfTheKind(before) && !isOfTheKind(now)) return false;
  return (
    now.metadata.deletionTimestamp !== undefined || // pointers are compared: two reads of one time differ
    before.metadata.annotations?.[SELECTOR] !== now.metadata.annotations?.[SELECTOR] ||
    before.spec?.type !== now.spec?.type ||
    !isDeepStrictEqual(before.metadata.finalizers, now.metadata.finalizers) ||
    !isDeepStrictEqual(aggregatedAnnotations(before), aggregatedAnnotations(now)) ||
    !isDeepStrictEqual(before.status, now.status)
  );
}

/** With a service-name label and its own managed-by label (predicate.go). */
export function isManagedPoolService({ metadata }: PoolServiceObject): boolean {
  return metadata.labels?.[SERVICE_NAME] !== undefined && metadata.labels[MANAGED_BY] === CONTROLLER;
}

/** A new NodePool wakes it when it has labels, a known one when they changed (predicate.go). */
export function isNodePoolChange(before: NodePoolObject | undefined, now: NodePoolObject): boolean {
  if (before === undefined) return Object.keys(now.metadata.labels ?? {}).length > 0;
  return !isDeepStrictEqual(before.metadata.labels, now.metadata.labels);
}

function aggregatedAnnotations({ metadata }: KubeObject): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(AGGREGATED)));
}
