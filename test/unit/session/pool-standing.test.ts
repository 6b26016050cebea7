import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG, type SiteConfig } from '@openyurt/nodepool-types';
import { elect } from '../../../edge-speaker/src/election/elect.ts';
import { Seeds } from '../../../edge-speaker/src/election/seeds.ts';
import { PoolRun, type RunMember } from '../../support/pool-run.ts';
import { seeded } from '../../support/virtual-time.ts';

const ADDRESSES = ['10.9.0.1', '10.9.0.2', '10.9.0.3', '10.9.0.4', '10.9.0.5', '10.9.0.6'];
const seeds = new Seeds();
const READY_MS = DEFAULT_SITE_CONFIG.minReadySeconds * 1000;

async function pool(members: number, site: Partial<SiteConfig> = {}, seed = 7): Promise<PoolRun> {
  const lan = { seed, loss: 0, delayMs: [0.05, 0.5] as const };
  const run = new PoolRun({ ...lan, members, addresses: ADDRESSES, site: { ...DEFAULT_SITE_CONFIG, ...site } });
  await turn(run, 0);
  return run;
}

/** Promises have their turn, then time passes. */
async function turn(run: PoolRun, ms: number): Promise<void> {
  await Promise.resolve();
  run.advance(ms);
}

const nodes = (run: PoolRun) => run.members.map(({ node }) => node);
const owners = (run: PoolRun) => Object.fromEntries(ADDRESSES.map((address) => [address, run.answering(address)]));
const elected = (among: readonly string[]) =>
  Object.fromEntries(ADDRESSES.map((address) => [address, [elect(address, among, seeds)]]));
const memberOf = (run: PoolRun, node: string) => run.members.find((m) => m.node === node) ?? assert.fail(node);
const announced = (member: RunMember) => member.told.filter((line) => line.includes(' announce '));
const withdrawn = (member: RunMember) => member.told.filter((line) => line.includes(' withdraw '));
const standingOf = (run: PoolRun, node: string, at: string) =>
  memberOf(run, at)
    .session.members()
    .find((m) => m.node === node)?.standing;
const split = (run: PoolRun, alone: readonly string[]) =>
  run.partition(new Map(run.members.map(({ node, address }) => [address, alone.includes(node) ? 1 : 0])));

