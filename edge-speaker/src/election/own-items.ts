import { isTombstone, type Offer, type OfferItem, sameItem, type Tombstone, wasAsked } from './offer.ts';
import { Tombstones } from './tombstones.ts';

interface OwnItemsOptions {
  /** Another member tells that its endpoints are dead, or alive. */
  readonly askedElsewhere: (address: string) => boolean;
  /** Something else is told of the address. */
  readonly onChange: (address: string) => void;
  /** It was given up: new to the pool when it comes back. */
  readonly onBuried: (address: string) => void;
}

/** What this member tells of each address: its own offer, or that the address was given up, own knowledge or heard. */
export class OwnItems {
  readonly items = new Map<string, OfferItem>();
  private readonly tombstones = new Tombstones();
  private readonly offers = new Map<string, Offer>();
  private changed = new Set<string>();

  constructor(private readonly options: OwnItemsOptions) {}

  offered(): Iterable<string> {
    return this.offers.keys();
  }

  /** @param backInTime the cloud's history is another one than before */
  change(set: readonly OfferItem[], gone: readonly string[], backInTime: boolean): void {
    const touched = new Set(gone);
    for (const address of gone) this.offers.delete(address);
    // The cloud went back in time: what was given up in that history says nothing of this one.
    if (backInTime) for (const address of this.tombstones.clear()) touched.add(address);
    for (const item of set) {
      touched.add(item.address);
      if (isTombstone(item)) {
        this.offers.delete(item.address);
        this.bury(item);
      } else {
        this.offers.set(item.address, item);
        this.tombstones.revive(item.address, item.rv);
      }
    }
    for (const address of touched) this.compose(address);
  }

  /** No offer until it is set anew. */
  withhold(address: string): void {
    this.offers.delete(address);
    this.compose(address);
  }

  hear(item: OfferItem): void {
    if (isTombstone(item)) this.bury(item);
    else if ((item.proven && this.tombstones.revive(item.address, item.rv)) || wasAsked(item))
      this.compose(item.address);
  }

  prune(seenByAll: bigint): void {
    for (const address of this.tombstones.prune(seenByAll)) this.compose(address);
  }

  /** Addresses of which something else is told since the last call. */
  takeChanges(): ReadonlySet<string> {
    const { changed } = this;
    if (changed.size > 0) this.changed = new Set();
    return changed;
  }

  private bury(tombstone: Tombstone): void {
    if (!this.tombstones.learn(tombstone)) return;
    this.options.onBuried(tombstone.address);
    this.compose(tombstone.address);
    for (const address of this.tombstones.takePushedOut()) this.compose(address);
  }

  /** That endpoints live is told where another's are dead, and in answer: else a doubt of the cloud were a word on each address. */
  private worded(offer: Offer): Offer {
    const isSaid = offer.endpoints !== 'alive' || this.options.askedElsewhere(offer.address);
    return isSaid ? offer : { ...offer, endpoints: 'not-asked' };
  }

  /** What is told of one address: the offer, unless a tombstone silences it. */
  private compose(address: string): void {
    const offer = this.offers.get(address);
    const tombstone = this.tombstones.get(address);
    const silenced = tombstone !== undefined && (offer === undefined || (!offer.proven && tombstone.rv > offer.rv));
    const item = silenced ? tombstone : offer && this.worded(offer);
    const told = this.items.get(address);
    if (item === undefined ? told === undefined : told !== undefined && sameItem(item, told)) return;
    if (item === undefined) this.items.delete(address);
    else this.items.set(address, item);
    this.changed.add(address);
    this.options.onChange(address);
  }
}
