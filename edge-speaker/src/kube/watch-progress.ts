/**
 * All is listed anew after this long, also where nothing seems to be wrong. To read 10,000 objects stalls a small board for
 * a second, and costs a metered link as many megabytes as there are thousands.
 */
export const LIST_AGAIN_MS = 3_600_000;

/** How far one resource is known, and whether a watch may go on from there without a list. */
export class WatchProgress {
  /** Whether the last list was proven, and nothing has failed since; undefined: there was none yet. */
  proven: boolean | undefined;
  private reached = 0n;
  private listedMs = Number.NEGATIVE_INFINITY;
  /** Versions came in their order: no deletion may have been told with the version of what was deleted. */
  private orderly = true;

  /** The resourceVersion up to which all is known. */
  get resourceVersion(): string {
    return String(this.reached);
  }

  listed(resourceVersion: string | undefined, proven: boolean, nowMs: number): void {
    this.proven = proven;
    this.reached = BigInt(resourceVersion ?? 0);
    this.listedMs = nowMs;
    this.orderly = true;
  }

  /** An event or a bookmark came. */
  reach(resourceVersion: bigint): void {
    if (resourceVersion < this.reached) this.orderly = false;
    else this.reached = resourceVersion;
  }

  failed(): void {
    this.proven = false;
  }

  mayGoOn(nowMs: number): boolean {
    return this.proven === true && this.orderly && nowMs - this.listedMs < LIST_AGAIN_MS;
  }
}
