import type { KubeObject } from '@openyurt/nodepool-types';
import type { WatchEventType } from './adopt.ts';

/** What the feed brings of one resource. */
export type FeedFact<R extends string = string> =
  | {
      readonly kind: 'listed';
      readonly resource: R;
      readonly objects: readonly KubeObject[];
      readonly resourceVersion: bigint | undefined;
      readonly proven: boolean;
    }
  | { readonly kind: 'changed'; readonly resource: R; readonly type: WatchEventType; readonly object: KubeObject }
  | { readonly kind: 'reached'; readonly resource: R; readonly resourceVersion: bigint };

/** What may be adopted now. `late`: resources whose list did not come in time. */
export interface Release<R extends string> {
  readonly facts: readonly FeedFact<R>[];
  readonly late?: readonly R[];
}

/** A return waits this long for the last of its lists, from the first one on. */
export const LONGEST_HOMECOMING_MS = 5_000;

/**
 * The return of the cloud in one step. What was deleted and moved meanwhile lies over several lists, which come one after
 * the other; adopted one by one they would take an address away and give it back. So after an outage, and after a start from
 * the disk, proven lists wait for each other, with the events that follow them. A list without proof, which takes nothing
 * away, and the events of a watch that lived through the outage do not wait.
 */
export class Homecoming<R extends string> {
  private away = false;
  /** Lists of this return were adopted, before the link was trusted. */
  private adopted = false;
  private readonly held = new Map<R, FeedFact<R>[]>();
  private readonly refused = new Set<R>();
  private untilMs = Number.POSITIVE_INFINITY;

  /** The cloud is gone, or has yet to say its first word to a view from the disk. */
  leave(): void {
    this.away = true;
    this.adopted = false;
    this.refused.clear();
  }

  /**
   * The link is trusted. What was refused before that, perhaps by a hub that was offline, is asked for again.
   *
   * @param relisted every list is asked for again; else what was adopted while the link was in doubt was the return
   */
  arrive(relisted: boolean): void {
    this.refused.clear();
    if (!relisted && this.adopted && this.held.size === 0) this.away = false;
  }

  /** These are of another NodePool than the one that is read now. */
  drop(resources: readonly R[]): void {
    for (const resource of resources) this.held.delete(resource);
    if (this.held.size === 0) this.untilMs = Number.POSITIVE_INFINITY;
  }

  /** The server says that it has no such list for us: nobody waits for it. */
  refuse(resource: R): void {
    if (this.away && !this.held.has(resource)) this.refused.add(resource);
  }

  /** A fact came. @returns what passes at once: all of it, unless lists of a return wait for each other */
  take(fact: FeedFact<R>, nowMs: number): readonly FeedFact<R>[] {
    if (!this.away) return [fact];
    const waiting = this.held.get(fact.resource);
    if (fact.kind === 'listed') {
      // Older than the proven one that waits, or of a hub's cache: nothing can be learned of it.
      if (!fact.proven || fact.resourceVersion === undefined) return waiting === undefined ? [fact] : [];
      this.refused.delete(fact.resource);
      this.held.set(fact.resource, [fact]);
      this.untilMs = Math.min(this.untilMs, nowMs + LONGEST_HOMECOMING_MS);
      return [];
    }
    if (waiting === undefined) return [fact];
    waiting.push(fact);
    return [];
  }

  /**
   * @param expected the resources that are read
   * @param connected the link is trusted: this was the return, and from now on everything passes
   */
  release(expected: readonly R[], connected: boolean, nowMs: number): Release<R> {
    if (this.held.size === 0) return { facts: [] };
    const late = expected.filter((resource) => !this.held.has(resource) && !this.refused.has(resource));
    const isOver = nowMs >= this.untilMs;
    if (late.length > 0 && !isOver) return { facts: [] };
    const facts = expected.flatMap((resource) => this.held.get(resource) ?? []);
    for (const [resource, held] of this.held) if (!expected.includes(resource)) facts.push(...held);
    this.held.clear();
    this.untilMs = Number.POSITIVE_INFINITY;
    if (connected) this.away = false;
    else this.adopted = true;
    return late.length > 0 ? { facts, late } : { facts };
  }

  /** When {@link release} lets go whatever has come; undefined: nothing waits. */
  get dueMs(): number | undefined {
    return this.held.size === 0 ? undefined : this.untilMs;
  }
}
