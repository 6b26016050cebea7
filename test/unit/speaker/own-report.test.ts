import { strict as assert } from 'node:assert';
import { decodeReportText, encodeNodeReport, type NodeFacts } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import type { AnnouncerEvent } from '../../../edge-speaker/src/announce/announcer-event.ts';
import type { Effect } from '../../../edge-speaker/src/hub/facts.ts';
import { OwnReport } from '../../../edge-speaker/src/hub/own-report.ts';
import {
  MOST_CONFLICTS,
  MOST_HOSTS,
  RETRY_GRACE_MS,
  SEEN_AGAIN_MS,
  SETTLED_MS,
  SILENT_MS,
} from '../../../edge-speaker/src/hub/reported-conflicts.ts';

const VIP = '192.168.1.1';
const MAC = '02:00:00:00:00:99';
const WALL = Date.UTC(2026, 10, 21);
const PAUSE_MS = 20_000;
const macOf = (i: number) =>
  `02:00:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`;

/** Node `a` of NodePool `p`, which has {@link VIP}; every effect lies in `told` as `urgent` or `news`. */
class Bench {
  now = 0;
  wall = WALL;
  told: string[] = [];
  pool: string | undefined = 'p';
  addresses = new Set([VIP]);
  self: NodeFacts | undefined = {
    name: 'a',
    uid: 'n-1',
    nodePool: 'p',
    internalIps: [],
    excluded: false,
    unschedulable: false,
  };
  readonly report = new OwnReport({
    nodeName: 'a',
    uidsOf: (address) => (this.addresses.has(address) ? [`uid-${address}`] : []),
    wallMs: () => this.wall + this.now,
  });

  at(seconds: number): this {
    this.now = seconds * 1000;
    return this;
  }

  announced(address = VIP): this {
    return this.event({ kind: 'announced', address, link: 'eth0', probed: true });
  }

  withdrawn(address = VIP): this {
    return this.event({ kind: 'withdrawn', address, link: 'eth0', reason: 'asked', heldMs: 0 });
  }

  refused(byMac = MAC, address = VIP): this {
    return this.event({ kind: 'failed', address, link: 'eth0', byMac, retryMs: PAUSE_MS, heldMs: 0 });
  }

  contested(byMac = MAC, address = VIP): this {
    return this.event({ kind: 'conflict', address, link: 'eth0', byMac, defended: true, times: 1 });
  }

  turn(before: 'doubtful' | 'offline', after: 'connected' | 'offline'): this {
    return this.take(this.report.turn({ before, after, forMs: 0, error: undefined }, this.now));
  }

  event(event: AnnouncerEvent): this {
    return this.take(this.report.announcer(event, this.now));
  }

  settle(): this {
    const { pool: nodePool, self } = this;
    return this.take(this.report.settle({ self, nodePool, isOfPool: (one) => this.addresses.has(one) }, this.now));
  }

  read() {
    return this.report.read('connected', 0, this.now);
  }

  /** Conflicts of the report as `kind byMac since-lastSeen`, in seconds. */
  get conflicts(): string[] {
    const seconds = (time: string) => (Date.parse(time) - this.wall) / 1000;
    return (this.read().report?.conflicts ?? []).map(
      ({ kind, byMac, since, lastSeen }) => `${kind} ${byMac} ${seconds(since)}-${seconds(lastSeen)}`,
    );
  }

  /** What was told since the last look. */
  get news(): string[] {
    return this.told.splice(0);
  }

  drain(): void {
    this.told.length = 0;
  }

  private take(effects: readonly Effect[]): this {
    for (const effect of effects) if (effect.kind === 'tell-cloud') this.told.push(effect.urgent ? 'urgent' : 'news');
    return this;
  }
}

/** Settled in its NodePool, and that was told. */
function settled(): Bench {
  const bench = new Bench().settle().turn('doubtful', 'connected');
  assert.deepEqual(bench.news, ['news', 'news']);
  return bench;
}

