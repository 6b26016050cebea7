/**
 * The road to the cloud as one node sees it: quick to doubt, slow to trust.
 *
 * One failed contact is doubt; three failed ones over at least three seconds are offline; YurtHub's own word (400 on
 * /healthz) is offline at once. Back from doubt takes two good contacts in a row, back from offline three. A link that fails
 * again within a minute has to do twice as well as before, and each steady minute halves that: one that comes and goes is in
 * doubt, not now this and now that.
 * A process that was never connected has nothing to mistrust: its first good contact connects.
 */
export type CloudLink =
  | { readonly kind: 'connected'; readonly sinceMs: number; readonly earned: number }
  | {
      readonly kind: 'doubtful';
      readonly sinceMs: number;
      readonly bad: number;
      readonly good: number;
      readonly needed: number;
    }
  | { readonly kind: 'offline'; readonly sinceMs: number; readonly good: number; readonly needed: number };

/**
 * What one contact told. `answered`: the API server itself spoke. `hub-offline`: YurtHub says that it cannot reach it.
 * `unknown`: a timeout, a hang-up, 429, 502, 503: it may be this or that.
 */
export type Contact = 'answered' | 'hub-offline' | 'unknown';

/** Failed contacts, and milliseconds of doubt, after both of which the link counts as offline. */
export const BAD_TO_OFFLINE = 3;
export const DOUBT_TO_OFFLINE_MS = 3_000;
/** Good contacts in a row that end a doubt, and that end an outage, of a link that was steady; and of any link. */
export const GOOD_FROM_DOUBT = 2;
export const GOOD_FROM_OFFLINE = 3;
export const MOST_GOOD = 32;
/** Connected for so long is a steady minute. */
export const STEADY_MS = 60_000;

/** Milliseconds to the next cheap contact: seldom while all is well, quickly while it matters. */
const PACE_MS = { connected: 5_000, doubtful: 500, offline: 500, returning: 300, proving: 1_000 };

export function startLink(nowMs: number): CloudLink {
  return { kind: 'doubtful', sinceMs: nowMs, bad: 0, good: 0, needed: 1 };
}

export function onContact(link: CloudLink, contact: Contact, nowMs: number): CloudLink {
  switch (contact) {
    case 'answered':
      return onAnswer(link, nowMs);
    case 'hub-offline':
      return link.kind === 'offline' ? { ...link, good: 0 } : goOffline(link, nowMs);
    case 'unknown':
      return onSilence(link, nowMs);
  }
}

/** @param unit a draw from [0, 1), so that the nodes of a site do not ask in step */
export function contactPauseMs(link: CloudLink, unit: number): number {
  return paceMs(link) * (0.8 + 0.4 * unit);
}

function paceMs(link: CloudLink): number {
  if (link.kind === 'connected') return PACE_MS.connected;
  // The many contacts of a link that comes and goes may take their time: it may be a metered one.
  if (link.needed > 2 * GOOD_FROM_DOUBT) return PACE_MS.proving;
  return link.kind === 'offline' && link.good > 0 ? PACE_MS.returning : PACE_MS[link.kind];
}

function onAnswer(link: CloudLink, nowMs: number): CloudLink {
  if (link.kind === 'connected') return link;
  const good = link.good + 1;
  if (good >= link.needed) {
    // The least that an outage asks for is no sign of coming and going.
    const earned = link.needed === GOOD_FROM_OFFLINE ? GOOD_FROM_DOUBT : link.needed;
    return { kind: 'connected', sinceMs: nowMs, earned };
  }
  return link.kind === 'offline' ? { ...link, good } : { ...link, good, bad: 0 };
}

function onSilence(link: CloudLink, nowMs: number): CloudLink {
  if (link.kind === 'connected')
    return { kind: 'doubtful', sinceMs: nowMs, bad: 1, good: 0, needed: neededAfter(link, nowMs) };
  if (link.kind === 'offline') return { ...link, good: 0 };
  const bad = link.bad + 1;
  if (bad >= BAD_TO_OFFLINE && nowMs - link.sinceMs >= DOUBT_TO_OFFLINE_MS) return goOffline(link, nowMs);
  return { ...link, bad, good: 0 };
}

function goOffline(link: Exclude<CloudLink, { kind: 'offline' }>, nowMs: number): CloudLink {
  const needed = link.kind === 'connected' ? neededAfter(link, nowMs) : link.needed;
  // Never connected: nothing to mistrust.
  return { kind: 'offline', sinceMs: nowMs, good: 0, needed: needed > 1 ? Math.max(GOOD_FROM_OFFLINE, needed) : 1 };
}

function neededAfter(link: Extract<CloudLink, { kind: 'connected' }>, nowMs: number): number {
  const steadyMinutes = Math.floor((nowMs - link.sinceMs) / STEADY_MS);
  return Math.min(MOST_GOOD, Math.max(GOOD_FROM_DOUBT, Math.ceil(link.earned * 2 ** (1 - steadyMinutes))));
}
