import {
  type ConfigMapObject,
  type IpFamily,
  type KubeObject,
  type LoadBalancerIngress,
  NODE_POOL_LABEL,
  REPORTS_NAMESPACE,
  type ServiceObject,
  serviceKey,
} from '@openyurt/nodepool-types';
import { Rehearsal, type RehearsalOptions } from '../../rehearsal/rehearsal.ts';
import { keyOf, type Shelf } from '../../rehearsal/shelf.ts';
import type { ClusterWorld } from '../cluster-reader.ts';
import { entriesOfPoolServices, recordedEntries } from '../in-force.ts';
import { applyTo, created } from '../manifests/apply.ts';
import { KINDS, type WorldKind, type WorldObject } from '../manifests/kinds.ts';
import { type Fault, formatPlace, type Manifest, type Place } from '../manifests/manifest-file.ts';
import { refusedChange, withFamilies } from '../manifests/service-defaults.ts';
import { withoutNulls } from '../manifests/shape.ts';

export interface StageOptions extends RehearsalOptions {
  /** Of objects that name none. */
  readonly namespace: string;
  /** Where the controller reads ConfigMaps. */
  readonly systemNamespace: string;
  readonly wallMs: number;
}

/** How many objects of each kind the controller would read there. */
export type Counts = ReadonlyMap<WorldKind, number>;

const BOTH: readonly IpFamily[] = ['IPv4', 'IPv6'];

/** The rehearsed controller, and what of the input it was given. */
export class PlanStage {
  readonly rehearsal: Rehearsal;
  /** What each Service had at the beginning, by its record. */
  readonly before = new Map<string, readonly LoadBalancerIngress[]>();
  /** Where files name a Service. */
  readonly places = new Map<string, Place>();
  /** What the API server would refuse. */
  readonly faults: Fault[] = [];
  /** What is passed over for what it says, not for its kind, and what it is. */
  readonly passedOver = new Map<Place, string>();
  /** Address configuration that no controller will read. */
  readonly problems: string[] = [];
  readonly notes: string[] = [];
  /** Objects that the files have more than once: a file too many, or the variant of another site among them. */
  readonly twice: string[] = [];
  /** Where an object was last seen in the files. */
  readonly #placeOf = new Map<string, Place>();
  #families: readonly IpFamily[] = BOTH;
  #made = 0;
  #newest = '';

  constructor(private readonly options: StageOptions) {
    this.rehearsal = new Rehearsal(options);
  }

  /** The cluster is what the controller finds; the files are applied to it one after the other. */
  async againstCluster(cluster: ClusterWorld, manifests: readonly Manifest[]): Promise<Counts> {
    const { systemNamespace } = this.options;
    const nodePools = await cluster.nodePools();
    const poolServices = await cluster.allPoolServices();
    this.rehearsal.servesPoolServices = poolServices !== undefined;
    const all: readonly WorldObject[] = [
      ...nodePools.map((object) => ({ kind: 'NodePool' as const, object })),
      ...(await cluster.nodes()).map((object) => ({ kind: 'Node' as const, object })),
      ...(await cluster.addressConfigMaps(systemNamespace)).map((object) => ({ kind: 'ConfigMap' as const, object })),
      ...(await this.#reports(cluster)).map((object) => ({ kind: 'ConfigMap' as const, object })),
      ...(poolServices ?? []).map((object) => ({ kind: 'PoolService' as const, object })),
      ...(await cluster.services(undefined)).map((object) => ({ kind: 'Service' as const, object })),
    ];
    this.#families = await cluster.serviceFamilies();
    const counts = new Map<WorldKind, number>();
    for (const { kind, object } of all) {
      this.#put({ kind, object: { ...object, kind } } as WorldObject);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      const { creationTimestamp = '' } = object.metadata;
      if (creationTimestamp > this.#newest) this.#newest = creationTimestamp;
    }
    await this.#begin();
    for (const manifest of manifests) await this.#apply(manifest);
    return counts;
  }

  /** The files are the cluster that the controller finds; Services without a status come one after the other. */
  async offline(manifests: readonly Manifest[]): Promise<void> {
    const comes = (one: Manifest): boolean => one.kind === 'Service' && !isRecorded(one.object);
    for (const manifest of manifests) if (!comes(manifest)) this.#there(manifest);
    await this.#begin();
    for (const manifest of manifests) if (comes(manifest)) await this.#apply(manifest);
  }

  async #reports(cluster: ClusterWorld): Promise<readonly ConfigMapObject[]> {
    const reports = await cluster.reports();
    if (reports !== undefined) return reports;
    this.notes.push(`ConfigMaps of namespace ${REPORTS_NAMESPACE} may not be read: what sites refuse is not known`);
    return [];
  }

  async #begin(): Promise<void> {
    const { world } = this.rehearsal;
    const recorded = entriesOfPoolServices([...world.allPoolServices()]);
    for (const service of world.services()) {
      const key = serviceKey(service);
      this.before.set(key, recordedEntries(service, recorded.get(key) ?? []));
    }
    this.#placeOf.clear(); // what comes now is meant to change what there is
    await this.rehearsal.start();
  }

