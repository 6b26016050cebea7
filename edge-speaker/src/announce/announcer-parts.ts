import type { Clock, Log, Random, SiteConfig, Timers } from '@openyurt/nodepool-types';
import type { FrameSocketFactory } from '../ports/frame-socket.ts';
import type { Icmpv6SocketFactory } from '../ports/icmpv6-socket.ts';
import type { Links } from '../ports/links.ts';
import type { AnnouncerEvent, Count } from './announcer-event.ts';

export type AnnounceSettings = Pick<SiteConfig, 'probes' | 'gratuitous' | 'refreshMs' | 'interfaces'>;

export interface AnnouncerParts {
  readonly links: Links;
  readonly sockets: FrameSocketFactory;
  /** Asked only where an IPv6 address is to be announced. */
  readonly icmpv6: Icmpv6SocketFactory;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly settings: AnnounceSettings;
  readonly count: Count;
  /** Called during `announce`, `withdraw` and from the loop; it may call the announcer again. */
  readonly onEvent: (event: AnnouncerEvent) => void;
}
