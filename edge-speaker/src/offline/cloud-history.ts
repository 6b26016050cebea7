/**
 * Whether the cloud has gone back in time: its etcd was restored from a backup, or it is another cluster at the same
 * address. Then resourceVersions are lower than what is known, for ever, and nothing would be adopted again.
 *
 * A lower one alone proves nothing: behind a leader hub Services and EndpointSlices may be stale for as long as the leader
 * is cut, while the own link is up. The other resources take the ordinary road through a hub and are as fresh as the own
 * link (yurthub-observed rules 8 to 10), so they bear witness: the same resource, listed with proof and older, three times
 * over half a minute.
 */
export class CloudHistory<R extends string> {
  private readonly seen = new Map<R, { readonly firstMs: number; times: number }>();
  private askMs: number | undefined;

  /** @param witnesses the resources that are as fresh as the own link */
  constructor(private readonly witnesses: ReadonlySet<R>) {}

  /** A list that the API was proven present after. @returns whether the history is another one: all is to be learned anew */
  listed(resource: R, stale: boolean, nowMs: number): boolean {
    if (!this.witnesses.has(resource)) return false;
    if (!stale) {
      this.seen.delete(resource);
      if (this.seen.size === 0) this.askMs = undefined;
      return false;
    }
    const before = this.seen.get(resource) ?? { firstMs: nowMs, times: 0 };
    before.times++;
    this.seen.set(resource, before);
    this.askMs = nowMs + ASK_AGAIN_MS;
    if (before.times < STALE_TIMES || nowMs - before.firstMs < STALE_FOR_MS) return false;
    this.seen.clear();
    this.askMs = undefined;
    return true;
  }

  /** When the lists are to be asked for again; undefined: there is no suspicion. */
  get dueMs(): number | undefined {
    return this.askMs;
  }

  /** @returns whether to list anew now */
  due(nowMs: number): boolean {
    if (this.askMs === undefined || nowMs < this.askMs) return false;
    this.askMs = nowMs + ASK_AGAIN_MS;
    return true;
  }
}

export const STALE_TIMES = 3;
export const STALE_FOR_MS = 30_000;
const ASK_AGAIN_MS = 10_000;
