import { strict as assert } from 'node:assert';
import { run } from './run.ts';
import { scenarioOf } from './scenario.ts';
import { verdictOf } from './verdict.ts';
import type { Job, SeedReport } from './worker.ts';
import { runJobs } from './workers.ts';

/** `SIM_SEEDS=20000` for more of them, `SIM_FROM=1001` for others, `SIM_SEED=123` for one, told in full. */
const SEEDS = Number(process.env.SIM_SEEDS ?? 1000);
const FROM = Number(process.env.SIM_FROM ?? 1);
const ONE = process.env.SIM_SEED;
/** `SIM_LARGE=200x2000`: members and addresses of the large pool. */
const [MEMBERS = 30, ADDRESSES = 400] = (process.env.SIM_LARGE ?? '').split('x').filter(Boolean).map(Number);

describe('a pool of members under disturbance', function () {
  this.timeout(24 * 3600_000);

  if (ONE !== undefined) {
    it(`seed ${ONE}`, async () => {
      const { violation } = await run(scenarioOf(Number(ONE)));
      assert.equal(violation, undefined, violation && (await verdictOf(scenarioOf(Number(ONE)))));
    });
    return;
  }

  it(`answers, once, within bounds, and comes to rest at the election: seeds ${FROM} to ${FROM + SEEDS - 1}, and ${MEMBERS} members with ${ADDRESSES} addresses`, async () => {
    const reports: SeedReport[] = [];
    const seeds = Array.from({ length: SEEDS }, (_, i): Job => ({ seed: FROM + i }));
    await runJobs([{ seed: FROM, large: [MEMBERS, ADDRESSES] }, ...seeds], (report) => {
      if (report.verdict !== undefined) console.error(`${report.verdict}\n`);
      reports.push(report);
    });
    const changes = reports.reduce((sum, report) => sum + report.changes, 0);
    const [none, two] = [longest(reports, 'longestNoneMs'), longest(reports, 'longestTwoMs')];
    console.log(`      ${changes} changes of owner; longest unanswered: ${none}; longest answered twice: ${two}`);
    assert.equal(reports.length, SEEDS + 1);
    const faulty = reports.filter((report) => report.verdict !== undefined).map(({ seed }) => seed);
    assert.deepEqual(faulty, [], 'these seeds show a fault');
  });
});

function longest(reports: readonly SeedReport[], what: 'longestNoneMs' | 'longestTwoMs'): string {
  const [worst] = [...reports].sort((a, b) => b[what] - a[what]);
  return worst === undefined ? '-' : `${Math.round(worst[what])} ms (seed ${worst.seed})`;
}
