import type { Endpoint } from '../ports/peer-socket.ts';
import { FrameReader } from './frames.ts';
import type { SessionHello } from './messages.ts';
import type { PoolKey } from './pool-keys.ts';
import { Teller } from './teller.ts';

/** Messages a peer may send: this many a second, and this many at once. */
const MESSAGES_PER_SECOND = 2000;
const MESSAGES_AT_ONCE = 5000;

/** One TLS connection, from the dial or the handshake on. It becomes a session when both have said hello. */
export class Channel {
  readonly reader = new FrameReader();
  readonly teller = new Teller();
  up = false;
  hello: SessionHello | undefined;
  /** Our own facts as our hello told them, as JSON. */
  toldFacts = '';
  /** It waited behind another session of that name: what it told meanwhile was not heeded. */
  waited = false;
  private budget = MESSAGES_AT_ONCE;
  private budgetMs: number;

  constructor(
    readonly id: number,
    /** We dialed, and whom; undefined: accepted. */
    readonly dialedNode: string | undefined,
    readonly remote: Endpoint,
    readonly key: PoolKey,
    /** 16 random bytes of ours */
    readonly nonce: Buffer,
    readonly openedMs: number,
  ) {
    this.budgetMs = openedMs;
  }

  /** @returns false where the peer sends more than it may */
  spend(nowMs: number): boolean {
    this.budget = Math.min(MESSAGES_AT_ONCE, this.budget + ((nowMs - this.budgetMs) * MESSAGES_PER_SECOND) / 1000);
    this.budgetMs = nowMs;
    this.budget -= 1;
    return this.budget >= 0;
  }
}
