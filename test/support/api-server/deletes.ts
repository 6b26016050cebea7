import { fieldsOf, type KubeObject, listOf } from './object.ts';
import type { Registry, View } from './resources.ts';
import * as errors from './status-error.ts';
import { nowSeconds } from './times.ts';
import type { Target } from './writes.ts';

export interface DeleteOptions {
  dryRun: boolean;
  uid?: string;
  resourceVersion?: string;
}

export interface Deleted {
  /** as it was, or as it is now, marked for deletion */
  object: KubeObject;
  /** false while finalizers hold it */
  gone: boolean;
}

const KEPT_NAMESPACES = ['default', 'kube-system', 'kube-public'];

/** Takes objects away, at once or when their last finalizer goes; empties namespaces, as a cluster's controller does. */
export class Deletes {
  constructor(private readonly registry: Registry) {}

  private get store() {
    return this.registry.store;
  }

  delete(t: Target, previous: KubeObject, options: DeleteOptions): Deleted {
    checkPreconditions(t, previous, options);
    if (t.view.id === 'namespaces') return this.deleteNamespace(t.view, previous, options);
    if (listOf(previous.metadata.finalizers).length === 0) {
      if (!options.dryRun) this.removeNow(t.view, previous);
      return { object: previous, gone: true };
    }
    if (previous.metadata.deletionTimestamp !== undefined) return { object: previous, gone: false };
    const object = marked(previous);
    return { object: options.dryRun ? object : this.store.put(t.view.id, object), gone: false };
  }

  removeNow(view: View, o: KubeObject): void {
    this.store.remove(view.id, o);
    view.strategy.stored?.(undefined, o);
    const { namespace } = o.metadata;
    const home = namespace === undefined ? undefined : this.store.shelf('namespaces').get(namespace);
    if (home?.metadata.deletionTimestamp !== undefined) this.finish(home);
  }

  private deleteNamespace(view: View, previous: KubeObject, options: DeleteOptions): Deleted {
    const { name, deletionTimestamp } = previous.metadata;
    if (KEPT_NAMESPACES.includes(name)) throw errors.forbiddenHere(view, name, 'this namespace may not be deleted');
    if (deletionTimestamp !== undefined) return { object: previous, gone: false };
    const leaving = { ...marked(previous), status: { ...fieldsOf(previous.status), phase: 'Terminating' } };
    if (options.dryRun) return { object: leaving, gone: false };
    const object = this.store.put(view.id, leaving);
    setImmediate(() => this.empty(object));
    return { object, gone: false };
  }

  private empty(namespace: KubeObject): void {
    const { name } = namespace.metadata;
    for (const view of this.registry.shelves()) {
      for (const o of [...this.store.shelf(view.id).list()]) {
        if (!view.strategy.namespaced || o.metadata.namespace !== name) continue;
        this.delete({ view, namespace: name, name: o.metadata.name, subresource: '' }, o, { dryRun: false });
      }
    }
    this.finish(namespace);
  }

  /** The namespace itself goes once nothing is left in it. */
  private finish(namespace: KubeObject): void {
    const { name, uid } = namespace.metadata;
    const current = this.store.shelf('namespaces').get(name);
    if (current === undefined || current.metadata.uid !== uid) return;
    const holds = (v: View) =>
      v.strategy.namespaced &&
      this.store
        .shelf(v.id)
        .list()
        .some((o) => o.metadata.namespace === name);
    if (!this.registry.shelves().some(holds)) this.store.remove('namespaces', current);
  }
}

function checkPreconditions(t: Target, previous: KubeObject, wanted: DeleteOptions): void {
  const { uid, resourceVersion } = previous.metadata;
  const refuse = (what: string, asked: string, is: string) =>
    errors.conflict(
      t.view,
      t.name,
      `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${is}`,
    );
  if (wanted.uid !== undefined && wanted.uid !== uid) throw refuse('UID', wanted.uid, uid);
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
    throw refuse('ResourceVersion', wanted.resourceVersion, resourceVersion);
  }
}

function marked(o: KubeObject): KubeObject {
  const metadata = { ...o.metadata, deletionTimestamp: nowSeconds(), deletionGracePeriodSeconds: 0 };
  if (metadata.generation !== undefined) metadata.generation += 1;
  return { ...o, metadata };
}
