import {
  type ConfigMapObject,
  decodeNode,
  type EndpointSliceObject,
  type KubeObject,
  type NodeFacts,
  type NodeObject,
  type ServiceObject,
  type SiteConfig,
} from '@openyurt/nodepool-types';
import { EndpointView } from './endpoint-view.ts';
import { type Item, itemOf, Ledger, type ListOutcome } from './ledger.ts';
import type { StoredOutage } from './outage-record.ts';
import { type ConfigFacts, type SliceFacts, slimConfig, slimService, slimSlice } from './slim.ts';

/** What the speaker reads. `self` is the own Node, `nodes` and `configs` those of the own NodePool. */
export type Resource = 'self' | 'nodes' | 'services' | 'slices' | 'configs';
export const RESOURCES: readonly Resource[] = ['self', 'nodes', 'services', 'slices', 'configs'];

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/**
 * The view of one node on its NodePool: what was adopted from the cloud, or read from the own disk. The core reads
 * nothing else, so a cold start without the cloud is the normal start.
 */
export class View {
  readonly self = new Ledger<NodeFacts>();
  readonly nodes = new Ledger<NodeFacts>();
  readonly services = new Ledger<ServiceObject>((key) => this.touched.add(key));
  readonly configs = new Ledger<ConfigFacts>();
  readonly endpoints = new EndpointView();
  readonly slices = new Ledger<SliceFacts>((key, facts, before) => {
    this.endpoints.take(key, facts, this.trusted);
    for (const slice of [facts, before]) if (slice !== undefined) this.touched.add(slice.serviceKey);
  });
  /** Addresses that some member has announced in this NodePool: they are never probed again. */
  readonly announced = new Set<string>();
  /** The last site configuration that decoded; undefined: there was none, the defaults hold. */
  site: SiteConfig | undefined;
  /** The absence of the cloud that goes on, as far as the disk remembers it. */
  outage: StoredOutage | undefined;
  /** Keys of Services that changed, or whose endpoints did, since {@link takeTouched}. */
  private touched = new Set<string>();
  /** Whether what the cloud takes away from endpoints counts now. */
  private trusted = true;

  /** @returns whether endpoints that had waited count now */
  trustEndpoints(trusted: boolean): boolean {
    this.trusted = trusted;
    return trusted && this.endpoints.trust();
  }

  adoptList(
    resource: Resource,
    objects: readonly KubeObject[],
    resourceVersion: bigint | undefined,
    proven: boolean,
    nowMs: number,
  ): ListOutcome {
    switch (resource) {
      case 'self':
      case 'nodes':
        return this[resource].adoptList(objects.map(nodeItem), resourceVersion, proven, nowMs);
      case 'services':
        return this.services.adoptList(objects.map(serviceItem), resourceVersion, proven, nowMs);
      case 'slices':
        return this.slices.adoptList(objects.map(sliceItem), resourceVersion, proven, nowMs);
      case 'configs':
        return this.configs.adoptList(objects.map(configItem), resourceVersion, proven, nowMs);
    }
  }

  adoptEvent(resource: Resource, type: WatchEventType, object: KubeObject, nowMs: number): void {
    switch (resource) {
      case 'self':
      case 'nodes':
        this[resource].adoptEvent(type, nodeItem(object), nowMs);
        return;
      case 'services':
        this.services.adoptEvent(type, serviceItem(object), nowMs);
        return;
      case 'slices':
        this.slices.adoptEvent(type, sliceItem(object), nowMs);
        return;
      case 'configs':
        this.configs.adoptEvent(type, configItem(object), nowMs);
        return;
    }
  }

  takeTouched(): ReadonlySet<string> {
    const { touched } = this;
    if (touched.size > 0) this.touched = new Set();
    return touched;
  }

  /** Whether every list was adopted once; without a NodePool there are no lists of its own. */
  isWhole(nodePool: string | undefined): boolean {
    return RESOURCES.every(
      (resource) =>
        this[resource].complete || (nodePool === undefined && (resource === 'nodes' || resource === 'configs')),
    );
  }

  /** The ConfigMap in force: of two for one NodePool the older, then the first by name. */
  configOf(nodePool: string): ConfigFacts | undefined {
    let best: ConfigFacts | undefined;
    for (const config of this.configs.values()) {
      if (config.nodePool !== nodePool) continue;
      if (best === undefined || older(config, best)) best = config;
    }
    return best;
  }

  /** The NodePool's members as the cloud knows them; filtered again here, for a hub's cache applies no selector. */
  *membersOf(nodePool: string): IterableIterator<NodeFacts> {
    for (const node of this.nodes.values()) if (node.nodePool === nodePool) yield node;
  }
}

// The feed lists each resource by its own path, so an object is of the kind that its resource says.
const nodeItem = (object: KubeObject): Item<NodeFacts> => itemOf(object as NodeObject, decodeNode);
const serviceItem = (object: KubeObject): Item<ServiceObject> => itemOf(object as ServiceObject, slimService);
const sliceItem = (object: KubeObject): Item<SliceFacts> => itemOf(object as EndpointSliceObject, slimSlice);
const configItem = (object: KubeObject): Item<ConfigFacts> => itemOf(object as ConfigMapObject, slimConfig);

function older(a: ConfigFacts, b: ConfigFacts): boolean {
  return a.createdMs !== b.createdMs ? a.createdMs < b.createdMs : a.name < b.name;
}
