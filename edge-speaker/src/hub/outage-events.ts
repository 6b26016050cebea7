import type { OutageSummary, Story } from '../offline/outage.ts';
import type { NodeEvent, ServiceEvent } from '../ports/announcement-feed.ts';

/** Services that get Events of their own after one outage, the addresses that changed most first. */
export const MOST_SERVICES = 100;
/** A hand-over from dead endpoints to live ones takes less, and is no service with dead ones. */
export const TELL_STALE_MS = 1_000;
/** Addresses that the Node's Event names. */
const MOST_NAMED = 8;

export interface EventPlace {
  readonly nodeName: string;
  readonly keysOf: (address: string) => readonly string[];
  readonly uidOf: (serviceKey: string) => string | undefined;
  /** Milliseconds since the epoch of a monotonic time. */
  readonly wallOf: (ms: number) => number;
  readonly nowMs: number;
}

/** One Event for the Node, and for each Service one for what changed hands and one for what was served with dead endpoints. */
export function outageEvents(summary: OutageSummary, place: EventPlace): (NodeEvent | ServiceEvent)[] {
  const events: (NodeEvent | ServiceEvent)[] = [nodeEvent(summary, place)];
  const byChanges = [...summary.stories].sort(([, a], [, b]) => changesOf(b) - changesOf(a));
  let services = 0;
  for (const [address, story] of byChanges) {
    for (const serviceKey of place.keysOf(address)) {
      const serviceUid = place.uidOf(serviceKey);
      if (serviceUid === undefined) continue;
      if (++services > MOST_SERVICES) return events;
      const service = { serviceKey, serviceUid };
      if (changesOf(story) > 0) events.push({ ...service, ...changedHands(address, story, summary, place) });
      if (story.stale.ms >= TELL_STALE_MS) events.push({ ...service, ...servedStale(address, story, place) });
    }
  }
  return events;
}

type Word = Omit<ServiceEvent, 'serviceKey' | 'serviceUid'>;

function changedHands(
  address: string,
  { taken, lost, held, ...story }: Story,
  summary: OutageSummary,
  place: EventPlace,
): Word {
  const did = [
    ...(taken > 0 ? [`took ${address}${times(taken)} and announced it for ${formatSpan(held.ms)}`] : []),
    ...(lost > 0 ? [`gave ${taken > 0 ? 'it' : address} up${times(lost)}`] : []),
  ];
  const note = `While the cloud was away for ${awayFor(summary)}, node ${place.nodeName} ${did.join(', and ')}.`;
  return { ...word('Normal', 'AnnouncerChanged', 'Announce', note), ...when(story, taken + lost, place) };
}

function servedStale(address: string, { stale }: Story, place: EventPlace): Word {
  const note = `${address}: node ${place.nodeName} served ${Math.round(stale.ms / 1000)} s with stale endpoints: none that was known took connections, and no other node had a live one. Pods that started anew while the cloud was away have new addresses.`;
  return { ...word('Warning', 'StaleEndpoints', 'Announce', note), ...when(stale, stale.times, place) };
}

function nodeEvent(summary: OutageSummary, { nodeName, nowMs, wallOf }: EventPlace): NodeEvent {
  const { stories, forgotten, forMs } = summary;
  const changed = stories.filter(([, story]) => changesOf(story) > 0);
  const named = changed.slice(0, MOST_NAMED).map(([address, story]) => `${address} (${inShort(story)})`);
  const rest = changed.length + forgotten - named.length;
  const list = [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
  const count = changed.length + forgotten;
  const what =
    count === 0
      ? 'no address changed hands here'
      : `${count} ${count === 1 ? 'address' : 'addresses'} changed hands here: ${list}`;
  const note = `The cloud link was away for ${awayFor(summary)}: ${what}.`;
  const times = { atWallMs: wallOf(nowMs - forMs), lastWallMs: wallOf(nowMs) };
  return { nodeName, ...word('Normal', 'CloudLinkRestored', 'Reconnect', note), ...times };
}

function word(type: Word['type'], reason: Word['reason'], action: string, note: string) {
  return { type, reason, action, note };
}

function when({ firstMs, lastMs }: { firstMs: number; lastMs: number }, count: number, { wallOf }: EventPlace) {
  return { atWallMs: wallOf(firstMs), lastWallMs: wallOf(lastMs), count };
}

function changesOf({ taken, lost }: Story): number {
  return taken + lost;
}

function inShort({ taken, lost }: Story): string {
  return [...(taken > 0 ? [`taken${times(taken)}`] : []), ...(lost > 0 ? [`given up${times(lost)}`] : [])].join(', ');
}

function times(n: number): string {
  return n === 1 ? '' : ` ${n} times`;
}

function awayFor({ forMs, atLeast }: OutageSummary): string {
  return `${atLeast ? 'at least ' : ''}${formatSpan(forMs)}`;
}

/** A length of time in the two largest units that say something: `3h12m`, `45s`. */
export function formatSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return '0s';
  const shown = parts.slice(first, first + 2).filter(([n]) => n > 0);
  return shown.map(([n, unit]) => `${n}${unit}`).join('');
}
