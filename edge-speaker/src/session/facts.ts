import type { SiteConfig } from '@openyurt/nodepool-types';
import type { LedgerEffect, ReleaseReason } from '../election/ledger.ts';
import type { OfferItem, Standing } from '../election/offer.ts';
import type { BoundPorts, ChannelEnd, Endpoint, LanLink } from '../ports/peer-socket.ts';
import type { PoolKey, PoolKeyRing } from './pool-keys.ts';

/** A node of the pool, as the cached Node list names it. */
export interface KnownMember {
  readonly node: string;
  /** Its InternalIPs, canonical. */
  readonly addresses: readonly string[];
}

/**
 * - `unknown`: named by the Node list, never heard
 * - `joining`: a session is up, its offers are not all here yet
 * - `alive`
 * - `suspect`: its session ended without farewell; still counts while heartbeats are young
 * - `leaving`: said farewell: hands over what it holds
 * - `dead`
 */
export type MemberState = 'unknown' | 'joining' | 'alive' | 'suspect' | 'leaving' | 'dead';

/** One other member, for people. */
export interface MemberSnapshot {
  readonly node: string;
  readonly state: MemberState;
  /** Monotonic milliseconds at which it came into this state. */
  readonly sinceMs: number;
  /** Where it was last reached, if ever. */
  readonly address?: string;
  /** 16 hex digits, if it ever told one. */
  readonly incarnation?: string;
  /** How many addresses it offers and announces. */
  readonly offers: number;
  readonly claims: number;
  /** false where its site configuration differs from ours. */
  readonly sameConfig: boolean;
  /** As it told last; `ready` before it told any. */
  readonly standing: Standing;
}

/**
 * - `handed-over`: the successor announces
 * - `lost`: another announcer with the better claim was met (a partition healed)
 * - `not-offered`: this node offers it no longer and nobody took it in time, or nobody else offers it
 * - `failed`: the hub said it cannot be announced here
 * - `paused`: this process had stopped for longer than the dead time
 * - `minority`: too few of the NodePool's Nodes are in sight (`splitPolicy: majority`)
 * - `leaving`: this process ends and nobody took it in time
 */
export type WithdrawReason = ReleaseReason;

/** One thing that happened: what the pool machine is stepped by. Channels are numbered by the machine. */
export type Fact =
  | { readonly kind: 'tick' }
  | { readonly kind: 'bound'; readonly ports: BoundPorts }
  | { readonly kind: 'datagram'; readonly bytes: Buffer; readonly from: Endpoint }
  | { readonly kind: 'accepted'; readonly channel: number; readonly remote: Endpoint; readonly identity: string }
  | { readonly kind: 'channel-up'; readonly channel: number }
  | { readonly kind: 'channel-data'; readonly channel: number; readonly bytes: Buffer }
  | { readonly kind: 'channel-down'; readonly channel: number; readonly how: ChannelEnd }
  | { readonly kind: 'keys'; readonly ring: PoolKeyRing }
  | { readonly kind: 'site'; readonly site: SiteConfig }
  | { readonly kind: 'members'; readonly members: readonly KnownMember[] }
  | { readonly kind: 'links'; readonly links: readonly LanLink[] }
  | { readonly kind: 'offers'; readonly items: readonly OfferItem[]; readonly seenRv: bigint }
  | {
      readonly kind: 'offers-changed';
      readonly set: readonly OfferItem[];
      readonly gone: readonly string[];
      readonly seenRv: bigint;
    }
  | { readonly kind: 'draining'; readonly draining: boolean }
  | { readonly kind: 'failed'; readonly address: string }
  | { readonly kind: 'leave'; readonly reason: string };

/** What is to be done, in this order. */
export type Effect =
  | LedgerEffect
  | { readonly kind: 'datagram'; readonly bytes: Buffer; readonly to: Endpoint }
  | { readonly kind: 'to-group'; readonly bytes: Buffer }
  | { readonly kind: 'dial'; readonly channel: number; readonly to: Endpoint; readonly key: PoolKey }
  | { readonly kind: 'send'; readonly channel: number; readonly bytes: Buffer }
  /** `end` lets what was sent arrive; `destroy` does not wait. */
  | { readonly kind: 'end' | 'destroy'; readonly channel: number }
  | { readonly kind: 'count'; readonly reason: string }
  | { readonly kind: 'note'; readonly level: 'info' | 'warn'; readonly msg: string; readonly fields: NoteFields }
  | { readonly kind: 'changed' };

export type NoteFields = Readonly<Record<string, string | number | boolean>>;
