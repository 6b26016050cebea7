import type { Spells, Story } from './outage.ts';

/** An address and what happened to it; times count from the moment of writing, so they are 0 or negative. */
export type StoredStory = readonly [address: string, story: Story];

/** An outage on the disk, so that a restart in its middle does not forget it. */
export interface StoredOutage {
  /** When this was written, milliseconds since the epoch. */
  readonly wallMs: number;
  /** How long the cloud had been away by then. */
  readonly forMs: number;
  readonly atLeast: boolean;
  readonly forgotten: number;
  readonly stories: readonly StoredStory[];
}

/** @returns undefined for anything that is none: an older release wrote nothing, and a report is not worth a refused cache */
export function decodeOutage(value: unknown): StoredOutage | undefined {
  const { wallMs, forMs, atLeast, forgotten, stories } = fields(value);
  if (!isTime(wallMs) || !isTime(forMs) || !isTime(forgotten) || !Array.isArray(stories)) return undefined;
  const decoded = stories.map(decodeStory);
  if (decoded.includes(undefined)) return undefined;
  const kept = decoded.filter((story) => story !== undefined);
  return { wallMs, forMs, forgotten, atLeast: atLeast === true, stories: kept };
}

function decodeStory(value: unknown): StoredStory | undefined {
  if (!Array.isArray(value) || typeof value[0] !== 'string') return undefined;
  const { taken, lost, firstMs, lastMs, held, stale } = fields(value[1]);
  const [heldSpells, staleSpells] = [decodeSpells(held), decodeSpells(stale)];
  if (!isTime(taken) || !isTime(lost) || !isTime(firstMs) || !isTime(lastMs)) return undefined;
  if (heldSpells === undefined || staleSpells === undefined) return undefined;
  return [value[0], { taken, lost, firstMs, lastMs, held: heldSpells, stale: staleSpells }];
}

function decodeSpells(value: unknown): Spells | undefined {
  const { times, firstMs, lastMs, ms } = fields(value);
  return isTime(times) && isTime(firstMs) && isTime(lastMs) && isTime(ms) ? { times, firstMs, lastMs, ms } : undefined;
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Three centuries. What is beyond it would make no date, and a report is not worth an end of the process. */
const MOST_MS = 1e13;

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MOST_MS;
}
