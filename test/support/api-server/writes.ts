import { randomInt, randomUUID } from 'node:crypto';
import { decodeBody, placeIn } from './bodies.ts';
import { type Deleted, type DeleteOptions, Deletes } from './deletes.ts';
import { invalid } from './field-error.ts';
import { changed, keepIdentity, metadataFaults } from './metadata.ts';
import { copy, type Fields, isFields, type KubeObject, listOf, textOf } from './object.ts';
import { JSON_PATCH, jsonPatch, MERGE, mergePatch, STRATEGIC } from './patch.ts';
import type { Registry, View } from './resources.ts';
import * as errors from './status-error.ts';
import { keyOf } from './store.ts';
import { lacksMergeKey, strategicPatch } from './strategic-patch.ts';
import { nowSeconds } from './times.ts';

/** Where a write goes: an object of a view, perhaps its status. An empty name is the collection. */
export interface Target {
  view: View;
  namespace: string | undefined;
  name: string;
  subresource: string;
}

export interface WriteOptions {
  /** answer as if, keep nothing */
  dryRun: boolean;
  /** unknown fields of custom resources are refused, not dropped */
  strict?: boolean;
}

export interface Written {
  object: KubeObject;
  code: 200 | 201;
}

const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';
const NAMESPACES = { group: '', plural: 'namespaces', kind: 'Namespace' };

/** Every change of the store goes through here, by the rules of each resource. All of it is synchronous: one write at a time. */
export class Writes {
  private readonly deletes: Deletes;

  constructor(private readonly registry: Registry) {
    this.deletes = new Deletes(registry);
  }

  create(t: Target, body: unknown, options: WriteOptions): Written {
    const { view } = t;
    const { strategy } = view;
    const o = decodeBody(view, body, options.strict);
    placeIn(view, t.namespace, o);
    const { metadata } = o;
    if (metadata.name === '' && metadata.generateName !== undefined)
      metadata.name = `${metadata.generateName}${suffix()}`;
    // the real server really answers 500 here, and without a reason
    if (versionOf(o) !== '')
      throw new errors.StatusError(500, '', 'resourceVersion should not be set on objects to be created');
    this.requireNamespace(view, o);
    metadata.uid = randomUUID();
    metadata.creationTimestamp = nowSeconds();
    for (const k of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const) delete metadata[k];
    if (strategy.generation !== undefined) metadata.generation = 1;
    if (strategy.statusSubresource && strategy.statusOnCreate !== true) delete o.status;
    if (this.registry.store.shelf(view.id).get(keyOf(o)) !== undefined) throw errors.alreadyExists(view, metadata.name);
    check(view, o, undefined);
    strategy.prepareCreate?.(o);
    return { object: this.keep(view, o, undefined, options), code: 201 };
  }

  update(t: Target, body: unknown, options: WriteOptions): Written {
    const next = decodeBody(t.view, body, options.strict);
    placeIn(t.view, t.namespace, next);
    if (next.metadata.name === '') next.metadata.name = t.name;
    requireName(t, next);
    const previous = this.find(t);
    const { createOnUpdate, unconditionalUpdate } = t.view.strategy;
    if (previous === undefined) {
      if (!createOnUpdate || t.subresource !== '' || versionOf(next) !== '') throw errors.notFound(t.view, t.name);
      return this.create(t, body, options);
    }
    if (versionOf(next) === '' && !unconditionalUpdate) {
      throw errors.unprocessable(t.view, t.name, [
        invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
      ]);
    }
    return { object: this.replace(t, next, previous, options), code: 200 };
  }

  /** @param type the media type of the patch, without parameters */
  patch(t: Target, type: string, body: unknown, options: WriteOptions): Written {
    const { view } = t;
    const accepted = view.custom ? [JSON_PATCH, MERGE] : [JSON_PATCH, MERGE, STRATEGIC];
    if (!accepted.includes(type)) throw errors.unsupportedMediaType(accepted);
    const previous = this.find(t);
    if (previous === undefined) throw errors.notFound(view, t.name);
    const next = decodeBody(view, patched(view, type, view.encode(previous), body), options.strict);
    placeIn(view, t.namespace, next);
    requireName(t, next);
    return { object: this.replace(t, next, previous, options), code: 200 };
  }

  delete(t: Target, options: DeleteOptions): Deleted {
    const previous = this.find(t);
    if (previous === undefined) throw errors.notFound(t.view, t.name);
    return this.deletes.delete(t, previous, options);
  }

