import { type EndpointState, onOutcome, type ProbeOutcome, probePauseMs } from './endpoint-probe.ts';
import type { EndpointAt } from './endpoint-view.ts';

/** Connects under way at once, and the least pause between two starts: 20 a second. */
export const MOST_ASKED = 16;
export const BETWEEN_STARTS_MS = 50;
/** A verdict on an address lasts at least this long. */
export const HOLD_MS = 10_000;
/** Endpoints watched in all; the addresses whose endpoints would go beyond it count as served. */
export const MOST_ENDPOINTS = 4_096;
/** The first connect to an endpoint comes this long after it is wanted, and up to as much later. */
export const FIRST_PROBE_MS = 1_000;

/** What is known of the endpoints behind an address. `alive`: one has answered, and not all are dead since. */
export type EndpointsWord = 'not-asked' | 'alive' | 'dead';

interface Watched {
  readonly at: EndpointAt;
  /** Addresses that rest on it. */
  readonly behind: Set<string>;
  state: EndpointState;
  dueMs: number;
}

interface Verdict {
  /** Of its endpoints. */
  keys: readonly string[];
  word: EndpointsWord;
  /** Since when it is dead, or is not any more. */
  sinceMs: number;
}

export interface ProbeFigures {
  readonly watched: number;
  readonly dead: number;
}

/**
 * Asks the endpoints behind each address in turn, seldom and never many at once, and says of which addresses all
 * endpoints are dead, and of which one lives. Who calls it makes the connects.
 */
export class EndpointProbes {
  private readonly watched = new Map<string, Watched>();
  private readonly verdicts = new Map<string, Verdict>();
  /** The addresses in the order they are asked; undefined: others are wanted now. */
  private order: string[] | undefined;
  private cursor = 0;
  private readonly asked = new Set<string>();
  private readonly suspects = new Set<string>();
  private turned = new Set<string>();
  /** Addresses whose verdict is not what their endpoints say: the one before has to last. */
  private readonly heldBack = new Set<string>();
  private nextStartMs = Number.NEGATIVE_INFINITY;

  /** @param unit draws from [0, 1) */
  constructor(private readonly unit: () => number) {}

  /** @param endpoints those that the address rests on; none: nothing is remembered of it */
  want(address: string, endpoints: readonly EndpointAt[], nowMs: number): void {
    const verdict = this.verdicts.get(address);
    if (verdict === undefined && endpoints.length === 0) return;
    const keys = new Set(endpoints.map(keyOf));
    const news = endpoints.filter((at) => !this.watched.has(keyOf(at)));
    const tooMany = this.watched.size + news.length > MOST_ENDPOINTS;
    for (const key of verdict?.keys ?? []) if (tooMany || !keys.has(key)) this.leave(key, address);
    if (tooMany || keys.size === 0) {
      this.forget(address);
      return;
    }
    for (const at of endpoints) this.watch(at, address, nowMs);
    if (verdict === undefined) this.order = undefined;
    const { word = 'not-asked', sinceMs = Number.NEGATIVE_INFINITY } = verdict ?? {};
    this.verdicts.set(address, { keys: [...keys], word, sinceMs });
    this.judge([address], nowMs);
  }

  /** The cloud's word on endpoints counts again. */
  clear(): void {
    for (const address of [...this.verdicts.keys()]) this.forget(address);
    this.watched.clear();
    this.suspects.clear();
  }

  /** Addresses of which {@link wordOf} has changed since the last call. */
  takeTurned(): ReadonlySet<string> {
    const { turned } = this;
    if (turned.size > 0) this.turned = new Set();
    return turned;
  }

  /** @returns the endpoint to connect to now, if the bounds allow one; {@link heard} must follow */
  take(nowMs: number): EndpointAt | undefined {
    if (this.asked.size >= MOST_ASKED || nowMs < this.nextStartMs) return undefined;
    const found = this.pick(nowMs);
    if (found === undefined) return undefined;
    this.asked.add(keyOf(found.at));
    this.nextStartMs = nowMs + BETWEEN_STARTS_MS;
    return found.at;
  }

  /** @returns whether an address is judged otherwise now, or is to be once its verdict has lasted */
  heard(at: EndpointAt, outcome: ProbeOutcome, nowMs: number): boolean {
    const key = keyOf(at);
    this.asked.delete(key);
    const watched = this.watched.get(key);
    if (watched === undefined) return false;
    const before = watched.state.kind;
    watched.state = onOutcome(watched.state, outcome, nowMs);
    watched.dueMs = nowMs + probePauseMs(watched.state, this.unit());
    if (watched.state.kind === 'suspect') this.suspects.add(key);
    else this.suspects.delete(key);
    if (before === watched.state.kind) return false;
    const touched = [...watched.behind];
    return this.judge(touched, nowMs) || touched.some((address) => this.heldBack.has(address));
  }

