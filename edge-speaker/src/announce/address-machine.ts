import { beatMs, DEFEND_INTERVAL_MS, OBJECTION_MS, retryMs, type Timing } from './timing.ts';

/**
 * One address on its link. Times are monotonic milliseconds.
 *
 *     probing ──nobody objects──► announced ──objection within 7 s of a probed start──► conflicted ──back-off──► probing
 *        └────────── objection ─────────────────────────────────────────────────────────────▲
 */
export type AddressState =
  | { readonly kind: 'probing'; readonly sent: number; readonly dueMs: number; readonly conflicts: number }
  | {
      readonly kind: 'announced';
      readonly sinceMs: number;
      /** Until then an objection is a failed probe; -Infinity for what was taken over. */
      readonly objectionUntilMs: number;
      /** How often it was said in the opening burst. */
      readonly sent: number;
      /** Infinity: it was said often enough, and the site wants no refresh. */
      readonly dueMs: number;
      /** -Infinity until the first defence. */
      readonly defendedMs: number;
      readonly conflicts: number;
    }
  | { readonly kind: 'conflicted'; readonly byMac: string; readonly dueMs: number; readonly conflicts: number };

type Announced = Extract<AddressState, { kind: 'announced' }>;

export type Effect =
  | { readonly kind: 'send-probe' }
  | { readonly kind: 'send-gratuitous' }
  | { readonly kind: 'report-announced'; readonly probed: boolean; readonly resumed?: true }
  /** The address is kept. */
  | { readonly kind: 'report-conflict'; readonly byMac: string; readonly defended: boolean }
  /** The address is not, or no longer, announced (`heldMs` it was); it is probed again after `retryMs`. */
  | { readonly kind: 'report-failed'; readonly byMac: string; readonly retryMs: number; readonly heldMs: number };

export interface Step {
  readonly state: AddressState;
  readonly effects: readonly Effect[];
}

/**
 * Starts to announce: with probes where the address is new to the pool, at once where it is taken over.
 * @param unit a draw from [0, 1)
 */
export function begin(probe: boolean, nowMs: number, timing: Timing, unit: number): Step {
  return probe ? probeFrom(0, nowMs, timing, unit) : startAnnouncing(false, 0, nowMs, timing, unit);
}

/** Announces again what nobody else has announced since it was withdrawn: neighbours know it still. @param unit a draw from [0, 1) */
export function resume(nowMs: number, timing: Timing, unit: number): Step {
  return {
    state: { ...announced(nowMs, 0), sent: timing.gratuitous.count, dueMs: nowMs + beatMs(timing.refreshMs, unit) },
    effects: [{ kind: 'report-announced', probed: false, resumed: true }],
  };
}

/** A clock event: `state.dueMs` has come. @param unit a draw from [0, 1) */
export function onDue(state: AddressState, nowMs: number, timing: Timing, unit: number): Step {
  if (state.dueMs > nowMs) return { state, effects: [] };
  switch (state.kind) {
    case 'probing':
      if (state.sent >= timing.probes.count) return startAnnouncing(true, state.conflicts, nowMs, timing, unit);
      return {
        // A timer that is late does not make the next one later, and two probes never go out at once.
        state: { ...state, sent: state.sent + 1, dueMs: nextProbeMs(state.dueMs, nowMs, timing) },
        effects: [{ kind: 'send-probe' }],
      };
    case 'announced': {
      const sent = state.sent + 1;
      const dueMs = nextSayingMs(sent, nowMs, timing, unit);
      return { state: { ...state, sent, dueMs }, effects: [{ kind: 'send-gratuitous' }] };
    }
    case 'conflicted':
      return probeFrom(state.conflicts, nowMs, timing, unit);
  }
}

/**
 * Another host uses our address. RFC 5227 §2.1.1 while probing, and, as late objections of sleeping devices, within 7 s of the
 * first announcement; after that §2.4(c): keep it, defend at most once per DEFEND_INTERVAL, report each time.
 */
