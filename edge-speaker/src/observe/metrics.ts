import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { TallyCounter } from './tally-counter.ts';

/** What the page is made from, asked at each scrape. All numbers are of this node. */
export interface SpeakerFigures {
  readonly offers: number;
  readonly announced: readonly string[];
  /** Addresses of the NodePool that this node does not offer, by reason. */
  readonly notOffered: ReadonlyMap<string, number>;
  /** Other members, by state. */
  readonly members: ReadonlyMap<string, number>;
  /** Of this node in the pool; undefined: it is in no session. */
  readonly standing: (typeof STANDINGS)[number] | undefined;
  readonly cloudLink: 'connected' | 'doubtful' | 'offline';
  /** Seconds since the API last vouched for what is held, by resource; absent: nothing is held. */
  readonly unvouchedSeconds: ReadonlyMap<string, number>;
  /** Seconds since the API last answered; undefined: never in this process. */
  readonly contactAgeSeconds: number | undefined;
  readonly cacheAgeSeconds: number | undefined;
  readonly cacheBytes: number;
  readonly cacheGeneration: number;
  readonly cacheDamaged: number;
  readonly cacheFailures: number;
  /** Addresses that this node offers though all endpoints behind them are dead. */
  readonly staleOffers: number;
  /** Endpoints found dead, and endpoints watched, while the cloud's word on them does not count. */
  readonly staleEndpoints: number;
  readonly watchedEndpoints: number;
  readonly cacheWrites: number;
  readonly cacheWrittenBytes: number;
  readonly cacheStuck: boolean;
}

const STANDINGS = ['ready', 'young', 'draining', 'minority'] as const;
const CLOUD_STATES = ['connected', 'doubtful', 'offline'] as const;
const P = 'yurtlb_speaker_';

/** Every metric of the speaker, once; `docs/reference/metrics-speaker.md` lists the same, held equal by a test. */
export class SpeakerMetrics {
  readonly registry = new Registry();
  private readonly registers = [this.registry];
  private lastLoop: EventLoopUtilization = performance.eventLoopUtilization();

  readonly arpReceived = this.tally('arp_received_total', 'ARP packets seen, by what was decided', 'decision');
  readonly arpReplies = this.tally('arp_replies_total', 'ARP replies sent', 'address');
  readonly ndpReceived = this.tally(
    'ndp_received_total',
    'Neighbour discovery frames seen, by what was decided',
    'decision',
  );
  readonly ndpReplies = this.tally('ndp_replies_total', 'Neighbour advertisements sent in answer', 'address');
  readonly gratuitous = this.tally(
    'gratuitous_sent_total',
    'Gratuitous ARP and unsolicited neighbour advertisements sent',
    'address',
  );
  readonly probes = this.tally('probes_sent_total', 'ARP and IPv6 probes sent', 'address');
  readonly conflicts = this.tally(
    'conflicts_total',
    'Packets in which another host claimed an announced address',
    'address',
  );
  readonly duplicateOwners = this.tally(
    'duplicate_owners_total',
    'Packets in which another member of the pool claimed an announced address, later than a hand-over explains',
    'address',
  );
  readonly reports = this.tally('reports_total', "Writes of the node's report to the cloud, by outcome", 'outcome');
  readonly sessionDrops = this.tally('session_drops_total', 'Pool session input dropped or noted, by reason', 'reason');
  readonly endpointProbes = this.tally(
    'endpoint_probes_total',
    'TCP connects to endpoints while the cloud was away, by outcome',
    'outcome',
  );
  readonly takeovers = new Counter({
    name: `${P}takeovers_total`,
    help: 'Addresses this node began to announce',
    registers: this.registers,
  });
  readonly takeoverSeconds = new Histogram({
    name: `${P}takeover_duration_seconds`,
    help: 'From the decision to announce an address to its first frame on the wire, probes included',
    buckets: [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers: this.registers,
  });
  readonly loopLag = new Histogram({
    name: `${P}event_loop_lag_seconds`,
    help: 'How late a timer of the process came',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.3, 1],
    registers: this.registers,
  });