  /** Verdicts that had to wait for the one before. @returns whether an address is judged otherwise now */
  settle(nowMs: number): boolean {
    return this.heldBack.size > 0 && this.judge([...this.heldBack], nowMs);
  }

  wordOf(address: string): EndpointsWord {
    return this.verdicts.get(address)?.word ?? 'not-asked';
  }

  /** When {@link take} may have something; undefined: not before something is heard or wanted. */
  nextStart(): number | undefined {
    if (this.asked.size >= MOST_ASKED) return undefined;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const [key, watched] of this.watched) {
      if (this.asked.has(key)) continue;
      if (watched.dueMs <= this.nextStartMs) return this.nextStartMs;
      dueMs = Math.min(dueMs, watched.dueMs);
    }
    return dueMs === Number.POSITIVE_INFINITY ? undefined : dueMs;
  }

  /** When {@link settle} may change something by itself. */
  settleDueMs(): number | undefined {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const address of this.heldBack)
      dueMs = Math.min(dueMs, (this.verdicts.get(address)?.sinceMs ?? dueMs) + HOLD_MS);
    return dueMs === Number.POSITIVE_INFINITY ? undefined : dueMs;
  }

  figures(): ProbeFigures {
    let dead = 0;
    for (const { state } of this.watched.values()) if (state.kind === 'dead') dead++;
    return { watched: this.watched.size, dead };
  }

  private watch(at: EndpointAt, address: string, nowMs: number): void {
    const key = keyOf(at);
    const watched = this.watched.get(key);
    if (watched !== undefined) watched.behind.add(address);
    else {
      const dueMs = nowMs + FIRST_PROBE_MS * (1 + this.unit());
      this.watched.set(key, { at, behind: new Set([address]), state: { kind: 'unknown' }, dueMs });
    }
  }

  private leave(key: string, address: string): void {
    const watched = this.watched.get(key);
    watched?.behind.delete(address);
    if (watched?.behind.size !== 0) return;
    this.watched.delete(key);
    this.suspects.delete(key);
  }

  private forget(address: string): void {
    this.heldBack.delete(address);
    if (this.wordOf(address) !== 'not-asked') this.turned.add(address);
    if (this.verdicts.delete(address)) this.order = undefined;
  }

  /** Those that have begun to fail first; then address by address. */
  private pick(nowMs: number): Watched | undefined {
    const failing = this.mostDue(this.suspects, nowMs);
    if (failing !== undefined) return failing;
    this.order ??= [...this.verdicts.keys()];
    const { order } = this;
    for (let i = 0; i < order.length; i++) {
      const place = (this.cursor + i) % order.length;
      const watched = this.mostDue(this.verdicts.get(order[place] ?? '')?.keys ?? [], nowMs);
      if (watched === undefined) continue;
      this.cursor = place + 1;
      return watched;
    }
    return undefined;
  }

  private mostDue(keys: Iterable<string>, nowMs: number): Watched | undefined {
    let best: Watched | undefined;
    for (const key of keys) {
      const watched = this.watched.get(key);
      if (watched === undefined || watched.dueMs > nowMs || this.asked.has(key)) continue;
      if (best === undefined || watched.dueMs < best.dueMs) best = watched;
    }
    return best;
  }

  private judge(addresses: Iterable<string>, nowMs: number): boolean {
    let changed = false;
    for (const address of addresses) {
      const verdict = this.verdicts.get(address);
      const word = this.nextWord(address);
      this.heldBack.delete(address);
      if (verdict === undefined || word === verdict.word) continue;
      if ((word === 'dead') !== (verdict.word === 'dead')) {
        if (nowMs - verdict.sinceMs < HOLD_MS) {
          this.heldBack.add(address);
          continue;
        }
        verdict.sinceMs = nowMs;
      }
      verdict.word = word;
      this.turned.add(address);
      changed = true;
    }
    return changed;
  }

  /** What its endpoints say. Failures say nothing before they are a death, so what was alive is for as long. */
  private nextWord(address: string): EndpointsWord {
    const { keys = [], word = 'not-asked' } = this.verdicts.get(address) ?? {};
    const kinds = keys.map((key) => this.watched.get(key)?.state.kind);
    if (kinds.every((kind) => kind === 'dead')) return keys.length === 0 ? word : 'dead';
    return kinds.includes('alive') || word === 'alive' ? 'alive' : 'not-asked';
  }
}

function keyOf({ ip, port }: EndpointAt): string {
  return `${ip} ${port}`;
}
