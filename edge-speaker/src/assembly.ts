import { randomBytes } from 'node:crypto';
import { type SiteConfig, VERSION } from '@openyurt/nodepool-types';
import { Announcer } from './announce/announcer.ts';
import { announcerCounts } from './drive/announcer-counts.ts';
import { SpeakerDriver } from './drive/driver.ts';
import { EndpointWatch } from './drive/endpoint-watch.ts';
import { sayIfNoRoad, sayIfRefused } from './drive/lacking.ts';
import { LocalView } from './drive/local-view.ts';
import { Reading } from './drive/reading.ts';
import { rememberedView } from './drive/remembered-view.ts';
import { ReportPace } from './drive/report-pace.ts';
import { usableLink } from './drive/usable-link.ts';
import { Speaker } from './hub/speaker.ts';
import { FolderDisk } from './io/cache-disk.ts';
import { TcpProber } from './io/endpoint-prober.ts';
import { HealthServer } from './io/health-server.ts';
import { RawIcmpv6SocketFactory } from './io/icmpv6-socket.ts';
import { LinuxLinks } from './io/links-linux.ts';
import { watchLoopLag } from './io/loop-lag.ts';
import { PacketSocketFactory } from './io/packet-socket.ts';
import { PeerLan } from './io/peer-lan.ts';
import { PoolKeyFiles } from './io/pool-key-files.ts';
import { SnapshotFile } from './io/snapshot-file.ts';
import { SnapshotWriter, VIEW_BETWEEN_MS } from './io/snapshot-writer.ts';
import { systemClock, systemTimers } from './io/system-clock.ts';
import { ApiClient } from './kube/api-client.ts';
import { roadTo } from './kube/api-target.ts';
import { EventQueue } from './kube/event-queue.ts';
import { EventWriter } from './kube/event-writer.ts';
import { ReportWriter } from './kube/report-writer.ts';
import { YurtHubFeed } from './kube/yurthub-feed.ts';
import type { SpeakerLog } from './observe/log.ts';
import { SpeakerMetrics } from './observe/metrics.ts';
import { View } from './offline/adopt.ts';
import { CATALOGUE_FORMAT } from './offline/catalogue-snapshot.ts';
import { contactPauseMs } from './offline/cloud-link.ts';
import { encodeSnapshot, SNAPSHOT_FORMAT } from './offline/snapshot.ts';
import type { SpeakerOptions } from './options.ts';
import { PoolSession } from './pool-session.ts';

export interface AssemblyParts {
  readonly options: SpeakerOptions;
  readonly log: SpeakerLog;
  readonly siteDefaults: SiteConfig;
  readonly incarnation: bigint;
  readonly env: NodeJS.ProcessEnv;
}

/** A speaker at work. */
export interface RunningSpeaker {
  /** Hands over, writes what is not written, closes everything. */
  leave(reason: string): Promise<void>;
  /** A thread waits for a disk. The process can end only by a signal: `exit` would wait for it too, and a dead disk never ends. */
  waitsForDisk(): boolean;
}

/**
 * Builds the speaker from its rooms and starts it: the disk first, then the LAN, the cloud last.
 *
 * @throws LbError what this process lacks to run at all: `LB_NATIVE_MISSING`, `LB_LINK_UNUSABLE`
 */