  constructor(version: string, figures: () => SpeakerFigures) {
    new Gauge({ name: `${P}build_info`, help: 'Always 1', labelNames: ['version'], registers: this.registers }).set(
      { version },
      1,
    );
    this.table('announced', 'Addresses this node announces', 'address', () => figures().announced.map((a) => [a, 1]));
    this.table(
      'not_offered',
      'Addresses of the NodePool that this node does not offer',
      'reason',
      () => figures().notOffered,
    );
    this.table('members', 'Other members of the pool session', 'state', () => figures().members);
    this.table('standing', '1 for how this node stands in the pool session; all 0: it is in none', 'standing', () => {
      const { standing } = figures();
      return STANDINGS.map((one) => [one, one === standing ? 1 : 0]);
    });
    this.table('cloud_link', '1 for the state of the road to the cloud', 'state', () => {
      const { cloudLink } = figures();
      return CLOUD_STATES.map((state) => [state, state === cloudLink ? 1 : 0]);
    });
    this.gauge('offers', 'Addresses this node offers to the pool', () => figures().offers);
    this.gauge('stale_offers', 'Offers behind which all endpoints are dead', () => figures().staleOffers);
    this.gauge('stale_endpoints', 'Endpoints found dead while the cloud is away', () => figures().staleEndpoints);
    this.gauge('watched_endpoints', 'Endpoints asked while the cloud is away', () => figures().watchedEndpoints);
    this.gauge(
      'cloud_contact_age_seconds',
      'Since the API last answered; NaN: never',
      () => figures().contactAgeSeconds,
    );
    this.table(
      'view_unvouched_seconds',
      'Since the API last vouched for what is held; before it did, how old the oldest of it is',
      'resource',
      () => figures().unvouchedSeconds,
    );
    this.gauge(
      'cache_age_seconds',
      'Since the autonomy cache was written; NaN: never',
      () => figures().cacheAgeSeconds,
    );
    this.gauge('cache_bytes', 'Size of the newest slot of the autonomy cache', () => figures().cacheBytes);
    this.gauge('cache_generation', 'Generation of the newest slot', () => figures().cacheGeneration);
    this.gauge('cache_damaged', 'Slots found damaged at the start', () => figures().cacheDamaged);
    this.gauge(
      'cache_write_failures',
      'Writes of the autonomy cache that failed since the start',
      () => figures().cacheFailures,
    );
    this.gauge('cache_writes', 'Writes of the autonomy cache since the start', () => figures().cacheWrites);
    this.gauge('cache_written_bytes', 'Bytes of those writes', () => figures().cacheWrittenBytes);
    this.gauge('cache_stuck', '1 while the disk of the autonomy cache does not answer', () =>
      figures().cacheStuck ? 1 : 0,
    );
    this.gauge('event_loop_utilization', 'Share of the time since the last scrape in which the loop was busy', () =>
      this.loop(),
    );
    this.gauge('resident_memory_bytes', 'Resident memory of the process', () => process.memoryUsage.rss());
    this.gauge('cpu_seconds', 'CPU time of the process since its start', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
  }

  page(): Promise<string> {
    return this.registry.metrics();
  }

  private tally(name: string, help: string, label: string): TallyCounter {
    return new TallyCounter(`${P}${name}`, help, label, this.registry);
  }

  private gauge(name: string, help: string, read: () => number | undefined): void {
    new Gauge({
      name: `${P}${name}`,
      help,
      registers: this.registers,
      collect() {
        this.set(read() ?? Number.NaN);
      },
    });
  }

  private table(name: string, help: string, label: string, read: () => Iterable<readonly [string, number]>): void {
    new Gauge({
      name: `${P}${name}`,
      help,
      labelNames: [label],
      registers: this.registers,
      collect() {
        this.reset();
        for (const [value, n] of read()) this.set({ [label]: value }, n);
      },
    });
  }

  private loop(): number {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.lastLoop);
    this.lastLoop = now;
    return utilization;
  }
}
