import type { KubeObject } from '@openyurt/nodepool-types';

/** What `kubectl apply` keeps to compare with next time: a second copy of the object, of no use to a reader. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const VERSION = /"resourceVersion":"[^"]*"/;

/**
 * An API object as it is kept for printing: compact JSON that begins with `metadata`, without kind and apiVersion (the
 * resource says them), managedFields, kubectl's last-applied copy and the heartbeat times of a Node's conditions.
 */
export function catalogueText(object: KubeObject): string {
  const { kind: _kind, apiVersion: _version, metadata, ...rest } = object as KubeObject & Record<string, unknown>;
  const { managedFields: _fields, annotations, ...meta } = metadata as KubeObject['metadata'] & Record<string, unknown>;
  const { [LAST_APPLIED]: _applied, ...kept } = annotations ?? {};
  const some = Object.keys(kept).length === 0 ? meta : { ...meta, annotations: kept };
  return JSON.stringify({ metadata: some, ...rest }, withoutHeartbeat);
}

/** Whether two texts of one object differ in nothing but the resourceVersion (a heartbeat, a change of managedFields). */
export function sameButVersion(a: string, b: string): boolean {
  return a === b || (Math.abs(a.length - b.length) < 20 && a.replace(VERSION, '') === b.replace(VERSION, ''));
}

function withoutHeartbeat(key: string, value: unknown): unknown {
  return key === 'lastHeartbeatTime' ? undefined : value;
}
