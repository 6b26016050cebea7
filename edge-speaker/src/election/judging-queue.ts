/** Announcing an address and telling it takes time, and heartbeats come first. */
const JUDGED_PER_TURN = 64;

/** Addresses whose holder is to be judged anew, in the order they came: a thousand of them in many short turns of the loop. */
export class JudgingQueue {
  private readonly waiting = new Set<string>();
  private left = JUDGED_PER_TURN;

  add(address: string): void {
    this.waiting.add(address);
  }

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  /** Another turn of the loop: timers and sockets have been served. */
  beginTurn(): void {
    this.left = JUDGED_PER_TURN;
  }

  /** @returns those that this turn has room for */
  take(): string[] {
    const turn: string[] = [];
    for (const address of this.waiting) {
      if (this.left === 0) break;
      this.left--;
      this.waiting.delete(address);
      turn.push(address);
    }
    return turn;
  }
}
