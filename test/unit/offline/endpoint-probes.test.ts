import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import type { ProbeOutcome } from '../../../edge-speaker/src/offline/endpoint-probe.ts';
import {
  BETWEEN_STARTS_MS,
  EndpointProbes,
  FIRST_PROBE_MS,
  HOLD_MS,
  MOST_ASKED,
  MOST_ENDPOINTS,
} from '../../../edge-speaker/src/offline/endpoint-probes.ts';
import type { EndpointAt } from '../../../edge-speaker/src/offline/endpoint-view.ts';

const at = (ip: string, port = 80): EndpointAt => ({ node: 'a', ip, port });
const wanted = (...addresses: [string, ...string[]][]) =>
  new Map(addresses.map(([address, ...ips]) => [address, ips.map((ip) => at(ip))]));

/** Connects that end at once, or stay under way until told. */
class Bench {
  now = 0;
  readonly probes = new EndpointProbes(() => 0.5);
  readonly started: { ip: string; atMs: number }[] = [];
  /** Times at which the verdict on `vip` changed, and to what. */
  readonly flips: string[] = [];
  private addresses: string[] = [];

  constructor(private readonly outcomeOf: (ip: string, nowMs: number) => ProbeOutcome | 'hangs') {}

  get isDead(): boolean {
    return this.probes.wordOf('vip') === 'dead';
  }

  /** These addresses and no others. @returns whether the word on one changed */
  want(wanted: ReadonlyMap<string, readonly EndpointAt[]>, nowMs: number): boolean {
    this.probes.takeTurned();
    for (const address of this.addresses) if (!wanted.has(address)) this.probes.want(address, [], nowMs);
    for (const [address, endpoints] of wanted) this.probes.want(address, endpoints, nowMs);
    this.addresses = [...wanted.keys()];
    return this.probes.takeTurned().size > 0;
  }

  /** Runs to `endMs` as the speaker does: what is due is started, and what is judged is judged. */
  until(endMs: number): this {
    for (; this.now < endMs; this.now += 10) {
      const before = this.isDead;
      this.probes.settle(this.now);
      for (let one = this.probes.take(this.now); one !== undefined; one = this.probes.take(this.now)) {
        this.started.push({ ip: one.ip, atMs: this.now });
        const outcome = this.outcomeOf(one.ip, this.now);
        if (outcome !== 'hangs') this.probes.heard(one, outcome, this.now);
      }
      if (before !== this.isDead) this.flips.push(`${this.now} ${this.isDead}`);
    }
    return this;
  }
}

