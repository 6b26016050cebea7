import { ipv4Value, silentLog } from '@openyurt/nodepool-types';
import { Announcer } from '../../../edge-speaker/src/announce/announcer.ts';
import type { AnnouncerEvent } from '../../../edge-speaker/src/announce/announcer-event.ts';
import type { AnnounceSettings } from '../../../edge-speaker/src/announce/announcer-parts.ts';
import type { Link } from '../../../edge-speaker/src/ports/links.ts';
import { ARP_REPLY, ArpView, arpRequest } from '../../../edge-speaker/src/wire/arp.ts';
import { formatMac } from '../../../edge-speaker/src/wire/mac-address.ts';
import { FakeTime } from '../../support/fake-time.ts';
import { MemoryIcmpv6 } from '../../support/memory-icmpv6.ts';
import { MemoryLan, MemoryLinks, memoryLink } from '../../support/memory-lan.ts';

const CLIENT = Buffer.from('0200000000c8', 'hex');
export const SETTINGS: AnnounceSettings = {
  probes: { count: 3, intervalMs: 10 },
  gratuitous: { count: 3, intervalMs: 500 },
  refreshMs: 60_000,
  interfaces: [],
};

/** The link of a LAN of both families. */
export const lan6 = (change: Partial<Link> = {}) =>
  memoryLink({
    addresses: [
      { ip: '192.168.10.11', prefixBits: 24, family: 'IPv4' },
      { ip: 'fd00:10::11', prefixBits: 64, family: 'IPv6' },
    ],
    ...change,
  });

/** An announcer on a LAN in memory, in time that stands. */
export function stage(links: readonly Link[] = [memoryLink()]) {
  const time = new FakeTime();
  const lan = new MemoryLan(time);
  const icmpv6 = new MemoryIcmpv6();
  const nodeLinks = new MemoryLinks(links);
  const events: AnnouncerEvent[] = [];
  const counts = new Map<string, number>();
  const hooks: { onEvent: (event: AnnouncerEvent) => void } = { onEvent: () => {} };
  const announcer = new Announcer({
    links: nodeLinks,
    sockets: lan,
    icmpv6,
    clock: time,
    timers: time,
    random: () => 0,
    log: silentLog,
    settings: SETTINGS,
    count: (name, label) => {
      const key = `${name} ${label}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    onEvent: (event) => {
      events.push(event);
      hooks.onEvent(event);
    },
  });
  /** A request from a client; the MAC of the answer. */
  const ask = (address: string): string | undefined => {
    const before = lan.frames.length;
    lan.inject(arpRequest(CLIENT, ipv4Value('192.168.10.200'), ipv4Value(address)));
    const answer = lan.frames.slice(before).map((frame) => ArpView.over(frame))[0];
    return answer?.operation === ARP_REPLY ? formatMac(answer.senderMac) : undefined;
  };
  return { time, lan, icmpv6, links: nodeLinks, events, counts, hooks, announcer, ask };
}

export const kinds = (events: readonly AnnouncerEvent[]) => events.map(({ kind }) => kind);
