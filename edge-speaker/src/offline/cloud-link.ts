/**
 * The road to the cloud as one node sees it: quick to doubt, slow to trust.
 *
 * One failed contact is doubt; three failed ones over at least three seconds are offline; YurtHub's own word (400 on
 * /healthz) is offline at once. Back from doubt takes two good contacts in a row, back from offline three. A process that
 * was never connected has nothing to mistrust: its first good contact connects.
 */
export type CloudLink =
  | { readonly kind: 'connected'; readonly sinceMs: number }
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
/** Good contacts in a row that end a doubt, and that end an outage. */
export const GOOD_FROM_DOUBT = 2;
export const GOOD_FROM_OFFLINE = 3;

/** Milliseconds to the next cheap contact: seldom while all is well, quickly while it matters. */
const PACE_MS: Record<CloudLink['kind'], number> = { connected: 5_000, doubtful: 500, offline: 2_000 };

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
  return PACE_MS[link.kind] * (0.8 + 0.4 * unit);
}

function onAnswer(link: CloudLink, nowMs: number): CloudLink {
  if (link.kind === 'connected') return link;
  const good = link.good + 1;
  if (good >= link.needed) return { kind: 'connected', sinceMs: nowMs };
  return link.kind === 'offline' ? { ...link, good } : { ...link, good, bad: 0 };
}

function onSilence(link: CloudLink, nowMs: number): CloudLink {
  if (link.kind === 'connected') return { kind: 'doubtful', sinceMs: nowMs, bad: 1, good: 0, needed: GOOD_FROM_DOUBT };
  if (link.kind === 'offline') return { ...link, good: 0 };
  const bad = link.bad + 1;
  if (bad >= BAD_TO_OFFLINE && nowMs - link.sinceMs >= DOUBT_TO_OFFLINE_MS) return goOffline(link, nowMs);
  return { ...link, bad, good: 0 };
}

function goOffline(link: Exclude<CloudLink, { kind: 'offline' }>, nowMs: number): CloudLink {
  const everConnected = link.kind === 'connected' || link.needed > 1;
  return { kind: 'offline', sinceMs: nowMs, good: 0, needed: everConnected ? GOOD_FROM_OFFLINE : 1 };
}