describe('how a member stands', () => {
  it('a site that starts answers at once, each address once', async () => {
    const run = await pool(3);
    await turn(run, 1000);
    assert.deepEqual(owners(run), elected(nodes(run)));
    assert.ok(run.longestNoneMs < 500, `${run.longestNoneMs}`);
    for (const node of ['n1', 'n2']) assert.equal(standingOf(run, node, 'n0'), 'young');
    await turn(run, READY_MS);
    for (const node of ['n1', 'n2']) assert.equal(standingOf(run, node, 'n0'), 'ready');
  });

  it('starts one after the other: each address moves at most once for each member that comes, when it is ready', async () => {
    for (const gapMs of [40, 700, 2600, 7000]) {
      const run = await pool(4, {}, gapMs);
      for (const member of run.members) run.kill(member);
      for (const member of run.members) {
        run.restart(member);
        const before = JSON.stringify(owners(run));
        await turn(run, Math.min(gapMs, READY_MS - 1));
        const first = member.node === 'n0';
        if (!first && gapMs >= READY_MS) assert.equal(JSON.stringify(owners(run)), before, 'not yet ready');
        await turn(run, Math.max(0, gapMs - READY_MS + 1));
      }
      await turn(run, READY_MS + 500);
      assert.deepEqual(owners(run), elected(nodes(run)), `gap ${gapMs}`);
      for (const member of run.members) {
        const times = new Map<string, number>();
        for (const line of announced(member))
          times.set(line.split(' ')[2] ?? '', 1 + (times.get(line.split(' ')[2] ?? '') ?? 0));
        for (const [address, count] of times)
          assert.equal(count, 1, `${member.node} announced ${address} ${count} times`);
      }
    }
  });

  it('one that comes back takes its addresses again after minReadySeconds, in one change, without a gap', async () => {
    const run = await pool(3);
    await turn(run, READY_MS + 1000);
    const victim = run.members.find((m) => m.answers.size > 0) ?? assert.fail();
    const held = [...victim.answers];
    run.kill(victim);
    await turn(run, 1000);
    run.restart(victim);
    run.longestNoneMs = 0;
    run.longestTwoMs = 0;
    await turn(run, READY_MS - 5);
    assert.deepEqual([...victim.answers], []);
    await turn(run, 500);
    assert.deepEqual([...victim.answers].sort(), held.sort());
    assert.equal(announced(victim).length, held.length);
    assert.equal(run.longestNoneMs, 0);
    assert.ok(run.longestTwoMs < 20, `${run.longestTwoMs}`);
  });

  it('minReadySeconds 0: at once', async () => {
    const run = await pool(3, { minReadySeconds: 0 });
    await turn(run, 1000);
    const victim = run.members.find((m) => m.answers.size > 0) ?? assert.fail();
    run.kill(victim);
    await turn(run, 1000);
    run.restart(victim);
    await turn(run, 500);
    assert.deepEqual(owners(run), elected(nodes(run)));
  });

  it('one that had stopped is young again', async () => {
    const run = await pool(3);
    await turn(run, READY_MS + 1000);
    const victim = run.members.find((m) => m.answers.size > 0) ?? assert.fail();
    run.stop(victim);
    await turn(run, 1000);
    run.go(victim);
    await turn(run, READY_MS - 500);
    assert.equal(victim.answers.size, 0);
    await turn(run, 1000);
    assert.deepEqual(owners(run), elected(nodes(run)));
  });

  it('a drained node hands over without a gap, and goes on where nobody else does', async () => {
    const run = await pool(3);
    await turn(run, READY_MS + 1000);
    run.longestNoneMs = 0;
    const left = nodes(run);
    while (left.length > 0) {
      memberOf(run, left.shift() ?? '').session.setDraining(true);
      await turn(run, 100);
      assert.deepEqual(owners(run), elected(left.length > 0 ? left : nodes(run)));
    }
    for (const { session } of run.members) session.setDraining(false);
    await turn(run, 100);
    assert.deepEqual(owners(run), elected(nodes(run)));
    assert.equal(run.longestNoneMs, 0);
  });

  it('a drained node announces alone when the others die, and gives back when one returns', async () => {
    const run = await pool(2);
    await turn(run, READY_MS + 1000);
    memberOf(run, 'n0').session.setDraining(true);
    await turn(run, 100);
    run.kill(memberOf(run, 'n1'));
    await turn(run, 500);
    assert.deepEqual(owners(run), elected(['n0']));
    run.restart(memberOf(run, 'n1'));
    await turn(run, 500);
    assert.deepEqual(owners(run), elected(['n1']), 'young, and still better than drained');
  });

  it('failBack never: who announces keeps it, two that meet are settled', async () => {
    const run = await pool(3, { failBack: 'never' });
    await turn(run, READY_MS + 1000);
    const victim = run.members.find((m) => m.answers.size > 0) ?? assert.fail();
    run.kill(victim);
    await turn(run, 1000);
    const before = owners(run);
    run.restart(victim);
    await turn(run, 2 * READY_MS);
    assert.deepEqual(owners(run), before);
    split(run, [victim.node]);
    await turn(run, 2000);
    assert.equal(victim.answers.size, ADDRESSES.length);
    split(run, []);
    await turn(run, 2000);
    const others = (address: string) => [...(before[address] ?? []), victim.node];
    for (const address of ADDRESSES) assert.deepEqual(run.answering(address), [elect(address, others(address), seeds)]);
  });

  it('settings change while it runs: never, and always again', async () => {
    const run = await pool(2, { failBack: 'never' });
    await turn(run, READY_MS + 1000);
    memberOf(run, 'n0').session.setDraining(true);
    await turn(run, 100);
    memberOf(run, 'n0').session.setDraining(false);
    await turn(run, 1000);
    assert.deepEqual(owners(run), elected(['n1']));
    for (const { session } of run.members) session.setSite(DEFAULT_SITE_CONFIG);
    await turn(run, 100);
    assert.deepEqual(owners(run), elected(nodes(run)));
  });
});

