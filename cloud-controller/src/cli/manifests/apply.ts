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
  return noted(merge(live, ofApplier(lastApplied(live)), ofApplier(manifest)) as T, manifest);
}

/** A manifest that is applied where there is no such object yet. */
export function created<T extends KubeObject>(manifest: T, facts: { uid: string; creationTimestamp: string }): T {
  const { status: _, ...written } = manifest as T & { status?: unknown };
  const { deletionTimestamp: __, ...metadata } = manifest.metadata;
  return noted({ ...written, metadata: { ...metadata, ...facts } } as T, manifest);
}

/**
 * Of what `kubectl get` printed and somebody applied, what is theirs to say: the API server keeps its own fields whatever
 * comes. Annotations are never left out as a whole, since kubectl has its own among them: those of others stay.
 */
function ofApplier(applied: unknown): unknown {
  if (!isMapping(applied)) return {};
  const { status: _, metadata, ...written } = applied;
  const own = isMapping(metadata) ? metadata : {};
  const named = Object.entries(own).filter(([key]) => !SERVER_FIELDS.some((field) => field === key));
  return { ...written, metadata: { ...Object.fromEntries(named), annotations: own.annotations ?? {} } };
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
