import type { Count, CountName } from '../announce/announcer-event.ts';
import type { SpeakerMetrics } from '../observe/metrics.ts';
import type { TallyCounter } from '../observe/tally-counter.ts';

/** What the announcer counts, as Prometheus sees it. */
export function announcerCounts(metrics: SpeakerMetrics): Count {
  const tallies: Record<CountName, TallyCounter> = {
    arp_received: metrics.arpReceived,
    arp_replies: metrics.arpReplies,
    ndp_received: metrics.ndpReceived,
    ndp_replies: metrics.ndpReplies,
    gratuitous_sent: metrics.gratuitous,
    probes_sent: metrics.probes,
    conflicts: metrics.conflicts,
    duplicate_owners: metrics.duplicateOwners,
  };
  return (name, label) => tallies[name].count(label);
}
