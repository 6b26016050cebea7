import { isTombstone, type OfferItem } from '../election/offer.ts';
import type { Message } from './messages.ts';

/** What one message carries at most, in texts of up to 64 characters: half of the largest frame. */
const MAX_TEXTS = 8000;
/** An entry without its UIDs weighs as much as three of them. */
const ENTRY_TEXTS = 3;

/** What this member says of itself: the source of what each session is told. */
export interface OwnWord {
  readonly items: ReadonlyMap<string, OfferItem>;
  readonly claims: ReadonlyMap<string, unknown>;
  readonly seenRv: bigint;
}

/** Remembers what one session was told, and says what it has yet to hear: the whole once, then what changed. */
export class Teller {
  private offersVersion = 0;
  private claimsVersion = 0;
  private offersDue: 'all' | Set<string> = 'all';
  private claimsDue: 'all' | Set<string> = 'all';
  private toldSeen = -1n;

  /** Version of the claims told last. */
  get claimsTold(): number {
    return this.claimsVersion;
  }

  offerChanged(address: string): void {
    if (this.offersDue !== 'all') this.offersDue.add(address);
  }

  claimChanged(address: string): void {
    if (this.claimsDue !== 'all') this.claimsDue.add(address);
  }

  tellAgain(what: 'offers' | 'claims'): void {
    if (what === 'offers') this.offersDue = 'all';
    else this.claimsDue = 'all';
  }

  /** Is there anything to say? Asked of each session after each fact. */
  isDue({ seenRv }: OwnWord): boolean {
    const { offersDue, claimsDue } = this;
    return (
      offersDue === 'all' || claimsDue === 'all' || offersDue.size + claimsDue.size > 0 || seenRv !== this.toldSeen
    );
  }

  /** What is due, oldest first; nothing is due after it. */
  flush(own: OwnWord): Message[] {
    return [...this.flushOffers(own), ...this.flushClaims(own)];
  }

  private flushOffers(own: OwnWord): Message[] {
    const due = this.offersDue;
    if (due !== 'all' && due.size === 0 && own.seenRv === this.toldSeen) return [];
    this.offersDue = new Set();
    this.toldSeen = own.seenRv;
    const seen = own.seenRv;
    return chunks([...(due === 'all' ? own.items.keys() : due)], (address) => textsOf(own.items.get(address))).map(
      ({ part, first, more }) => {
        const set = part.flatMap((address) => own.items.get(address) ?? []);
        const version = ++this.offersVersion;
        if (due === 'all' && first) return { t: 'offers', version, seen, items: set, more };
        const gone = part.filter((address) => !own.items.has(address));
        return { t: 'offers-delta', from: version - 1, to: version, seen, set, gone, more };
      },
    );
  }

  private flushClaims(own: OwnWord): Message[] {
    const due = this.claimsDue;
    if (due !== 'all' && due.size === 0) return [];
    this.claimsDue = new Set();
    return chunks([...(due === 'all' ? own.claims.keys() : due)], () => ENTRY_TEXTS).map(({ part, first, more }) => {
      const set = part.filter((address) => own.claims.has(address));
      const version = ++this.claimsVersion;
      if (due === 'all' && first) return { t: 'claims', version, items: set, more };
      const gone = part.filter((address) => !own.claims.has(address));
      return { t: 'claims-delta', from: version - 1, to: version, set, gone, more };
    });
  }
}

function textsOf(item: OfferItem | undefined): number {
  return ENTRY_TEXTS + (item === undefined || isTombstone(item) ? 0 : item.uids.length);
}

/** At least one part: an empty list must be told too. */
function chunks(
  addresses: string[],
  weigh: (address: string) => number,
): { part: string[]; first: boolean; more: boolean }[] {
  const parts: string[][] = [[]];
  let weight = 0;
  for (const address of addresses) {
    weight += weigh(address);
    if (weight > MAX_TEXTS) {
      parts.push([]);
      weight = weigh(address);
    }
    parts.at(-1)?.push(address);
  }
  return parts.map((part, i) => ({ part, first: i === 0, more: i + 1 < parts.length }));
}