  /** As a dump of a cluster has it, status and all; what is missing is made up. */
  #there(manifest: Manifest): void {
    const { uid, creationTimestamp } = { ...this.#facts(), ...withoutNulls(manifest.object.metadata) };
    const object = this.#namespaced(manifest);
    this.#admit(manifest, { ...object, metadata: { ...object.metadata, uid, creationTimestamp } }, undefined);
  }

  async #apply(manifest: Manifest): Promise<void> {
    const written = this.#namespaced(manifest);
    const live = this.#shelf(manifest.kind, written)?.get(keyOf(written));
    const next = live === undefined ? created(written, this.#facts()) : applyTo(live, written);
    this.#admit(manifest, next, live);
    await this.rehearsal.settle();
  }

  /** What the API server would do: refuse it, or fill in what was left out. */
  #admit({ kind, place }: Manifest, written: KubeObject, live: KubeObject | undefined): void {
    const object = withoutNulls(written);
    const what = `${kind} ${keyOf(object)}`;
    const before = this.#placeOf.get(what);
    if (before !== undefined)
      this.twice.push(`${what} is in ${formatPlace(before)} and ${formatPlace(place)}: the latter counts`);
    this.#placeOf.set(what, place);
    if (kind !== 'Service') {
      this.#put({ kind, object } as WorldObject, place);
      return;
    }
    const service = object as ServiceObject;
    const refuse = (problem: string, remedy: string) =>
      this.faults.push({ place, problem: `Service ${serviceKey(service)} ${problem}`, remedy });
    if (service.spec?.type === 'LoadBalancer' && (service.spec.ports ?? []).length === 0) {
      refuse('has no spec.ports', 'Name the ports it serves.');
      return;
    }
    const changed = live && refusedChange(live as ServiceObject, service);
    if (changed !== undefined) refuse(changed, 'Keep the class, or delete the Service first.');
    const defaulted = withFamilies(service, this.#families);
    if (typeof defaulted === 'string') refuse(defaulted, 'Change ipFamilyPolicy or ipFamilies.');
    else if (changed === undefined) this.#put({ kind, object: defaulted }, place);
  }

  #put({ kind, object }: WorldObject, place?: Place): void {
    const shelf = this.#shelf(kind, object);
    if (kind === 'Service' && place !== undefined) this.places.set(serviceKey(object), place);
    const isOther = kind === 'Service' && object.spec?.type !== 'LoadBalancer';
    const isBare = kind === 'ConfigMap' && object.metadata.labels?.[NODE_POOL_LABEL] === undefined;
    if (isOther || isBare) {
      shelf?.delete(keyOf(object)); // the controller's watch no longer shows it
      if (place !== undefined) this.passedOver.set(place, isOther ? 'Service of another type' : 'ConfigMap');
    } else if (shelf !== undefined) {
      shelf.put(object);
    } else if (place !== undefined) {
      const { namespace } = object.metadata;
      const what = `ConfigMap ${keyOf(object)} is in namespace ${namespace}, where the controller does not look`;
      this.problems.push(`${formatPlace(place)} ${what} (Put it into ${this.options.systemNamespace}.)`);
    }
  }

  /** @returns undefined: the controller does not look there */
  #shelf(kind: WorldKind, { metadata: { namespace } }: KubeObject): Shelf<KubeObject> | undefined {
    const { services, poolServices, nodePools, nodes, configMaps, reports } = this.rehearsal.world.shelves;
    const byNamespace = new Map([
      [REPORTS_NAMESPACE, reports],
      [this.options.systemNamespace, configMaps],
    ]);
    const all: Record<WorldKind, unknown> = {
      Service: services,
      PoolService: poolServices,
      NodePool: nodePools,
      Node: nodes,
      ConfigMap: byNamespace.get(namespace ?? ''),
    };
    return all[kind] as Shelf<KubeObject> | undefined;
  }

  #namespaced({ kind, object }: Manifest): KubeObject {
    const { namespace, ...metadata } = object.metadata;
    const { isNamespaced } = KINDS[kind];
    return {
      ...object,
      metadata: isNamespaced ? { ...metadata, namespace: namespace || this.options.namespace } : metadata,
    };
  }

  /** What the API server gives an object: now, or later where clocks differ, and a UID that sorts in the order of coming. */
  #facts(): { uid: string; creationTimestamp: string } {
    const now = new Date(this.options.wallMs).toISOString().replace(/\.\d+Z$/, 'Z');
    const [, creationTimestamp = now] = [now, this.#newest].sort();
    this.#made++;
    return { uid: `~${String(this.#made).padStart(8, '0')}`, creationTimestamp };
  }
}

/** Whether the status says something that the controller goes by: addresses, or what it waits for. */
function isRecorded({ status }: ServiceObject): boolean {
  return (status?.loadBalancer?.ingress ?? []).length > 0 || (status?.conditions ?? []).length > 0;
}
