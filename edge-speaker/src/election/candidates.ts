import { isTombstone, type MemberView, type Offer, sameUids } from './offer.ts';

/**
 * The members whose offer of `address` counts.
 *
 * A resourceVersion comes from the API alone, so the higher one is the newer truth, whoever tells it. An offer made
 * without proof of the API yields where a member tells that the address was given up, or given to other Services,
 * at a higher resourceVersion. A proven offer never yields: its own member is about to hear the same.
 */
export function candidates(address: string, views: Iterable<MemberView>): MemberView[] {
  const offers: { view: MemberView; offer: Offer }[] = [];
  const all: MemberView[] = [];
  for (const view of views) {
    all.push(view);
    const item = view.offering ? view.items.get(address) : undefined;
    if (item !== undefined && !isTombstone(item)) offers.push({ view, offer: item });
  }
  return offers.filter(({ offer }) => offer.proven || !contradicted(offer, all)).map(({ view }) => view);
}

function contradicted(offer: Offer, views: readonly MemberView[]): boolean {
  for (const view of views) {
    const item = view.items.get(offer.address);
    if (item === undefined || item.rv <= offer.rv) continue;
    if (isTombstone(item) || !sameUids(item, offer)) return true;
  }
  return false;
}
