import { type Clock, hereWords, type LbError, type Timers, VERSION } from '@openyurt/nodepool-types';
import type { Announcer } from '../announce/announcer.ts';
import type { Speaker } from '../hub/speaker.ts';
import type { AnnouncementFact, CloudFact } from '../local-api/announcements.ts';
import type { SpeakerFigures } from '../observe/metrics.ts';
import { type AddressState, statePage } from '../observe/state-page.ts';
import { type Standing, standings } from '../offline/standing.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import type { SpeakerDriver } from './driver.ts';
import { OwnerHistory } from './owner-history.ts';

export interface ReadingParts {
  readonly nodeName: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly speaker: Speaker;
  readonly driver: SpeakerDriver;
  readonly announcer: Announcer;
  readonly store: SnapshotStore;
  /** What this process lacks for good to announce anything. */
  readonly lacks: LbError | undefined;
}

/** Claims change in bursts. */
const LOOK_MS = 250;

/** The speaker read off for people and for Prometheus; it changes nothing. */
export class Reading {
  private readonly history = new OwnerHistory();
  private looking = false;

  constructor(private readonly parts: ReadingParts) {}

  /** Ready: it knows what to announce, from the disk or from the cloud, and its session is open. */
  notReady(): string[] {
    const { speaker, driver, lacks } = this.parts;
    const missing: string[] = lacks === undefined ? [] : [`${lacks.message}. ${lacks.remedy}`];
    if (!speaker.view.services.complete)
      missing.push('no Services known: the cloud has not answered and the cache is empty');
    if (speaker.nodePool !== undefined && driver.session === undefined) missing.push('the pool session is not open');
    return missing;
  }

  figures(): SpeakerFigures {
    const { speaker, driver, announcer, store, clock } = this.parts;
    const { generation, bytes, damaged, failures, writes, writtenBytes, stuck } = store.figures;
    const offers = [...speaker.candidates.byAddress.values()].filter(({ notOffered: reason }) => reason === undefined);
    const probes = speaker.probes.figures();
    const notOffered = tally(speaker.candidates.byAddress.values(), ({ notOffered: reason }) => reason);
    return {
      offers: offers.length,
      staleOffers: offers.filter(({ endpoints }) => endpoints === 'dead').length,
      staleEndpoints: probes.dead,
      watchedEndpoints: probes.watched,
      announced: announcer
        .status()
        .filter(({ state }) => state === 'announced')
        .map(({ address }) => address),
      notOffered,
      members: tally(driver.session?.members() ?? [], ({ state }) => state),
      standing: driver.session?.ownStanding().standing,
      cloudLink: speaker.cloud.link.kind,
      contactAgeSeconds:
        speaker.cloud.contactMs === undefined ? undefined : (clock.monotonicMs() - speaker.cloud.contactMs) / 1000,
      unvouchedSeconds: new Map(
        this.standings().flatMap(({ resource, vouchedMs: ms }) =>
          ms === undefined ? [] : [[resource, (clock.monotonicMs() - ms) / 1000]],
        ),
      ),
      cacheAgeSeconds: this.cacheAgeMs() === undefined ? undefined : (this.cacheAgeMs() ?? 0) / 1000,
      cacheBytes: bytes,
      cacheGeneration: Number(generation),
      cacheDamaged: damaged,
      cacheFailures: failures,
      cacheWrites: writes,
      cacheWrittenBytes: writtenBytes,
      cacheStuck: stuck,
    };
  }

  state(): unknown {
    const { nodeName, speaker, driver, store, clock } = this.parts;
    const now = clock.monotonicMs();
    const { generation, bytes, damaged, failures } = store.figures;
    const { link, contactMs, failure } = speaker.cloud;
    return statePage({
      version: VERSION,
      node: nodeName,
      nodePool: speaker.nodePool,
      standing: driver.session?.ownStanding(),
      cloud: {
        state: link.kind,
        sinceMs: now - link.sinceMs,
        awayMs: speaker.awaySinceMs === undefined ? undefined : now - speaker.awaySinceMs,
        contactAgoMs: contactMs === undefined ? undefined : now - contactMs,
        failure: failure === undefined ? undefined : { error: failure.error, agoMs: now - failure.atMs },
      },
      view: this.standings().map(({ vouchedMs, ...line }) => ({
        ...line,
        vouchedAgoMs: vouchedMs === undefined ? undefined : now - vouchedMs,
      })),
      cache: { generation: Number(generation), bytes, ageMs: this.cacheAgeMs(), damaged, failures },
      addresses: this.addresses(),
      members: (driver.session?.members() ?? []).map(({ sinceMs, incarnation: _, ...line }) => ({
        ...line,
        forMs: now - sinceMs,
      })),
    });
  }

