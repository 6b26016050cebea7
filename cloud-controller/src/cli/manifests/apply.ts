import type { KubeObject } from '@openyurt/nodepool-types';
import { isMapping } from './shape.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** What the API server says of an object, not who applies it. */
const SERVER_FIELDS = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
] as const;

/**
 * An object of the cluster once a manifest is applied to it, as `kubectl apply` has it: what the manifest says holds, what
 * the one applied before said and this one does not goes, all else stays. Lists are replaced. A status is not applied.
 */
export function applyTo<T extends KubeObject>(live: T, manifest: T): T {
  const { status: _, ...written } = manifest as T & { status?: unknown };
  const metadata = Object.fromEntries(
    Object.entries(manifest.metadata).filter(([key]) => !SERVER_FIELDS.some((field) => field === key)),
  );
  return noted(merge(live, lastApplied(live), { ...written, metadata }) as T, manifest);
}

/** A manifest that is applied where there is no such object yet. */
export function created<T extends KubeObject>(manifest: T, facts: { uid: string; creationTimestamp: string }): T {
  const { status: _, ...written } = manifest as T & { status?: unknown };
  const { deletionTimestamp: __, ...metadata } = manifest.metadata;
  return noted({ ...written, metadata: { ...metadata, ...facts } } as T, manifest);
}

/** With what was applied, for the next time. */
function noted<T extends KubeObject>(object: T, manifest: T): T {
  const annotations = { ...object.metadata.annotations, [LAST_APPLIED]: JSON.stringify(manifest) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function lastApplied({ metadata }: KubeObject): unknown {
  try {
    return JSON.parse(metadata.annotations?.[LAST_APPLIED] ?? '{}');
  } catch {
    return {};
  }
}

function merge(live: unknown, before: unknown, next: unknown): unknown {
  if (!isMapping(next) || !isMapping(live)) return next;
  const merged: Record<string, unknown> = { ...live };
  for (const key of Object.keys(isMapping(before) ? before : {})) if (!Object.hasOwn(next, key)) delete merged[key];
  for (const [key, value] of Object.entries(next)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(live[key], isMapping(before) ? before[key] : undefined, value);
  }
  return merged;
}
