import { isTombstone, type OfferItem } from '../election/offer.ts';
import type { Peer } from './peer.ts';
import type { Pool } from './pool.ts';
import type { Pulse } from './pulse.ts';
import type { Session } from './session.ts';
import { SUSPECT_MS } from './sessions.ts';
import type { Told } from './told.ts';

/**
 * A session that ended in silence, kept: the process it was begun with still has its keys, so a heartbeat of it proves
 * without a handshake that this very process is there again.
 */
export interface Lapse {
  readonly session: Session;
  /** Its word, as it was heard to the end. */
  readonly offers: Told<OfferItem>;
  readonly claims: Told<number>;
  /** What this member claimed then: what the other may have heard of it. */
  readonly claimed: ReadonlySet<string>;
  readonly sinceMs: number;
  /** When it was first heard again: it has {@link SUSPECT_MS} from then on to begin a session, however often it falls silent. */
  heardMs: number | undefined;
  /** A heartbeat that echoes this, or more, was sent within the last two intervals. */
  floor: bigint;
  nextFloor: bigint;
  floorMs: number;
}

/** Lapsed members hear from us so often, and after {@link QUICK_MS} at each heartbeat. */
const QUICK_EVERY_MS = 20;
const QUICK_MS = 60_000;
/** To all of them together, in a second. */
const MAX_DATAGRAMS = 500;
/**
 * The group hears one in turn, too: in a long cut the kernel forgets the MAC of who is away, and asks for it once a second.
 * Every member pays for what is sent to the group, so this is what all members together send it in a second.
 */
const MAX_TO_GROUP = 500;
/** A member that was away for longer is met by hellos. */
const KEEP_MS = 600_000;

/** Members whose sessions lapsed: heartbeats go on, so that a way that opens again is known within one of them. */
export class Lapses {
  private nextMs = -Infinity;
  private groupMs = -Infinity;
  private turn = 0;

  constructor(
    private readonly pool: Pool,
    private readonly pulse: Pulse,
  ) {}

  /** A member whose word counted has fallen silent. */
  begin(peer: Peer, session: Session): void {
    const { pool } = this;
    const { offers, claims } = peer;
    const heardMs = peer.lapse?.heardMs;
    const floor = session.sent + 1n;
    const claimed = new Set(pool.ledger.holdings.keys());
    peer.lapse = {
      session,
      offers,
      claims,
      claimed,
      sinceMs: pool.nowMs,
      heardMs,
      floor,
      nextFloor: floor,
      floorMs: pool.nowMs,
    };
    this.nextMs = pool.nowMs;
  }

  run(): void {
    const { pool } = this;
    if (pool.nowMs < this.nextMs || pool.ports === undefined || pool.ledger.leaving) return;
    const lapsed = this.lapsed();
    this.nextMs = lapsed.length === 0 ? Infinity : pool.nowMs + this.everyMs(lapsed);
    const forGroup = this.forGroup(lapsed.length);
    for (const [i, { peer, lapse }] of lapsed.entries()) {
      if (peer.session === undefined && this.isOver(lapse)) {
        pool.forgetLapse(peer);
        continue;
      }
      if (pool.nowMs - lapse.floorMs >= pool.site.heartbeatMs) {
        lapse.floorMs = pool.nowMs;
        lapse.floor = lapse.nextFloor;
        lapse.nextFloor = lapse.session.sent + 1n;
      }
      this.pulse.seek(lapse.session, { seeking: peer.session === undefined, group: i === forGroup });
    }
  }

  dueMs(): number {
    return this.pool.ports === undefined || this.pool.ledger.leaving ? Infinity : this.nextMs;
  }

  /**
   * A heartbeat of a lapsed session came.
   * - `same`: it hears us as we hear it, and has taken back nothing of what it told: its word counts again
   * - `changed`: it hears us, and its word is to be told anew before it counts
   */
  hear(peer: Peer): 'same' | 'changed' | undefined {
    const { lapse, session } = peer;
    if (lapse === undefined || lapse.session.echoed < lapse.floor) return undefined;
    if (lapse.session.keptFrom > lapse.claims.at) return 'changed';
    if (session !== undefined || this.isOver(lapse)) return undefined;
    lapse.heardMs ??= this.pool.nowMs;
    return 'same';
  }

  /**
   * A member that lapsed is heard again, by the keys of its session, and has taken back nothing: what it told counts as if
   * it had never been missed. Until a new session stands it is suspect. Its proof of the API is as old as its word.
   */
  revive(peer: Peer): void {
    const { pool } = this;
    const { lapse } = peer;
    if (lapse === undefined) return;
    peer.session = lapse.session;
    peer.session.channel = undefined;
    peer.session.heardMs = pool.nowMs;
    peer.offers = lapse.offers;
    peer.claims = lapse.claims;
    for (const [address, item] of peer.offers.entries) {
      if (!isTombstone(item)) peer.offers.entries.set(address, { ...item, proven: false });
    }
    peer.absent = false;
    pool.note('info', 'member is heard again', { member: peer.node, awayMs: Math.round(pool.nowMs - lapse.sinceMs) });
    pool.setState(peer, 'suspect');
    for (const address of peer.claims.entries.keys()) pool.ledger.meet(address, 'healed');
    pool.ledger.judgeAnew(peer.offers.entries.keys());
    pool.ledger.judgeAnew(peer.claims.entries.keys());
  }

  private isOver({ session, sinceMs, heardMs }: Lapse): boolean {
    const { pool } = this;
    if (pool.isTakenBack(session.identity) || pool.nowMs - sinceMs >= KEEP_MS) return true;
    return heardMs !== undefined && pool.nowMs - heardMs >= SUSPECT_MS;
  }

  private lapsed(): { peer: Peer; lapse: Lapse }[] {
    return [...this.pool.peers.values()].flatMap((peer) =>
      peer.lapse === undefined ? [] : { peer, lapse: peer.lapse },
    );
  }

  /** Whose turn it is, if anybody's. */
  private forGroup(lapsed: number): number | undefined {
    const { nowMs, peers } = this.pool;
    if (nowMs < this.groupMs) return undefined;
    this.groupMs = nowMs + ((peers.size + 1) * 1000) / MAX_TO_GROUP;
    return this.turn++ % lapsed;
  }

  private everyMs(lapsed: readonly { lapse: Lapse }[]): number {
    const { nowMs, site } = this.pool;
    const recent = lapsed.some(({ lapse }) => nowMs - lapse.sinceMs < QUICK_MS);
    const everyMs = recent ? Math.min(QUICK_EVERY_MS, site.heartbeatMs) : site.heartbeatMs;
    return Math.max(everyMs, (lapsed.length * 1000) / MAX_DATAGRAMS);
  }
}