export function onConflict(state: AddressState, byMac: string, nowMs: number, unit: number): Step {
  if (state.kind === 'conflicted') return { state, effects: [] };
  if (state.kind === 'probing' || nowMs < state.objectionUntilMs) {
    const conflicts = state.conflicts + 1;
    const pause = retryMs(conflicts, unit);
    const heldMs = state.kind === 'announced' ? nowMs - state.sinceMs : 0;
    return {
      state: { kind: 'conflicted', byMac, dueMs: nowMs + pause, conflicts },
      effects: [{ kind: 'report-failed', byMac, retryMs: pause, heldMs }],
    };
  }
  const defended = nowMs - state.defendedMs >= DEFEND_INTERVAL_MS;
  const report: Effect = { kind: 'report-conflict', byMac, defended };
  if (!defended) return { state, effects: [report] };
  return { state: { ...state, defendedMs: nowMs }, effects: [{ kind: 'send-gratuitous' }, report] };
}

/**
 * The hub asks for it without a probe. Probed: the pool announces it already and hands it to us, no more probing.
 * Announced: another announcer was met, hosts may have learnt its MAC, so it is said again. A conflict stands until its retry.
 * @param unit a draw from [0, 1)
 */
export function onTakeOver(state: AddressState, nowMs: number, timing: Timing, unit: number): Step {
  switch (state.kind) {
    case 'probing':
      return startAnnouncing(false, state.conflicts, nowMs, timing, unit);
    case 'announced':
      return burstAgain(state, nowMs, timing, unit);
    case 'conflicted':
      return { state, effects: [] };
  }
}

/**
 * Our own MAC changed (a bond changed its port): what the LAN learnt is wrong, so the burst starts again.
 * @param unit a draw from [0, 1)
 */
export function onNewMac(state: AddressState, nowMs: number, timing: Timing, unit: number): Step {
  return state.kind === 'announced' ? burstAgain(state, nowMs, timing, unit) : { state, effects: [] };
}

/**
 * The site's refresh changed: what is past its burst is said within the new interval, spread over the whole of it.
 * @param unit a draw from [0, 1)
 */
export function onNewRefresh(state: AddressState, nowMs: number, timing: Timing, unit: number): Step {
  if (state.kind !== 'announced' || state.sent < timing.gratuitous.count) return { state, effects: [] };
  const dueMs = timing.refreshMs === 0 ? Number.POSITIVE_INFINITY : nowMs + timing.refreshMs * unit;
  return { state: { ...state, dueMs }, effects: [] };
}

function burstAgain(state: Announced, nowMs: number, timing: Timing, unit: number): Step {
  return {
    state: { ...state, sent: 1, dueMs: nextSayingMs(1, nowMs, timing, unit) },
    effects: [{ kind: 'send-gratuitous' }],
  };
}

/** @param sent how often it was said in the burst */
function nextSayingMs(sent: number, nowMs: number, { gratuitous, refreshMs }: Timing, unit: number): number {
  return nowMs + (sent < gratuitous.count ? gratuitous.intervalMs : beatMs(refreshMs, unit));
}

function nextProbeMs(dueMs: number, nowMs: number, { probes: { intervalMs } }: Timing): number {
  return Math.max(dueMs + intervalMs, nowMs + intervalMs / 2);
}

function probeFrom(conflicts: number, nowMs: number, timing: Timing, unit: number): Step {
  if (timing.probes.count === 0) return startAnnouncing(true, conflicts, nowMs, timing, unit);
  return {
    state: { kind: 'probing', sent: 1, dueMs: nowMs + timing.probes.intervalMs, conflicts },
    effects: [{ kind: 'send-probe' }],
  };
}

function startAnnouncing(probed: boolean, conflicts: number, nowMs: number, timing: Timing, unit: number): Step {
  return {
    state: {
      ...announced(nowMs, conflicts),
      ...(probed ? { objectionUntilMs: nowMs + OBJECTION_MS } : {}),
      dueMs: nextSayingMs(1, nowMs, timing, unit),
    },
    effects: [{ kind: 'send-gratuitous' }, { kind: 'report-announced', probed }],
  };
}

/** After it was said once. */
function announced(nowMs: number, conflicts: number): Announced {
  return {
    kind: 'announced',
    sinceMs: nowMs,
    objectionUntilMs: Number.NEGATIVE_INFINITY,
    sent: 1,
    dueMs: nowMs,
    defendedMs: Number.NEGATIVE_INFINITY,
    conflicts,
  };
}
