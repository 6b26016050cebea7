/** How many changes of its report a node is heard at once; a speaker writes one in five seconds at most. */
const BURST = 12;
/** After that it is heard once in so long. */
const REFILL_MS = 25_000;

interface Allowance {
  left: number;
  /** Up to when `left` is counted. */
  countedMs: number;
}

/** How often a node is heard: one that writes its report anew all the time must not have the statuses of its site written as often. */
export class ReportPace {
  readonly #allowances = new Map<string, Allowance>();
  readonly #late = new Set<string>();

  /** @param nowMs monotonic */
  constructor(private readonly nowMs: () => number) {}

  /** @returns false: not now; {@link due} has it in time */
  mayBeHeard(node: string): boolean {
    const allowance = this.#count(node);
    if (allowance.left < 1) {
      this.#late.add(node);
      return false;
    }
    this.#late.delete(node);
    allowance.left--;
    return true;
  }

  /** The nodes that were put off, once each. To be called every half a minute; who was quiet is forgotten then. */
  due(): string[] {
    for (const node of this.#allowances.keys()) {
      if (this.#count(node).left >= BURST) this.#allowances.delete(node);
    }
    const due = [...this.#late];
    this.#late.clear();
    return due;
  }

  #count(node: string): Allowance {
    const nowMs = this.nowMs();
    const allowance = this.#allowances.get(node) ?? { left: BURST, countedMs: nowMs };
    const more = Math.floor((nowMs - allowance.countedMs) / REFILL_MS);
    allowance.left = Math.min(BURST, allowance.left + more);
    allowance.countedMs += more * REFILL_MS;
    this.#allowances.set(node, allowance);
    return allowance;
  }
}
