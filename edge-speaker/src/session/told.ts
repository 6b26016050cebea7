import type { OfferItem } from '../election/offer.ts';
import type { AskFull, Claims, ClaimsDelta, Offers, OffersDelta } from './messages.ts';

/** Most addresses one member may tell of: ten times the largest site. */
export const MAX_TOLD = 50_000;

/** What a message did to a list. `changed` names the addresses to elect anew. */
export type Heard = { readonly changed: readonly string[] } | { readonly ask: AskFull } | 'too-much';

/**
 * One list that a member tells, offers or claims, as it arrives: the whole, then deltas.
 * A list in several messages takes effect with its last one: half a list would look like addresses given up.
 */
export class Told<T> {
  entries = new Map<string, T>();
  /** The whole list has been heard once. */
  complete = false;
  private version: number | undefined;
  private asked = false;
  private growing: Map<string, T> | undefined;
  private waiting: { set: (readonly [string, T])[]; gone: readonly string[] }[] = [];

  /** The version of {@link entries}, -1 where they are not the whole of any. */
  get at(): number {
    return this.growing === undefined && this.waiting.length === 0 ? (this.version ?? -1) : -1;
  }

  constructor(readonly what: 'offers' | 'claims') {}

  whole(version: number, entries: readonly (readonly [string, T])[], more: boolean): Heard {
    this.version = version;
    this.asked = false;
    this.waiting = [];
    this.growing = new Map(entries);
    if (this.growing.size > MAX_TOLD) return 'too-much';
    return more ? { changed: [] } : this.adopt();
  }

  delta(from: number, to: number, set: (readonly [string, T])[], gone: readonly string[], more: boolean): Heard {
    if (this.version !== from) {
      if (this.asked) return { changed: [] };
      this.asked = true;
      this.version = undefined;
      this.growing = undefined;
      this.waiting = [];
      return { ask: { t: 'ask-full', what: this.what } };
    }
    this.version = to;
    if (this.growing !== undefined) {
      apply(this.growing, set, gone);
      if (this.growing.size > MAX_TOLD) return 'too-much';
      return more ? { changed: [] } : this.adopt();
    }
    this.waiting.push({ set, gone });
    if (more) return this.waiting.length > MAX_TOLD / 1000 ? 'too-much' : { changed: [] };
    const changed = new Set<string>();
    for (const part of this.waiting) {
      apply(this.entries, part.set, part.gone);
      for (const [address] of part.set) changed.add(address);
      for (const address of part.gone) changed.add(address);
    }
    this.waiting = [];
    return this.entries.size > MAX_TOLD ? 'too-much' : { changed: [...changed] };
  }

  private adopt(): Heard {
    const changed = new Set([...this.entries.keys(), ...(this.growing?.keys() ?? [])]);
    this.entries = this.growing ?? new Map();
    this.growing = undefined;
    this.complete = true;
    return { changed: [...changed] };
  }
}

/** The same member on a new connection: its word holds until it has told it again. */
export function restarted<T>(told: Told<T>): Told<T> {
  const again = new Told<T>(told.what);
  again.entries = told.entries;
  again.complete = true;
  return again;
}

function apply<T>(to: Map<string, T>, set: readonly (readonly [string, T])[], gone: readonly string[]): void {
  for (const [address, value] of set) to.set(address, value);
  for (const address of gone) to.delete(address);
}

export function hearOffers(told: Told<OfferItem>, m: Offers | OffersDelta): Heard {
  if (m.t === 'offers')
    return told.whole(
      m.version,
      m.items.map((item) => [item.address, item] as const),
      m.more,
    );
  return told.delta(
    m.from,
    m.to,
    m.set.map((item) => [item.address, item] as const),
    m.gone,
    m.more,
  );
}

/** @param nowMs when it was heard: a claim that is told again is as old as it was */
export function hearClaims(told: Told<number>, m: Claims | ClaimsDelta, nowMs: number): Heard {
  const heard = (address: string) => [address, told.entries.get(address) ?? nowMs] as const;
  if (m.t === 'claims') return told.whole(m.version, m.items.map(heard), m.more);
  return told.delta(m.from, m.to, m.set.map(heard), m.gone, m.more);
}
