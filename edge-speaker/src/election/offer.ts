/**
 * What a member knows of the endpoints that its offer rests on, since the cloud's word on them ceased to count.
 * - `not-asked`: nothing, or nothing that decides anything
 * - `alive`: one of them takes connections
 * - `dead`: none does
 */
export type EndpointsWord = (typeof ENDPOINTS_WORDS)[number];
export const ENDPOINTS_WORDS = ['not-asked', 'alive', 'dead'] as const;

/** What one member says it is able to announce. */
export interface Offer {
  /** Canonical text. */
  readonly address: string;
  /** UIDs of the Services that hold the address, sorted. */
  readonly uids: readonly string[];
  /** Highest resourceVersion of those Services that the member has seen. */
  readonly rv: bigint;
  /** The API was proven present after the member read it. */
  readonly proven: boolean;
  /** Absent: an older release, which judges by no endpoints. */
  readonly endpoints?: EndpointsWord;
}

/**
 * The address was given up at `rv`, as the API itself said (never inferred from absence).
 * Silences unproven offers that are older.
 */
export interface Tombstone {
  readonly address: string;
  readonly gone: true;
  readonly rv: bigint;
}

export type OfferItem = Offer | Tombstone;

export function isTombstone(item: OfferItem): item is Tombstone {
  return 'gone' in item;
}

export function sameItem(a: OfferItem, b: OfferItem): boolean {
  if (a.rv !== b.rv) return false;
  if (isTombstone(a) || isTombstone(b)) return isTombstone(a) && isTombstone(b);
  return a.proven === b.proven && a.endpoints === b.endpoints && sameUids(a, b);
}

/** undefined where it is no offer, or that of an older release. */
export function endpointsOf(item: OfferItem | undefined): EndpointsWord | undefined {
  return item === undefined || isTombstone(item) ? undefined : item.endpoints;
}

/** Its endpoints were found dead or alive. */
export function wasAsked(item: OfferItem | undefined): boolean {
  const word = endpointsOf(item);
  return word !== undefined && word !== 'not-asked';
}

export function sameUids(a: Offer, b: Offer): boolean {
  return a.uids.length === b.uids.length && a.uids.every((uid, i) => uid === b.uids[i]);
}

/**
 * How a member stands in elections.
 * - `ready`: it has been well for long enough
 * - `young`: it has not; it takes nothing from another one, and stands where nobody else does
 * - `draining`: its node is to be emptied; it keeps what it has until another one takes it
 * - `minority`: it sees too few of the NodePool's Nodes to announce anything (`splitPolicy: majority`)
 */
export type Standing = (typeof STANDINGS)[number];
export const STANDINGS = ['ready', 'young', 'draining', 'minority'] as const;

/** All that one member has told: what elections are judged by. */
export interface MemberView {
  readonly node: string;
  readonly items: ReadonlyMap<string, OfferItem>;
  /** Addresses it announces right now. */
  readonly claims: ReadonlyMap<string, unknown>;
  /** Highest resourceVersion its view of the Services has reached. */
  readonly seenRv: bigint;
  /** false once it has said farewell, or has not told its whole view yet: its offers do not count. */
  readonly offering: boolean;
  readonly standing: Standing;
}