  private replace(t: Target, next: KubeObject, previous: KubeObject, options: WriteOptions): KubeObject {
    const { view } = t;
    const { strategy } = view;
    checkIdentity(t, next, previous);
    const onStatus = t.subresource === 'status';
    const merged = onStatus ? withStatus(view, next, previous) : next;
    if (!onStatus && strategy.statusSubresource) {
      if (previous.status === undefined) delete merged.status;
      else merged.status = copy(previous.status);
    }
    keepIdentity(merged, previous);
    merged.metadata.resourceVersion = previous.metadata.resourceVersion;
    if (onStatus) {
      strategy.defaults?.(merged);
      const faults = [
        ...metadataFaults(merged, previous, strategy),
        ...(strategy.validateStatus?.(merged, previous) ?? []),
      ];
      if (faults.length > 0) throw errors.unprocessable(view, t.name, faults);
    } else {
      strategy.prepareUpdate?.(merged, previous);
      check(view, merged, previous);
    }
    if (strategy.generation?.(merged, previous) === true) {
      merged.metadata.generation = (previous.metadata.generation ?? 0) + 1;
    }
    return changed(merged, previous) ? this.keep(view, merged, previous, options) : previous;
  }

  private find(t: Target): KubeObject | undefined {
    return this.registry.store.shelf(t.view.id).get(t.namespace === undefined ? t.name : `${t.namespace}/${t.name}`);
  }

  private keep(view: View, o: KubeObject, previous: KubeObject | undefined, options: WriteOptions): KubeObject {
    if (options.dryRun) return o;
    const leaving = o.metadata.deletionTimestamp !== undefined && view.id !== 'namespaces';
    if (leaving && listOf(o.metadata.finalizers).length === 0) {
      // the update that takes the last finalizer off a leaving object is its end
      this.deletes.removeNow(view, previous ?? o);
      return o;
    }
    const stored = this.registry.store.put(view.id, o);
    view.strategy.stored?.(stored, previous);
    return stored;
  }

  private requireNamespace(view: View, o: KubeObject): void {
    const { namespace, name } = o.metadata;
    if (namespace === undefined) return;
    const home = this.registry.store.shelf('namespaces').get(namespace);
    if (home === undefined) throw errors.notFound(NAMESPACES, namespace);
    if (home.metadata.deletionTimestamp === undefined) return;
    const message = `namespace ${namespace} is being terminated`;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw errors.forbiddenHere(view, name, why, [
      { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' },
    ]);
  }
}

const suffix = (): string => Array.from({ length: 5 }, () => SUFFIX[randomInt(SUFFIX.length)] ?? 'x').join('');

const versionOf = (o: KubeObject): string => textOf((o.metadata as Fields).resourceVersion);

function check(view: View, o: KubeObject, previous: KubeObject | undefined): void {
  const { strategy } = view;
  const faults = [...metadataFaults(o, previous, strategy), ...(strategy.validate?.(o, previous, view) ?? [])];
  if (faults.length > 0) throw errors.unprocessable(view, o.metadata.name, faults);
}

function requireName(t: Target, o: KubeObject): void {
  if (o.metadata.name === t.name) return;
  throw errors.badRequest(`the name of the object (${o.metadata.name}) does not match the name on the URL (${t.name})`);
}

/** The revision and uid a writer names must be those of the object (optimistic concurrency). */
function checkIdentity(t: Target, next: KubeObject, previous: KubeObject): void {
  const { uid, resourceVersion } = previous.metadata;
  if (versionOf(next) !== '' && versionOf(next) !== resourceVersion) throw errors.conflict(t.view, t.name);
  const asked = textOf((next.metadata as Fields).uid);
  if (asked === '' || asked === uid) return;
  throw errors.conflict(
    t.view,
    t.name,
    `Precondition failed: UID in precondition: ${asked}, UID in object meta: ${uid}`,
  );
}

/** A write of /status: of a custom resource only the status, of a built-in one the metadata too. */
function withStatus(view: View, next: KubeObject, previous: KubeObject): KubeObject {
  const merged = { ...copy(previous), status: next.status ?? {} };
  if (!view.custom) merged.metadata = { ...next.metadata };
  return merged;
}

function patched(view: View, type: string, seen: KubeObject, body: unknown): unknown {
  if (type === JSON_PATCH) return jsonPatch(seen, body);
  if (!isFields(body))
    throw errors.badRequest(
      'error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}',
    );
  if (type === MERGE) return mergePatch(seen, body);
  const keys = view.strategy.mergeKeys ?? {};
  const fault = lacksMergeKey(body, keys);
  if (fault !== undefined) throw errors.internal(fault);
  return strategicPatch(seen, body, keys);
}
