import { type Clock, type LbError, VERSION } from '@openyurt/nodepool-types';
import type { Announcer } from './announce/announcer.ts';
import type { SpeakerDriver } from './driver.ts';
import type { SpeakerFigures } from './observe/metrics.ts';
import { type AddressState, statePage } from './observe/state-page.ts';
import type { SnapshotStore } from './ports/snapshot-store.ts';
import type { Speaker } from './speaker.ts';

export interface ReadingParts {
  readonly nodeName: string;
  readonly clock: Clock;
  readonly speaker: Speaker;
  readonly driver: SpeakerDriver;
  readonly announcer: Announcer;
  readonly store: SnapshotStore;
  /** What this process lacks for good to announce anything. */
  readonly lacks: LbError | undefined;
}

/** The speaker read off for people and for Prometheus; it changes nothing. */
export class Reading {
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
    const { generation, bytes, damaged, failures } = store.figures;
    const notOffered = tally(speaker.candidates.byAddress.values(), ({ notOffered: reason }) => reason);
    return {
      offers: [...speaker.candidates.byAddress.values()].filter(({ notOffered: reason }) => reason === undefined)
        .length,
      announced: announcer
        .status()
        .filter(({ state }) => state === 'announced')
        .map(({ address }) => address),
      notOffered,
      members: tally(driver.session?.members() ?? [], ({ state }) => state),
      cloudLink: speaker.cloud.link.kind,
      contactAgeSeconds:
        speaker.cloud.contactMs === undefined ? undefined : (clock.monotonicMs() - speaker.cloud.contactMs) / 1000,
      cacheAgeSeconds: this.cacheAgeMs() === undefined ? undefined : (this.cacheAgeMs() ?? 0) / 1000,
      cacheBytes: bytes,
      cacheGeneration: Number(generation),
      cacheDamaged: damaged,
      cacheFailures: failures,
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
      cloud: {
        state: link.kind,
        sinceMs: now - link.sinceMs,
        contactAgoMs: contactMs === undefined ? undefined : now - contactMs,
        failure: failure === undefined ? undefined : { error: failure.error, agoMs: now - failure.atMs },
      },
      cache: { generation: Number(generation), bytes, ageMs: this.cacheAgeMs(), damaged, failures },
      addresses: this.addresses(),
      members: (driver.session?.members() ?? []).map(({ sinceMs, incarnation: _, ...line }) => ({
        ...line,
        forMs: now - sinceMs,
      })),
    });
  }

  private addresses(): AddressState[] {
    const { speaker, driver, announcer, nodeName } = this.parts;
    const owners = driver.session?.owners();
    const status = new Map(announcer.status().map((line) => [line.address, line]));
    const addresses: AddressState[] = [];
    for (const { address, serviceKeys, notOffered } of speaker.candidates.byAddress.values()) {
      const here = status.get(address);
      const owner = here?.state === 'announced' ? nodeName : owners?.get(address);
      const line: AddressState = { address, services: serviceKeys, owner, offered: notOffered ?? true };
      if (here === undefined) addresses.push(line);
      else {
        const { link, state, heldMs: forMs, byMac } = here;
        addresses.push({ ...line, here: { link, state, forMs, ...(byMac === undefined ? {} : { byMac }) } });
      }
    }
    return addresses;
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
