import { decodeResourceVersion, type KubeObject } from '@openyurt/nodepool-types';
import type { WatchEventType } from './adopt.ts';
import { CatalogueChanges } from './catalogue-changes.ts';
import { catalogueText, sameButVersion } from './catalogue-text.ts';
import { type Item, itemOf, Ledger } from './ledger.ts';

/** A stored object: its key (`namespace/name` or `name`) and its text. */
export interface ShelfItem {
  readonly key: string;
  readonly text: string;
  readonly resourceVersion: bigint;
}

/** A change on its way into the log. `resourceVersion` 0: a deletion that a list found. */
interface Adopted {
  readonly key: string;
  readonly before: string | undefined;
  readonly now: string | undefined;
  readonly resourceVersion: bigint;
}

/** The objects of one resource as texts, adopted by the same rules as the view that decides (absence is not deletion). */
export class CatalogueShelf {
  private readonly ledger: Ledger<string>;
  private adopted: Adopted[] = [];
  readonly changes = new CatalogueChanges();

  /** @param onChange something changed that a person would see */
  constructor(
    private readonly onChange: () => void,
    private readonly wanted: (object: KubeObject) => boolean = () => true,
  ) {
    this.ledger = new Ledger((key, now, before) => {
      if (now !== undefined && before !== undefined && sameButVersion(now, before)) return;
      this.adopted.push({ key, before, now, resourceVersion: this.ledger.entry(key)?.resourceVersion ?? 0n });
    });
  }

  /** Whether anything is known: an empty shelf may be that of a node which the cloud never answered. */
  get known(): boolean {
    return this.ledger.complete || this.ledger.size > 0;
  }

  get complete(): boolean {
    return this.ledger.complete;
  }

  get highest(): bigint {
    return this.ledger.highest;
  }

  get(key: string): string | undefined {
    return this.ledger.get(key);
  }

  /** Key and text, in the order of the keys. */
  entries(): [string, string][] {
    const entries = [...this.ledger.entries()].map(([key, { value }]): [string, string] => [key, value]);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  adoptList(items: readonly Item<string>[], resourceVersion: bigint | undefined, proven: boolean, nowMs: number): void {
    this.ledger.adoptList(items, resourceVersion, proven, nowMs);
    this.tell(0n);
  }

  adoptEvent(type: WatchEventType, object: KubeObject, nowMs: number): void {
    const item = this.item(object);
    this.ledger.adoptEvent(type, item, nowMs);
    this.tell(item.resourceVersion);
  }

  reached(resourceVersion: bigint): void {
    this.ledger.seen(resourceVersion);
    this.changes.reach(resourceVersion);
  }

  /** The cloud has gone back in time: the next whole list is taken whatever its version. */
  outlive(): void {
    this.ledger.outlive();
  }

  /** What the disk remembers; what has come from the cloud since the start goes before it. */
  restore(items: readonly ShelfItem[], highest: bigint, complete: boolean, nowMs: number): void {
    const { ledger } = this;
    if (ledger.complete) return;
    const missing = items.filter(({ key }) => ledger.get(key) === undefined);
    const known = ledger.highest > highest ? ledger.highest : highest;
    ledger.restore(
      missing.map(({ key, text, resourceVersion }) => ({ key, resourceVersion, value: text })),
      known,
      complete,
      nowMs,
    );
    this.adopted = []; // nobody can have asked before
    this.changes.restart(known);
  }

  /** In the order in which the API made them, deletions first: so the revisions told are the API's own. */
  private tell(deletedAt: bigint): void {
    const { adopted } = this;
    this.adopted = [];
    adopted.sort((a, b) =>
      a.resourceVersion < b.resourceVersion ? -1 : a.resourceVersion > b.resourceVersion ? 1 : 0,
    );
    for (const { key, before, now, resourceVersion } of adopted)
      this.changes.record(key, before, now, now === undefined ? deletedAt : resourceVersion);
    this.changes.reach(this.ledger.highest);
    if (adopted.length > 0) this.onChange();
  }

  /** The object as it is kept. What is listed again unchanged is not written anew. */
  item(object: KubeObject): Item<string> {
    return itemOf(object, (o) => {
      if (!this.wanted(o)) return undefined;
      const key =
        o.metadata.namespace === undefined ? (o.metadata.name ?? '') : `${o.metadata.namespace}/${o.metadata.name}`;
      const there = this.ledger.entry(key);
      const version = decodeResourceVersion(o);
      return there !== undefined && version !== 0n && there.resourceVersion === version
        ? there.value
        : catalogueText(o);
    });
  }
}