  /** The session's claims changed: looked at soon, so that each owner's time is right to a quarter of a second. */
  ownersChanged(): void {
    if (this.looking) return;
    this.looking = true;
    this.parts.timers.after(LOOK_MS, () => {
      this.looking = false;
      this.lookAtOwners();
    });
  }

  /** For the local API. */
  announcements(): { announcements: AnnouncementFact[]; cloud: CloudFact } {
    const { speaker } = this.parts;
    const { link, contactMs } = speaker.cloud;
    const announcements = this.addresses().map(({ address, services, owner, ...line }) => ({
      address,
      services,
      owner,
      ownerSinceMs: owner === undefined ? undefined : this.history.of(address)?.sinceMs,
      here: hereWords(line),
      known: this.knownOf(services),
    }));
    return { announcements, cloud: { state: link.kind, sinceMs: speaker.awaySinceMs ?? link.sinceMs, contactMs } };
  }

  private lookAtOwners(): void {
    const { driver, announcer, nodeName, clock } = this.parts;
    const now = clock.monotonicMs();
    const owners = new Map<string, { node: string; sinceMs?: number }>();
    for (const [address, node] of driver.session?.owners() ?? []) owners.set(address, { node });
    for (const { address, state, heldMs } of announcer.status())
      if (state === 'announced') owners.set(address, { node: nodeName, sinceMs: now - heldMs });
    this.history.look(owners, now);
  }

  private knownOf([key = '']: readonly string[]): AnnouncementFact['known'] {
    const entry = this.parts.speaker.view.services.entry(key);
    return entry && { from: entry.origin, sinceMs: entry.sinceMs };
  }

  private addresses(): AddressState[] {
    const { speaker, announcer, clock } = this.parts;
    const now = clock.monotonicMs();
    this.lookAtOwners();
    const status = new Map(announcer.status().map((line) => [line.address, line]));
    const addresses: AddressState[] = [];
    for (const { address, serviceKeys, notOffered, endpoints } of speaker.candidates.byAddress.values()) {
      const here = status.get(address);
      const owner = this.history.of(address);
      const known = this.knownOf(serviceKeys);
      const line = {
        address,
        services: serviceKeys,
        owner: owner?.node,
        ownerForMs: owner && now - owner.sinceMs,
        known: known && { from: known.from, forMs: now - known.sinceMs },
        offered: notOffered ?? true,
        ...(notOffered === 'no-link' ? this.whyNoLink(address) : {}),
        staleEndpoints: endpoints === 'dead',
        ...this.conflictOf(address, now),
      } as const;
      if (here === undefined) addresses.push(line);
      else {
        const { link, state, heldMs: forMs, byMac } = here;
        addresses.push({ ...line, here: { link, state, forMs, ...(byMac === undefined ? {} : { byMac }) } });
      }
    }
    return addresses;
  }

  private whyNoLink(address: string): Pick<AddressState, 'noLink'> {
    const answer = this.parts.announcer.canAnnounce(address);
    return answer.ok ? {} : { noLink: `${answer.reason}: ${answer.detail}` };
  }

  private conflictOf(address: string, nowMs: number): Pick<AddressState, 'conflict'> {
    const known = this.parts.speaker.conflictOf(address);
    if (known === undefined) return {};
    const { kind, byMac, link, firstMs, lastMs, retryMs } = known;
    const retry = retryMs === undefined ? {} : { retryInMs: Math.max(0, retryMs - nowMs) };
    return { conflict: { kind, byMac, link, forMs: nowMs - firstMs, lastSeenAgoMs: nowMs - lastMs, ...retry } };
  }

  private standings(): Standing[] {
    const { view, cloud } = this.parts.speaker;
    return standings(view, cloud.contactMs);
  }

  private cacheAgeMs(): number | undefined {
    const { writtenWallMs } = this.parts.store.figures;
    return writtenWallMs === undefined ? undefined : Math.max(0, this.parts.clock.wallMs() - writtenWallMs);
  }
}

function tally<T>(things: Iterable<T>, label: (thing: T) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const thing of things) {
    const name = label(thing);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
