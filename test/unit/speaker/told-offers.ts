import type { OfferItem } from '../../../edge-speaker/src/election/offer.ts';
import type { Effect } from '../../../edge-speaker/src/hub/facts.ts';

/** What a session that was told all this takes for offered now, by address. */
export function toldOffers(effects: readonly Effect[]): Map<string, OfferItem> {
  let told = new Map<string, OfferItem>();
  for (const effect of effects) {
    if (effect.kind === 'offer') told = new Map(effect.items.map((item) => [item.address, item]));
    if (effect.kind !== 'offers-changed') continue;
    for (const item of effect.set) told.set(item.address, item);
    for (const address of effect.gone) told.delete(address);
  }
  return told;
}
