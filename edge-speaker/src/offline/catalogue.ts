import { type KubeObject, NODE_POOL_LABEL } from '@openyurt/nodepool-types';
import type { Resource, WatchEventType } from './adopt.ts';
import { CatalogueShelf } from './catalogue-shelf.ts';
import type { Item } from './ledger.ts';

/** Objects written down in one step: about 2 ms. */
const STEP_OBJECTS = 100;

/** What people may look at on this node. Nothing here decides what is announced. */
export type CatalogueResource = 'services' | 'slices' | 'nodes' | 'nodepools' | 'poolservices';
export const CATALOGUE_RESOURCES: readonly CatalogueResource[] = [
  'services',
  'slices',
  'nodes',
  'nodepools',
  'poolservices',
];

/** Read for people alone. */
export const SHOWN_ONLY = ['nodepools', 'poolservices'] as const;

/** All that the speaker reads: to decide by, or only to show. */
export type ReadResource = Resource | CatalogueResource;

/**
 * The API's objects as the local API prints them, whole, as texts. It hears what the view hears, and keeps what the view
 * leaves out: Services of every type, NodePools, PoolServices.
 */
export class Catalogue {
  readonly shelves: Readonly<Record<CatalogueResource, CatalogueShelf>>;
  /** Counts the changes that are worth a write. */
  changes = 0;
  private nodePool: string | undefined;

  /** @param onChange something changed that is worth a write */
  constructor(private readonly onChange: () => void = () => {}) {
    const changed = () => {
      this.changes++;
      this.onChange();
    };
    // A hub's cache applies no selector: Nodes of other NodePools may be among those it lists.
    const ofPool = ({ metadata }: KubeObject) =>
      this.nodePool === undefined || metadata.labels?.[NODE_POOL_LABEL] === this.nodePool;
    this.shelves = {
      services: new CatalogueShelf(changed),
      slices: new CatalogueShelf(changed),
      nodes: new CatalogueShelf(changed, ofPool),
      nodepools: new CatalogueShelf(changed),
      poolservices: new CatalogueShelf(changed),
    };
  }

  followPool(nodePool: string | undefined): void {
    this.nodePool = nodePool;
  }

  /**
   * A whole list, in steps: a thousand objects take 15 ms and more to write down, and heartbeats go before that. It is
   * adopted with the last step.
   */
  *listed(
    resource: ReadResource,
    objects: readonly KubeObject[],
    resourceVersion: bigint | undefined,
    proven: boolean,
    nowMs: number,
  ): Generator<void> {
    if (resource === 'configs' || (resource === 'self' && this.nodePool !== undefined)) return;
    const shelf = this.shelves[resource === 'self' ? 'nodes' : resource];
    const items: Item<string>[] = [];
    for (const object of objects) {
      items.push(shelf.item(object));
      if (items.length % STEP_OBJECTS === 0) yield;
    }
    // Without a NodePool this node's own object is all there is; it says nothing about other Nodes.
    if (resource === 'self') shelf.adoptList(items, undefined, false, nowMs);
    else shelf.adoptList(items, resourceVersion, proven, nowMs);
  }

  changed(resource: ReadResource, type: WatchEventType, object: KubeObject, nowMs: number): void {
    if (resource === 'configs') return;
    if (resource !== 'self') this.shelves[resource].adoptEvent(type, object, nowMs);
    else if (this.nodePool === undefined) this.shelves.nodes.adoptEvent(type, object, nowMs);
  }

  /** The cloud has gone back in time. */
  outlive(): void {
    for (const resource of CATALOGUE_RESOURCES) this.shelves[resource].outlive();
  }

  reached(resource: ReadResource, resourceVersion: bigint): void {
    if (resource !== 'configs' && resource !== 'self') this.shelves[resource].reached(resourceVersion);
  }
}
