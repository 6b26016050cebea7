import type { Arena } from './arena.ts';
import type { Failure } from './failures.ts';

/** How long a takeover or a return may take before it is called never. */
export const NEVER_MS = 30_000;
const SETTLE_MS = 120_000;

/** One run. Times in ms; `null`: not within 30 s. */
export interface Trial {
  readonly node: string;
  /** The longest time without an answer for the address of the node that was lost. */
  readonly outageMs: number | null;
  /** Questions for that address that nobody ever answered. */
  readonly lost: number;
  /** The longest time without an answer for an address of another node meanwhile. */
  readonly bystanderMs: number;
  /** After the mending: until the old owner answers alone again, and what the client saw on the way. */
  readonly back: {
    readonly afterMs: number;
    readonly bothMs: number;
    /** The longest silence, whatever made it; of it, what ended with another MAC; and that of the other addresses meanwhile. */
    readonly silentMs: number;
    readonly changeMs: number;
    readonly othersMs: number;
    readonly changes: number;
    readonly lost: number;
  } | null;
}

/** @param recover what to do where the old owner does not come back by itself */
export async function tryOnce(
  arena: Arena,
  failure: Failure,
  node: string,
  options: { returnMs: number; recover: () => Promise<void> },
): Promise<Trial> {
  const { contestant, site, watch } = arena;
  const ip = arena.addressOf(node);
  const others = [...arena.homes.keys()].filter((each) => each !== ip);
  await settle(arena, failure);
  watch.mark();
  const struckMs = Date.now();
  const struck = failure.strike(contestant, site, node);
  const took = await arena.takenOver(node, struckMs, NEVER_MS);
  await struck;
  const out = watch.seen(ip);
  const bystanderMs = Math.max(0, ...others.map((each) => watch.seen(each).silentMs));

  watch.mark();
  const mendedMs = Date.now();
  await failure.mend(contestant, site, node);
  const back = await arena.settled(options.returnMs);
  const afterMs = Date.now() - mendedMs;
  const { bothMs, silentMs, changeMs, changes, lost: lostBack } = watch.seen(ip);
  const othersMs = Math.max(0, ...others.map((each) => watch.seen(each).silentMs));
  if (!back) {
    await options.recover();
    await settle(arena, failure);
  }
  return {
    node,
    outageMs: took ? out.silentMs : null,
    lost: out.lost,
    bystanderMs,
    back: back ? { afterMs, bothMs, silentMs, changeMs, othersMs, changes, lost: lostBack } : null,
  };
}

async function settle(arena: Arena, failure: Failure): Promise<void> {
  if (await arena.settled(SETTLE_MS)) return;
  throw new Error(`${arena.contestant.name} does not settle around "${failure.name}"`);
}
