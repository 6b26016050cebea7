import type { OfferItem, Standing } from '../election/offer.ts';

/** What two members tell each other inside their TLS session. Unknown kinds and unknown fields are ignored. */
export type Message = SessionHello | About | Offers | OffersDelta | Claims | ClaimsDelta | AskFull | Farewell;

/** Links that a member may tell of. */
export const MAX_LINKS = 64;

/** A member's own facts; told in its first message, and again when they change. */
export interface Facts {
  /** 16 hex digits */
  readonly configHash: string;
  readonly heartbeatMs: number;
  readonly deadMs: number;
  /** 0: does not listen */
  readonly tcpPort: number;
  readonly udpPort: number;
  /** Absent: ready. */
  readonly standing: Standing;
  readonly macs: readonly { readonly link: string; readonly mac: string }[];
}

/** The first message, from each side. */
export interface SessionHello extends Facts {
  readonly t: 'hello';
  readonly v: number;
  readonly node: string;
  /** 16 hex digits */
  readonly incarnation: string;
  /** 32 hex digits, random */
  readonly nonce: string;
}

export interface About extends Facts {
  readonly t: 'about';
}

/** The whole list of offers at `version`. `more`: its rest comes in deltas, the last of which says no `more`. */
export interface Offers {
  readonly t: 'offers';
  readonly version: number;
  readonly seen: bigint;
  readonly items: readonly OfferItem[];
  readonly more: boolean;
}

export interface OffersDelta {
  readonly t: 'offers-delta';
  readonly from: number;
  readonly to: number;
  readonly seen: bigint;
  readonly set: readonly OfferItem[];
  readonly gone: readonly string[];
  readonly more: boolean;
}

/** The whole list of addresses this member announces right now. */
export interface Claims {
  readonly t: 'claims';
  readonly version: number;
  readonly items: readonly string[];
  readonly more: boolean;
}

export interface ClaimsDelta {
  readonly t: 'claims-delta';
  readonly from: number;
  readonly to: number;
  readonly set: readonly string[];
  readonly gone: readonly string[];
  readonly more: boolean;
}

/** A delta did not follow: tell the whole list again. */
export interface AskFull {
  readonly t: 'ask-full';
  readonly what: 'offers' | 'claims';
}

/** My offers count no more; what I announce I hand over. */
export interface Farewell {
  readonly t: 'farewell';
  readonly reason: string;
}

/** As JSON: a resourceVersion is text, absent flags are false. */
export function toJson(message: Message): unknown {
  switch (message.t) {
    case 'offers':
      return { ...message, seen: String(message.seen), items: message.items.map(itemToJson) };
    case 'offers-delta':
      return { ...message, seen: String(message.seen), set: message.set.map(itemToJson) };
    default:
      return message;
  }
}

function itemToJson(item: OfferItem): unknown {
  return { ...item, rv: String(item.rv) };
}