describe('the report of a node', () => {
  it('says what it announces since when, by the clock of the moment it is written', () => {
    const bench = settled().at(10).announced().at(20).announced();
    assert.deepEqual(bench.news, ['news']);
    bench.wall += 3_600_000; // the clock was set right
    const { nodeUid, report } = bench.at(30).read();
    assert.equal(nodeUid, 'n-1');
    assert.deepEqual(report, {
      ...{ version: 1, node: 'a', nodePool: 'p', writtenAt: '2026-11-21T01:00:30.000Z' },
      cloud: { state: 'connected', since: '2026-11-21T01:00:00.000Z' },
      announced: [{ address: VIP, since: '2026-11-21T01:00:10.000Z' }],
      conflicts: [],
    });
    assert.deepEqual([bench.withdrawn().news, bench.read().report?.announced], [['news'], []]);
    assert.deepEqual(bench.withdrawn().news, [], 'what was not announced is no news');
  });

  it('tells at once who owns a refused address, with the Services that hold it', () => {
    const bench = settled().at(5).announced().at(6).refused();
    assert.deepEqual(bench.news, ['news', 'urgent']);
    const { report } = bench.read();
    assert.deepEqual(report?.announced, []);
    assert.deepEqual(report?.conflicts, [
      {
        ...{ address: VIP, kind: 'refused', byMac: MAC, link: 'eth0', services: [`uid-${VIP}`] },
        ...{ since: '2026-11-21T00:00:06.000Z', lastSeen: '2026-11-21T00:00:06.000Z' },
      },
    ]);
  });

  it('says nothing new while the same host is met again, but for the time it was seen, now and then', () => {
    const bench = settled().at(0).contested();
    assert.deepEqual(bench.news, ['urgent']);
    for (let at = 10; at < SEEN_AGAIN_MS / 1000; at += 10) bench.at(at).contested().settle();
    assert.deepEqual(bench.news, []);
    assert.deepEqual(bench.at(SEEN_AGAIN_MS / 1000).contested().news, ['urgent']);
    assert.deepEqual(bench.conflicts, [`contested ${MAC} 0-300`]);
  });

  const over: { name: string; run: (bench: Bench) => Bench; want: string[]; thenSeconds: number }[] = [
    {
      name: 'a refused address that is announced is free once late objections have had their time',
      run: (bench) => bench.refused().at(20).announced(),
      want: [`refused ${MAC} 0-0`],
      thenSeconds: 20 + SETTLED_MS / 1000,
    },
    {
      name: 'a refused address is tried again after its pause, or left to another member',
      run: (bench) => bench.refused(),
      want: [`refused ${MAC} 0-0`],
      thenSeconds: (PAUSE_MS + RETRY_GRACE_MS) / 1000,
    },
    {
      name: 'a refused address that was taken from the NodePool stays refused for a while',
      run: (bench) => {
        bench.refused().addresses.delete(VIP);
        return bench;
      },
      want: [`refused ${MAC} 0-0`],
      thenSeconds: SILENT_MS / 1000,
    },
    {
      name: 'a host that is not heard any more is gone',
      run: (bench) => bench.announced().contested(),
      want: [`contested ${MAC} 0-0`],
      thenSeconds: SILENT_MS / 1000,
    },
  ];
  for (const { name, run, want, thenSeconds } of over) {
    it(name, () => {
      const bench = run(settled()).settle();
      assert.deepEqual(bench.conflicts, want);
      assert.equal(bench.report.dueMs(bench.now), thenSeconds * 1000);
      assert.equal(bench.news.length > 0, true);
      bench.at(thenSeconds - 1).settle();
      assert.deepEqual([bench.conflicts, bench.news], [want, []]);
      bench.at(thenSeconds).settle();
      assert.deepEqual([bench.conflicts, bench.news, bench.report.dueMs(bench.now)], [[], ['news'], undefined]);
    });
  }

  it('leaves a contested address to whoever announces it next', () => {
    const bench = settled().announced().contested().withdrawn();
    assert.deepEqual(bench.conflicts, []);
  });

  it('says of an address that was contested and then refused only that it is refused', () => {
    const bench = settled().announced().contested('02:00:00:00:00:01').at(1).refused();
    assert.deepEqual(bench.conflicts, [`refused ${MAC} 1-1`]);
    assert.equal(bench.report.conflictOf(VIP)?.byMac, MAC);
  });

  it('keeps the last hosts of somebody who invents a MAC for each frame, and what is known of other addresses', () => {
    const bench = settled().refused(MAC, '192.168.1.2').announced();
    bench.addresses.add('192.168.1.2');
    for (let i = 0; i < 2 * MOST_CONFLICTS; i++) bench.contested(macOf(i));
    const last = Array.from({ length: MOST_HOSTS }, (_, i) => macOf(2 * MOST_CONFLICTS - 1 - i));
    assert.deepEqual(
      bench.read().report?.conflicts.map(({ address, byMac }) => `${address} ${byMac}`),
      [...last.map((mac) => `${VIP} ${mac}`), `192.168.1.2 ${MAC}`],
    );
  });

  it('keeps the addresses heard last where somebody claims all of them', () => {
    const bench = settled();
    for (let i = 0; i < 2 * MOST_CONFLICTS; i++) bench.contested(macOf(i), `10.9.${i >> 8}.${i & 255}`);
    assert.equal(bench.conflicts.length, MOST_CONFLICTS);
    assert.equal(bench.report.conflictOf('10.9.0.0'), undefined);
    assert.equal(bench.report.conflictOf('10.9.1.255')?.byMac, macOf(511));
  });

  it('is void where the node is in no NodePool, and of another LAN where it is in another', () => {
    const bench = settled().announced().refused();
    bench.drain();
    bench.pool = undefined;
    assert.deepEqual(
      [bench.settle().news, bench.read()],
      [['news'], { nodeName: 'a', nodeUid: 'n-1', report: undefined }],
    );
    bench.pool = 'q';
    assert.deepEqual([bench.settle().news, bench.read().report?.nodePool, bench.conflicts], [['news'], 'q', []]);
  });

  it('is written anew for a Node that was made anew', () => {
    const bench = settled();
    bench.self = bench.self && { ...bench.self, uid: 'n-2' };
    assert.deepEqual([bench.settle().news, bench.read().nodeUid], [['news'], 'n-2']);
  });

  it('an outage that ended is news, a doubt that passed is not', () => {
    const bench = settled();
    assert.deepEqual(bench.at(5).turn('doubtful', 'connected').news, []);
    assert.deepEqual(bench.at(6).turn('doubtful', 'offline').at(60).turn('offline', 'connected').news, ['news']);
    assert.equal(bench.read().report?.cloud.since, '2026-11-21T00:01:00.000Z');
  });

  it('says nothing at rest, and can always be read', () => {
    const step = fc.oneof(
      fc.record({
        act: fc.constantFrom('announced', 'withdrawn', 'refused', 'contested'),
        of: fc.nat(3),
        mac: fc.nat(2),
      }),
      fc.record({ act: fc.constant('wait'), of: fc.nat(700), mac: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = settled();
        for (let i = 0; i < 3; i++) bench.addresses.add(`10.0.0.${i}`);
        for (const { act, of, mac } of steps) {
          const address = `10.0.0.${of}`;
          const byMac = `02:00:00:00:00:0${mac}`;
          if (act === 'wait') bench.now += of * 1000;
          else if (act === 'refused' || act === 'contested') bench[act](byMac, address);
          else if (act === 'announced' || act === 'withdrawn') bench[act](address);
          bench.settle();
        }
        const { report } = bench.read();
        assert.ok(report !== undefined);
        assert.deepEqual(decodeReportText(encodeNodeReport(report)), { ok: true, report });
        bench.now += 2 * SILENT_MS;
        bench.settle();
        bench.drain();
        bench.now += 24 * 3_600_000;
        bench.settle();
        assert.deepEqual([bench.news, bench.conflicts, bench.report.dueMs(bench.now)], [[], [], undefined]);
      }),
    );
  });
});
