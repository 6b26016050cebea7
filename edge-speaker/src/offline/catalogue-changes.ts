/** One change of a shelf. `before` and `now` are texts; one of them may be missing, never both. */
export interface Change {
  readonly revision: bigint;
  readonly key: string;
  readonly before: string | undefined;
  readonly now: string | undefined;
}

/** What a watch may ask for again; a list and the watch after it lie milliseconds apart. */
const MOST_CHANGES = 256;
const MOST_CHARACTERS = 1024 * 1024;

/**
 * The last changes of one resource, for watches that begin where a list ended. Revisions are the API's resourceVersions as
 * far as there are any, and always grow: a change without a newer one (a deletion found by a list) counts on by one.
 */
export class CatalogueChanges {
  private readonly held: Change[] = [];
  private characters = 0;
  private readonly listeners = new Set<(change: Change) => void>();
  /** Whoever has seen this revision can be told all that came after it. */
  private whole: bigint;

  constructor(public revision = 0n) {
    this.whole = revision;
  }

  /** @param resourceVersion what the API calls this change, or anything lower where it has no name for it */
  record(key: string, before: string | undefined, now: string | undefined, resourceVersion: bigint): void {
    const revision = resourceVersion > this.revision ? resourceVersion : this.revision + 1n;
    this.revision = revision;
    const change = { revision, key, before, now };
    this.held.push(change);
    this.characters += lengthOf(change);
    while (this.held.length > MOST_CHANGES || this.characters > MOST_CHARACTERS) this.forgetOldest();
    for (const listener of this.listeners) listener(change);
  }

  /** The view is whole up to this revision, without a change. */
  reach(resourceVersion: bigint): void {
    if (resourceVersion > this.revision) this.revision = resourceVersion;
  }

  /** Begins anew at this revision: what was before it can be asked for no more. */
  restart(revision: bigint): void {
    this.held.length = 0;
    this.characters = 0;
    this.reach(revision);
    this.whole = this.revision;
  }

  /** @returns undefined where that revision is too old, or was never reached here */
  since(revision: bigint): readonly Change[] | undefined {
    if (revision < this.whole || revision > this.revision) return undefined;
    return this.held.filter((change) => change.revision > revision);
  }

  /** @returns the way to stop listening */
  listen(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private forgetOldest(): void {
    const oldest = this.held.shift();
    if (oldest === undefined) return;
    this.characters -= lengthOf(oldest);
    this.whole = oldest.revision;
  }
}

function lengthOf({ before, now }: Change): number {
  return (before?.length ?? 0) + (now?.length ?? 0);
}
