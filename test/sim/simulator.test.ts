import { strict as assert } from 'node:assert';
import type { Spans } from './longest.ts';
import { run } from './run.ts';
import { scenarioFor } from './scenario.ts';
import { verdictOf } from './verdict.ts';
import type { Job, SeedReport } from './worker.ts';
import { runJobs } from './workers.ts';

/**
 * `SIM_SEEDS=20000` for more seeds, `SIM_FROM=1001` for others, `SIM_LARGE=200x2000` for another large pool, `SIM_SEED=123` for one
 * seed, told in full; with `SIM_LARGE` beside it, that seed of the large pool.
 */
const SEEDS = Number(process.env.SIM_SEEDS ?? 1000);
const FROM = Number(process.env.SIM_FROM ?? 1);
const ONE = process.env.SIM_SEED;
const LARGE = (process.env.SIM_LARGE ?? '60x600').split('x').map(Number) as [members: number, addresses: number];
/** Seeds that are run twice: of small pools and large, quiet LANs and lossy ones. */
const TWICE = [1, 2, 3, 57, 88];

describe('a pool of members under disturbance', function () {
  this.timeout(24 * 3600_000);

  if (ONE !== undefined) {
    const large = process.env.SIM_LARGE === undefined ? undefined : LARGE;
    it(`seed ${ONE}`, async () => {
      const scenario = scenarioFor({ seed: Number(ONE), large });
      const { violation } = await run(scenario);
      assert.equal(violation, undefined, violation && (await verdictOf(scenario, { large })));
    });
    return;
  }

  const [members, addresses] = LARGE;
  it(`answers, once, within bounds, and comes to rest at the election: seeds ${FROM} to ${FROM + SEEDS - 1}, and ${members} members with ${addresses} addresses`, async () => {
    const reports: SeedReport[] = [];
    const seeds = Array.from({ length: SEEDS }, (_, i): Job => ({ kind: 'seed', seed: FROM + i }));
    await runJobs([{ kind: 'seed', seed: FROM, large: LARGE }, ...seeds], (report) => {
      if (report.kind !== 'seed') return;
      if (report.verdict !== undefined) console.error(`${report.verdict}\n`);
      reports.push(report);
    });
    const changes = reports.reduce((sum, report) => sum + report.changes, 0);
    console.log(`      ${changes} changes of owner; the longest without an answer / with two, ms, by cause:`);
    for (const line of longest(reports)) console.log(`        ${line}`);
    assert.equal(reports.length, SEEDS + 1);
    const faulty = reports.filter((report) => report.verdict !== undefined).map(({ seed }) => seed);
    assert.deepEqual(faulty, [], 'these seeds show a fault');
  });

  it('is determined by the seed', async () => {
    const digests = new Set<string>();
    for (const seed of TWICE) {
      const once = await run(scenarioFor({ seed }));
      assert.equal((await run(scenarioFor({ seed }), { tracing: true })).digest, once.digest, `seed ${seed}`);
      digests.add(once.digest);
    }
    assert.equal(digests.size, TWICE.length);
  });
});

/** The worst of each cause, and of which seed. */
function longest(reports: readonly SeedReport[]): string[] {
  const worst = new Map<string, Record<keyof Spans, { ms: number; seed: number }>>();
  for (const { seed, spans } of reports) {
    for (const [cause, { none, two }] of Object.entries(spans)) {
      const so = worst.get(cause) ?? { none: { ms: 0, seed }, two: { ms: 0, seed } };
      if (none > so.none.ms) so.none = { ms: none, seed };
      if (two > so.two.ms) so.two = { ms: two, seed };
      worst.set(cause, so);
    }
  }
  const told = ({ ms, seed }: { ms: number; seed: number }) => `${ms.toFixed(1)} (seed ${seed})`;
  return [...worst]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([cause, { none, two }]) => `${cause.padEnd(16)} ${told(none).padEnd(20)} ${told(two)}`);
}
