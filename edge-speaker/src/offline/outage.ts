import { LRUCache } from 'lru-cache';
import type { StoredOutage, StoredStory } from './outage-record.ts';

/** Addresses whose story is kept in one outage; beyond them the oldest are only counted. */
export const MOST_STORIES = 1_000;

/** A wall clock that shows less was not set since the node started: many edge boards have no battery for theirs. */
const CLOCK_WAS_SET_MS = Date.UTC(2025, 0, 1);

/** The stretches of time in which something held. */
export interface Spells {
  times: number;
  firstMs: number;
  /** When the last one began, and, once it is over, when it ended. */
  lastMs: number;
  /** Of those that are over. */
  ms: number;
  /** It holds since then. */
  sinceMs?: number;
}

/** What this node did with one address while the cloud was away. All times are monotonic. */
export interface Story {
  taken: number;
  lost: number;
  firstMs: number;
  lastMs: number;
  /** How long it was announced here, from the first time it was taken on. */
  held: Spells;
  /** How long it was announced here with all endpoints dead. */
  stale: Spells;
}

export interface OutageSummary {
  readonly forMs: number;
  /** The process was started again in between, and the clock does not tell how long it was gone. */
  readonly atLeast: boolean;
  /** The oldest first. */
  readonly stories: readonly (readonly [address: string, story: Story])[];
  /** Addresses that were too many to keep. */
  readonly forgotten: number;
}

/** An absence of the cloud as this node lived it: which addresses it took and gave up, and when. */
export class Outage {
  /** The link was offline, and not only doubtful. */
  confirmed = false;
  private forgotten = 0;
  private atLeast = false;
  private readonly stories = new LRUCache<string, Story>({
    max: MOST_STORIES,
    dispose: (_story, _address, reason) => {
      if (reason === 'evict') this.forgotten++;
    },
  });

  /** @param startMs when the cloud was last there */
  constructor(readonly startMs: number) {}

  /** What the disk remembers of an outage that goes on. @param wallMs now */
  static restore(stored: StoredOutage, nowMs: number, wallMs: number): Outage {
    const isKnown = stored.wallMs >= CLOCK_WAS_SET_MS && wallMs >= stored.wallMs;
    const gapMs = isKnown ? wallMs - stored.wallMs : 0;
    const outage = new Outage(nowMs - gapMs - stored.forMs);
    outage.confirmed = true;
    outage.atLeast = stored.atLeast || !isKnown;
    outage.forgotten = stored.forgotten;
    for (const [address, story] of stored.stories) outage.stories.set(address, moved(story, nowMs - gapMs));
    return outage;
  }

  took(address: string, nowMs: number): void {
    const story = this.storyOf(address, nowMs);
    story.taken++;
    story.lastMs = nowMs;
    begin(story.held, nowMs);
  }

  lost(address: string, nowMs: number): void {
    const story = this.storyOf(address, nowMs);
    story.lost++;
    story.lastMs = nowMs;
    end(story.held, nowMs);
    end(story.stale, nowMs);
  }

  /** @param addresses announced here with all endpoints dead @returns whether that is news */
  stale(addresses: ReadonlySet<string>, nowMs: number): boolean {
    let changed = false;
    for (const [address, { stale }] of this.stories.entries()) {
      if (!addresses.has(address)) changed = end(stale, nowMs) || changed;
    }
    for (const address of addresses) {
      if (this.stories.peek(address)?.stale.sinceMs === undefined) {
        begin(this.storyOf(address, nowMs).stale, nowMs);
        changed = true;
      }
    }
    return changed;
  }

  summary(nowMs: number): OutageSummary {
    const { atLeast, forgotten } = this;
    const stories = [...this.stories.entries()].map(([address, story]) => [address, ended(story, nowMs)] as const);
    stories.sort(([, a], [, b]) => a.firstMs - b.firstMs);
    return { forMs: nowMs - this.startMs, atLeast, stories, forgotten };
  }

  /** For the disk: ages instead of times, which a new process can place again. @param most stories, the newest */
  stored(most: number, nowMs: number, wallMs: number): StoredOutage {
    const { forMs, atLeast, stories, forgotten } = this.summary(nowMs);
    const kept = [...stories].sort(([, a], [, b]) => b.lastMs - a.lastMs).slice(0, most);
    const lines = kept.map(([address, story]): StoredStory => [address, moved(story, -nowMs)]);
    return { wallMs, forMs, atLeast, forgotten: forgotten + stories.length - kept.length, stories: lines };
  }

  private storyOf(address: string, nowMs: number): Story {
    const known = this.stories.get(address);
    if (known !== undefined) return known;
    const none = (): Spells => ({ times: 0, firstMs: nowMs, lastMs: nowMs, ms: 0 });
    const story: Story = { taken: 0, lost: 0, firstMs: nowMs, lastMs: nowMs, held: none(), stale: none() };
    this.stories.set(address, story);
    return story;
  }
}

function begin(spells: Spells, nowMs: number): void {
  if (spells.sinceMs !== undefined) return;
  if (spells.times === 0) spells.firstMs = nowMs;
  spells.times++;
  spells.sinceMs = nowMs;
  spells.lastMs = nowMs;
}

function end(spells: Spells, nowMs: number): boolean {
  if (spells.sinceMs === undefined) return false;
  spells.ms += nowMs - spells.sinceMs;
  spells.lastMs = nowMs;
  delete spells.sinceMs;
  return true;
}

/** A copy in which all is over. */
function ended(story: Story, nowMs: number): Story {
  const copy = { ...story, held: { ...story.held }, stale: { ...story.stale } };
  end(copy.held, nowMs);
  end(copy.stale, nowMs);
  return copy;
}

function moved(story: Story, byMs: number): Story {
  const spells = (of: Spells): Spells => ({ ...of, firstMs: of.firstMs + byMs, lastMs: of.lastMs + byMs });
  const { firstMs, lastMs, held, stale } = story;
  return { ...story, firstMs: firstMs + byMs, lastMs: lastMs + byMs, held: spells(held), stale: spells(stale) };
}
