import type { PoolSession } from '../pool-session.ts';

/** The one pool session of this node: one that ends hands over before the next one begins, in the order in which the label changed. */
export class SessionTurns {
  session: PoolSession | undefined;
  private turning: Promise<void> = Promise.resolve();
  private stopped = false;

  /** @param make makes and starts the next one, after setting {@link session}; undefined: there is none */
  turn(reason: string, make: (() => Promise<void>) | undefined): void {
    this.turning = this.turning.then(async () => {
      await this.end(reason);
      if (!this.stopped) await make?.();
    });
  }

  /** Ends the last one, and begins none any more. */
  async stop(reason: string): Promise<void> {
    this.stopped = true;
    await this.turning;
    await this.end(reason);
  }

  private async end(reason: string): Promise<void> {
    const { session } = this;
    if (session === undefined) return;
    await session.leave(reason);
    await session.close();
    this.session = undefined;
  }
}