describe('splitPolicy majority', () => {
  const nobody = Object.fromEntries(ADDRESSES.map((address) => [address, []]));
  /** Answers of one side: the others may not be reachable, their answers are another domain's. */
  const side = (run: PoolRun, of: readonly string[]) =>
    Object.fromEntries(ADDRESSES.map((a) => [a, run.answering(a).filter((node) => of.includes(node))]));

  const cases = [
    { name: '2 + 2: the half with the lowest name', members: 4, alone: ['n2', 'n3'] },
    { name: '2 + 2, the other way round', members: 4, alone: ['n1', 'n3'] },
    { name: '3 + 2', members: 5, alone: ['n0', 'n1'] },
    { name: '4 + 1', members: 5, alone: ['n0'] },
  ];
  for (const { name, members, alone } of cases) {
    it(`${name} announces, the other side falls silent, and the heal brings all back`, async () => {
      const run = await pool(members, { splitPolicy: 'majority' });
      await turn(run, READY_MS + 1000);
      assert.deepEqual(owners(run), elected(nodes(run)));
      split(run, alone);
      await turn(run, 1000);
      const rest = nodes(run).filter((node) => !alone.includes(node));
      assert.deepEqual(side(run, alone), nobody);
      assert.deepEqual(side(run, rest), elected(rest));
      run.longestNoneMs = 0;
      run.longestTwoMs = 0;
      split(run, []);
      await turn(run, READY_MS - 1500);
      assert.deepEqual(owners(run), elected(rest), 'nothing moves at the heal');
      await turn(run, READY_MS);
      assert.deepEqual(owners(run), elected(nodes(run)));
      assert.equal(run.longestNoneMs, 0);
      assert.ok(run.longestTwoMs < 20, `${run.longestTwoMs}`);
    });
  }

  it('deaths count like cuts: two of three dead, and the third is silent until one is back', async () => {
    const run = await pool(3, { splitPolicy: 'majority' });
    await turn(run, READY_MS + 1000);
    const killedMs = run.lan.time.monotonicMs();
    for (const node of ['n0', 'n1']) run.kill(memberOf(run, node));
    await turn(run, 1000);
    assert.deepEqual(owners(run), nobody);
    const after = withdrawn(memberOf(run, 'n2')).filter((line) => Number(line.split(' ')[0]) >= killedMs);
    assert.ok(after.length > 0 && after.every((line) => line.endsWith(' minority')), `${after}`);
    run.restart(memberOf(run, 'n1'));
    await turn(run, 1000);
    for (const address of ADDRESSES) assert.equal(run.answering(address).length, 1, 'all young: nobody waits');
    await turn(run, READY_MS);
    assert.deepEqual(owners(run), elected(['n1', 'n2']));
  });

  it('three that never met announce nothing', async () => {
    const run = await pool(3, { splitPolicy: 'majority' });
    for (const member of run.members) run.kill(member);
    run.partition(new Map(run.members.map(({ address }, i) => [address, i])));
    for (const member of run.members) run.restart(member);
    await turn(run, 2 * READY_MS);
    assert.deepEqual(owners(run), nobody);
  });

  it('two Nodes: treated as always, and said once', async () => {
    const run = await pool(2, { splitPolicy: 'majority' });
    await turn(run, 1000);
    split(run, ['n1']);
    await turn(run, 1000);
    for (const { answers, counts } of run.members) {
      assert.equal(answers.size, ADDRESSES.length);
      assert.equal(counts.get('split-policy-few-nodes'), 1);
    }
  });

  it('never two answers in a site that splits at random, and one at rest (10 seeds)', async function () {
    this.timeout(120_000);
    for (let seed = 1; seed <= 10; seed++) {
      const random = seeded(seed * 104_729);
      const run = await pool(
        3 + Math.floor(random() * 4),
        { splitPolicy: 'majority', minReadySeconds: seed % 2 },
        seed,
      );
      await turn(run, 2500);
      for (let i = 0; i < 6; i++) {
        run.partition(new Map(run.members.map(({ address }) => [address, random() < 0.5 ? 1 : 0])));
        await turn(run, 1000 + random() * 2000); // longer than it takes to notice
        for (const [address, who] of Object.entries(owners(run))) {
          assert.ok(who.length <= 1, `seed ${seed}: ${address} answered by ${who} at ${run.lan.time.monotonicMs()}`);
        }
      }
      run.partition(new Map());
      await turn(run, 4000);
      assert.deepEqual(owners(run), elected(nodes(run)), `seed ${seed}`);
    }
  });
});
