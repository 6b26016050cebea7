import { isTombstone, type OfferItem } from '../election/offer.ts';
import { isUp, type Peer } from './peer.ts';
import { Told } from './told.ts';

/** What a member had told when it died. */
export interface LastWord {
  readonly offers: ReadonlyMap<string, OfferItem>;
  /** By address: since when, as this node heard it, monotonic ms. */
  readonly claims: ReadonlyMap<string, number>;
  readonly atMs: number;
}

/** Whoever takes an address after a death does it within this time. */
const LAST_WORD_MS = 10_000;

/** Its word counts no more. What it held is known for a while, for whoever takes it over. */
export function forgetWord(peer: Peer, nowMs: number): void {
  if (isUp(peer)) peer.lastWord = { offers: peer.offers.entries, claims: peer.claims.entries, atMs: nowMs };
  peer.offers = new Told('offers');
  peer.claims = new Told('claims');
}

export function dropOldWord(peer: Peer, nowMs: number): void {
  if (peer.lastWord !== undefined && nowMs - peer.lastWord.atMs >= LAST_WORD_MS) peer.lastWord = undefined;
}

/**
 * How long another member has held the address, ms, as this node heard it; undefined: nobody does. Who died a moment ago
 * held it to the end. Who claims it and offers it no longer may have met another host: it takes the offer back before the
 * claim, or with it.
 */
export function heldForMs(peers: Iterable<Peer>, address: string, nowMs: number): number | undefined {
  let longest: number | undefined;
  for (const peer of peers) {
    const word = isUp(peer) ? { offers: peer.offers.entries, claims: peer.claims.entries, atMs: nowMs } : peer.lastWord;
    const sinceMs = word?.claims.get(address);
    if (word === undefined || sinceMs === undefined) continue;
    const offer = word.offers.get(address);
    if (offer === undefined || isTombstone(offer)) continue;
    longest = Math.max(longest ?? 0, word.atMs - sinceMs);
  }
  return longest;
}
