import type { Clock, Log, SiteConfig, Timers } from '@openyurt/nodepool-types';
import type { OfferItem } from '../election/offer.ts';
import type { PeerSocket } from '../ports/peer-socket.ts';
import type { PoolKeySource } from '../ports/pool-key-source.ts';
import type { WithdrawReason } from './facts.ts';

/** What the session tells the hub, synchronously and in this order: announce first, then the pool hears of it. */
export interface PoolSessionEvents {
  /**
   * Answer for `address` from now on, and say so on the LAN (a gratuitous burst).
   * Also called for an address already announced: another announcer was met; say it once more.
   * `probe`: the address is new to the pool; look for another host first and call `claimFailed` where one answers.
   * `resumed`: it was withdrawn a moment ago as `paused`, and nobody has announced it since: no neighbour needs to be told.
   */
  announce(address: string, how: { readonly probe: boolean; readonly resumed: boolean }): void;
  /** Fall silent for `address`, now. */
  withdraw(address: string, reason: WithdrawReason): void;
  /** Members or owners changed; the snapshots say to what. */
  changed(): void;
  /** The addresses known to have been announced in this pool: keep them for `announcedBefore`. Whole, at most once a second. */
  remember(addresses: readonly string[]): void;
}

export interface PoolSessionOptions {
  readonly node: string;
  readonly nodePool: string;
  /** Random, 64 bits, new at each start of the process. */
  readonly incarnation: bigint;
  readonly keys: PoolKeySource;
  readonly socket: PeerSocket;
  readonly clock: Clock;
  readonly timers: Timers;
  /** @returns `size` unpredictable bytes */
  readonly randomBytes: (size: number) => Buffer;
  readonly log: Log;
  /** One dropped or noted thing, by reason: the label of a counter. */
  readonly count: (reason: string) => void;
  readonly site: SiteConfig;
  /** Port other members listen on, where they told no other. */
  readonly port: number;
  /** Addresses known to have been announced before in this pool: they are taken over without a probe. */
  readonly announcedBefore?: Iterable<string>;
  readonly on: PoolSessionEvents;
}

/** What this node is able to announce, whole; replaces what was said before. */
export interface OwnOffers {
  /** Offers, and tombstones of addresses that were given up. */
  readonly items: readonly OfferItem[];
  /** Highest resourceVersion the view has reached. */
  readonly seenRv: bigint;
}

/** What changed of it. */
export interface OfferChanges {
  readonly set: readonly OfferItem[];
  /** Addresses of which nothing is to be told any more. */
  readonly gone: readonly string[];
  readonly seenRv: bigint;
}