export async function assemble({
  options,
  log,
  siteDefaults,
  incarnation,
  env,
}: AssemblyParts): Promise<RunningSpeaker> {
  const { nodeName } = options;
  const clock = systemClock;
  const timers = systemTimers;
  const random = Math.random;
  const folder = options.cacheDir;
  const disk = new FolderDisk(folder);
  const store = new SnapshotFile({ disk, folder, clock, timers, name: 'view', format: SNAPSHOT_FORMAT });
  const catalogueStore = new SnapshotFile({ disk, folder, clock, timers, name: 'catalogue', format: CATALOGUE_FORMAT });
  const remembered = await rememberedView(store, nodeName, clock, log);
  const { view, nodePool } = remembered ?? { view: new View(), nodePool: undefined };
  const road = roadTo(options, env);
  await sayIfNoRoad(road, log);
  const keys = new PoolKeyFiles(options.poolKeyDir, timers, log.named('pool-key'));
  await keys.start();
  // The last thing waited for: from here on an interface may change, and what hears of it must stand by then.
  const links = await LinuxLinks.open();
  const sockets = new PacketSocketFactory();
  const lacks = sayIfRefused(sockets, links, log);
  const metrics = new SpeakerMetrics(VERSION, () => reading.figures());
  const announcer = new Announcer({
    links,
    sockets,
    icmpv6: new RawIcmpv6SocketFactory(),
    clock,
    timers,
    random,
    log: log.named('announcer'),
    settings: view.site ?? siteDefaults,
    count: announcerCounts(metrics),
    onEvent: (event) => driver.onAnnouncer(event),
  });
  const speaker = new Speaker({
    nodeName,
    view,
    nodePool,
    siteDefaults,
    linkFor: usableLink(announcer, log),
    heldElsewhereMs: (address) => driver.session?.heldElsewhereMs(address),
    monotonicMs: clock.monotonicMs,
    wallMs: clock.wallMs,
    random,
  });
  const encode = () => encodeSnapshot(view, nodeName, speaker.nodePool);
  const writer = new SnapshotWriter(
    {
      store,
      clock,
      timers,
      log: log.named('cache'),
      encode,
      whole: () => view.isWhole(speaker.nodePool),
      betweenMs: VIEW_BETWEEN_MS,
    },
    remembered && encode().fingerprint,
  );
  const client = new ApiClient(road, { log: log.named('cloud') });
  const local =
    options.localApiAddress === undefined
      ? undefined
      : new LocalView({
          address: options.localApiAddress,
          nodeName,
          store: catalogueStore,
          clock,
          timers,
          log,
          read: () => reading.announcements(),
        });
  const cloudFeed = new YurtHubFeed({
    client,
    nodeName,
    namespace: options.namespace,
    version: VERSION,
    log: log.named('cloud'),
    random,
    forShow: local !== undefined,
  });
  const feed = local?.over(cloudFeed) ?? cloudFeed;
  feed.pace(() => contactPauseMs(speaker.cloud.link, random()));
  const events = new EventQueue(
    new EventWriter(new ApiClient(road), nodeName, VERSION),
    log.named('events'),
    clock,
    timers,
  );
  const report = new ReportPace({
    sink: new ReportWriter(new ApiClient(road), VERSION),
    read: () => speaker.report(),
    clock,
    timers,
    random,
    log: log.named('report'),
    count: (outcome) => metrics.reports.count(outcome),
  });
  const driver = new SpeakerDriver({
    speaker,
    announcer,
    links,
    feed,
    clock,
    timers,
    log,
    takenOver: (seconds) => {
      metrics.takeovers.inc();
      metrics.takeoverSeconds.observe(seconds);
    },
    makeSession: (pool, site, announcedBefore, on) =>
      new PoolSession({
        node: nodeName,
        nodePool: pool,
        incarnation,
        keys,
        socket: new PeerLan({
          port: options.sessionPort,
          log: log.named('session'),
          first: () => sockets.deliverWaiting(),
        }),
        clock,
        timers,
        randomBytes,
        log: log.named('session'),
        count: (reason) => metrics.sessionDrops.count(reason),
        site,
        port: options.sessionPort,
        announcedBefore,
        on: {
          ...on,
          changed: () => {
            on.changed();
            reading.ownersChanged();
          },
        },
      }),
    touch: () => writer.touch(),
    report: (event) => events.add(event),
    tellCloud: (urgent) => report.changed(urgent),
    judged: () => endpoints.run(),
    onLink: (connected) => {
      events.setOpen(connected);
      report.setOpen(connected);
      if (!connected) writer.linkLost();
    },
  });
  const endpoints = new EndpointWatch({
    probes: speaker.probes,
    prober: new TcpProber(),
    clock,
    timers,
    count: (outcome) => metrics.endpointProbes.count(outcome),
    changed: () => driver.judgeSoon(),
  });
  const reading = new Reading({ nodeName, clock, timers, speaker, driver, announcer, store, lacks });
  const health = new HealthServer(
    options.healthAddress,
    { notReady: () => reading.notReady(), metrics: () => metrics.page(), state: () => reading.state() },
    log.named('health'),
  );
  const stopLag = watchLoopLag((seconds) => metrics.loopLag.observe(seconds));
  driver.start();
  health.listen();
  local?.start();
  return {
    waitsForDisk: () => store.busy || catalogueStore.busy,
    async leave(reason) {
      writer.stop();
      endpoints.stop();
      report.stop();
      await driver.leave(reason);
      speaker.lastWord();
      await Promise.all([writer.flush(), local?.stop()]);
      stopLag();
      health.close();
      keys.close();
      links.close();
    },
  };
}