describe('endpoints behind the addresses', () => {
  it('an address is stale once every endpoint is dead, and not before', () => {
    const bench = new Bench((ip) => (ip === 'x' || bench.now > 20_000 ? 'refused' : 'answered'));
    bench.want(wanted(['vip', 'x', 'y']), 0);
    bench.until(20_000);
    assert.equal(bench.isDead, false);
    assert.deepEqual(bench.probes.figures(), { watched: 2, dead: 1 });
    bench.until(40_000);
    assert.equal(bench.isDead, true);
    assert.equal(bench.flips.length, 1);
  });

  it('the verdict comes within ten seconds of the first connect', () => {
    const bench = new Bench(() => 'timeout');
    bench.want(wanted(['vip', 'x']), 0);
    bench.until(10_000);
    assert.equal(bench.isDead, true);
  });

  it('nothing is asked at once: an ordinary start is over before', () => {
    const bench = new Bench(() => 'answered');
    bench.want(wanted(['vip', 'x']), 0);
    bench.until(FIRST_PROBE_MS);
    assert.deepEqual(bench.started, []);
  });

  it('a verdict lasts: what comes and goes moves nothing to and fro', () => {
    const bench = new Bench((_, now) => (Math.floor(now / 7_000) % 2 === 0 ? 'refused' : 'answered'));
    bench.want(wanted(['vip', 'x']), 0);
    bench.until(120_000);
    const times = bench.flips.map((flip) => Number.parseInt(flip, 10));
    assert.ok(times.length >= 2, `${bench.flips}`);
    for (const [i, ms] of times.entries()) assert.ok(i === 0 || ms - (times[i - 1] ?? 0) >= HOLD_MS);
  });

  it('says that a verdict is to change, and when, while the one before has to last', () => {
    const bench = new Bench(() => 'refused');
    bench.want(wanted(['vip', 'x']), 0);
    bench.until(6_000);
    assert.equal(bench.isDead, true);
    assert.equal(bench.probes.heard(at('x'), 'answered', bench.now), true);
    assert.equal(bench.isDead, true);
    const flippedMs = Number.parseInt(bench.flips[0] ?? '', 10);
    assert.equal(bench.probes.settleDueMs(), flippedMs + HOLD_MS);
    assert.equal(bench.probes.settle(flippedMs + HOLD_MS), true);
    assert.equal(bench.probes.settleDueMs(), undefined);
  });

  it('one answer is proof of life until all are dead; a failure speaks against nobody', () => {
    const bench = new Bench((ip, now) =>
      ip === 'x' && now < 10_000 ? 'answered' : now < 20_000 ? 'unclear' : 'refused',
    );
    const word = () => bench.probes.wordOf('vip');
    bench.want(wanted(['vip', 'x', 'y']), 0);
    assert.equal(word(), 'not-asked');
    bench.until(5_000);
    assert.deepEqual([word(), [...bench.probes.takeTurned()]], ['alive', ['vip']]);
    bench.until(22_000);
    assert.equal(word(), 'alive');
    bench.until(40_000);
    assert.deepEqual([word(), [...bench.probes.takeTurned()]], ['dead', ['vip']]);
    bench.probes.clear();
    assert.deepEqual(
      [word(), [...bench.probes.takeTurned()], bench.probes.figures().watched],
      ['not-asked', ['vip'], 0],
    );
  });

  it('an endpoint behind two addresses is asked once for both, and as long as one of them wants it', () => {
    const bench = new Bench(() => 'refused');
    bench.want(wanted(['vip', 'x'], ['other', 'x']), 0);
    assert.equal(bench.probes.figures().watched, 1);
    bench.until(10_000);
    assert.deepEqual([...bench.probes.takeTurned()].sort(), ['other', 'vip']);
    bench.want(wanted(['other', 'x']), bench.now);
    assert.deepEqual([bench.probes.wordOf('other'), bench.probes.figures().watched], ['dead', 1]);
    bench.want(wanted(), bench.now);
    assert.equal(bench.probes.figures().watched, 0);
  });

  it('endpoints that come make an address believed again, and stay asked', () => {
    const bench = new Bench((ip) => (ip === 'new' ? 'answered' : 'refused'));
    bench.want(wanted(['vip', 'old']), 0);
    bench.until(30_000);
    assert.equal(bench.isDead, true);
    assert.equal(bench.want(wanted(['vip', 'old', 'new']), bench.now), true);
    assert.equal(bench.isDead, false);
    bench.until(60_000);
    assert.equal(bench.isDead, false);
  });

  it('forgets what is wanted no more, and says so where that changes a verdict', () => {
    const bench = new Bench(() => 'refused');
    bench.want(wanted(['vip', 'x']), 0);
    bench.until(30_000);
    assert.equal(bench.want(new Map(), bench.now), true);
    assert.equal(bench.isDead, false);
    assert.equal(bench.probes.nextStart(), undefined);
    assert.equal(bench.want(new Map(), bench.now), false);
  });

  it('an answer that comes after all interest is gone harms nothing', () => {
    const bench = new Bench(() => 'hangs');
    bench.want(wanted(['vip', 'x']), 0);
    bench.until(5_000);
    bench.want(new Map(), bench.now);
    assert.equal(bench.probes.heard(at('x'), 'refused', bench.now), false);
  });

  it('addresses take turns, whatever the number of their endpoints', () => {
    const bench = new Bench(() => 'answered');
    const many = Array.from({ length: 400 }, (_, i) => `m${i}`);
    bench.want(wanted(['big', ...many], ['vip', 'x']), 0);
    bench.until(4_000);
    assert.ok(bench.started.some(({ ip }) => ip === 'x'));
  });

  it('one that fails is asked before those that are well', () => {
    const bench = new Bench((ip) => (ip === 'x' ? 'refused' : 'answered'));
    const others = Array.from({ length: 300 }, (_, i): [string, string] => [`v${i}`, `m${i}`]);
    bench.want(wanted(...others, ['vip', 'x']), 0);
    bench.until(30_000);
    assert.equal(bench.isDead, true);
  });

  it('never more than so many under way, and never sooner than so one after another', () => {
    const bench = new Bench(() => 'hangs');
    bench.want(wanted(['vip', ...Array.from({ length: 100 }, (_, i) => `m${i}`)]), 0);
    bench.until(60_000);
    assert.equal(bench.started.length, MOST_ASKED);
    const gaps = bench.started.slice(1).map(({ atMs }, i) => atMs - (bench.started[i]?.atMs ?? 0));
    assert.ok(Math.min(...gaps) >= BETWEEN_STARTS_MS);
    assert.equal(bench.probes.nextStart(), undefined);
  });

  it('watches a bounded number; what is beyond counts as served', () => {
    const bench = new Bench(() => 'refused');
    const many = Array.from({ length: MOST_ENDPOINTS }, (_, i) => `m${i}`);
    bench.want(wanted(['big', ...many], ['vip', 'x']), 0);
    assert.equal(bench.probes.figures().watched, MOST_ENDPOINTS);
    assert.equal(bench.isDead, false);
  });

  it('keeps its bounds and its verdicts whatever comes in whatever order', () => {
    const outcome = fc.constantFrom<ProbeOutcome>('answered', 'refused', 'timeout', 'unclear');
    const step = fc.record({
      ms: fc.integer({ min: 0, max: 3_000 }),
      do: fc.oneof(
        fc.record({ kind: fc.constant('hear' as const), place: fc.nat(20), outcome }),
        fc.record({ kind: fc.constant('take' as const) }),
        fc.record({
          kind: fc.constant('want' as const),
          ips: fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 }),
        }),
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const probes = new EndpointProbes(() => 0);
        const underWay: EndpointAt[] = [];
        let [now, lastStart, lastFlip, stale] = [0, -BETWEEN_STARTS_MS, Number.NEGATIVE_INFINITY, false];
        for (const { ms, do: what } of steps) {
          now += ms;
          probes.settle(now);
          if (what.kind === 'want') {
            probes.want(
              'vip',
              what.ips.map((ip) => at(ip)),
              now,
            );
            if (what.ips.length === 0) lastFlip = Number.NEGATIVE_INFINITY; // forgotten, with its past
            if (what.ips.length === 0) stale = false;
          }
          const taken = what.kind === 'take' ? probes.take(now) : undefined;
          if (taken !== undefined) {
            assert.ok(now - lastStart >= BETWEEN_STARTS_MS && underWay.length < MOST_ASKED);
            assert.ok(!underWay.some(({ ip }) => ip === taken.ip), 'asked twice at once');
            lastStart = now;
            underWay.push(taken);
          }
          if (what.kind === 'hear' && underWay.length > 0) {
            const [one] = underWay.splice(what.place % underWay.length, 1);
            if (one !== undefined) probes.heard(one, what.outcome, now);
          }
          if ((probes.wordOf('vip') === 'dead') !== stale) {
            assert.ok(now - lastFlip >= HOLD_MS, `flipped after ${now - lastFlip} ms`);
            lastFlip = now;
            stale = !stale;
          }
        }
      }),
    );
  });
});
