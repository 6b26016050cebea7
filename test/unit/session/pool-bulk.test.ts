import { strict as assert } from 'node:assert';
import { Ledger } from '../../../edge-speaker/src/election/ledger.ts';
import { Seeds } from '../../../edge-speaker/src/election/seeds.ts';
import { PoolRun } from '../../support/pool-run.ts';

const ADDRESSES = Array.from({ length: 1000 }, (_, i) => `10.9.${i >> 8}.${i & 255}`);
/** What one turn of the loop may do. */
const PER_TURN = 64;
const LAN = { seed: 1, loss: 0, delayMs: [0.1, 0.3] } as const;

async function started(run: PoolRun): Promise<PoolRun> {
  await new Promise(setImmediate); // the ports are open
  run.advance(10_000);
  return run;
}

describe('a thousand addresses at once', () => {
  const offers = (addresses: readonly string[]) =>
    addresses.map((address) => ({ address, uids: ['u'], rv: 1n, proven: true }));

  it('are judged in turns, each once', () => {
    const ledger = new Ledger('a', new Seeds());
    ledger.setOffers(offers(ADDRESSES), 1n);
    const told: string[] = [];
    for (let turns = 0; ledger.isDue(0); turns++) {
      assert.ok(turns < 20, 'it ends');
      const effects = [...ledger.decide([ledger.view()], true, 0), ...ledger.decide([ledger.view()], true, 0)];
      assert.ok(effects.length <= PER_TURN);
      told.push(...effects.map(({ kind, address }) => `${kind} ${address}`));
      ledger.beginTurn();
    }
    assert.deepEqual(
      told,
      ADDRESSES.map((address) => `announce ${address}`),
    );
  });

  it('given up before their turn are never announced', () => {
    const ledger = new Ledger('a', new Seeds());
    ledger.setOffers(offers(ADDRESSES), 1n);
    const first = ledger.decide([ledger.view()], true, 0).map(({ address }) => address);
    ledger.setOffers([], 2n);
    const told = new Map<string, string[]>();
    for (let turns = 0; ledger.isDue(0) && turns < 20; turns++) {
      ledger.beginTurn();
      for (const { kind, address } of ledger.decide([ledger.view()], true, 0)) {
        told.set(address, [...(told.get(address) ?? []), kind]);
      }
    }
    assert.ok(!ledger.isDue(0));
    assert.deepEqual([...told.keys()].sort(), [...first].sort());
    for (const kinds of told.values()) assert.deepEqual(kinds, ['withdraw']);
  });

  it('change hands without a gap when a member comes, dies and leaves', async () => {
    const run = await started(new PoolRun({ ...LAN, members: 3, addresses: ADDRESSES.slice(0, 300) }));
    const [first, second] = run.members;
    assert.ok(first !== undefined && second !== undefined);
    const each = () => run.options.addresses.every((address) => run.answering(address).length === 1);
    assert.ok(each());
    run.longestNoneMs = 0;
    run.longestTwoMs = 0;
    const left = first.session.leave('test');
    run.advance(700);
    await left;
    await first.session.close();
    assert.equal(first.answers.size, 0);
    assert.equal(run.longestNoneMs, 0);
    run.restart(first);
    await new Promise(setImmediate);
    run.advance(10_000);
    assert.ok(each() && first.answers.size > 50);
    assert.equal(run.longestNoneMs, 0, 'it took them without a gap');
    assert.ok(run.longestTwoMs < 20, `two answered for ${run.longestTwoMs} ms`);
    run.kill(second);
    run.advance(1_000);
    assert.ok(each());
    assert.ok(run.longestNoneMs < 20, `none answered for ${run.longestNoneMs} ms`);
  });
});

describe('a claim that cannot be carried out', () => {
  it('is told to nobody: the holder goes on', async () => {
    const addresses = ADDRESSES.slice(0, 20);
    const refused = new Set<string>();
    const run = new PoolRun({ ...LAN, members: 2, addresses, refuses: (node) => refused.has(node) });
    await started(run);
    const [first, second] = run.members;
    assert.ok(first !== undefined && second !== undefined);
    run.kill(second);
    run.advance(1_000);
    assert.equal(first.answers.size, addresses.length);
    run.longestNoneMs = 0;
    refused.add(second.node);
    run.restart(second);
    await new Promise(setImmediate);
    run.advance(10_000);
    assert.equal(first.session.members()[0]?.state, 'alive');
    assert.equal(second.answers.size, 0);
    assert.equal(first.answers.size, addresses.length);
    assert.equal(run.longestNoneMs, 0);
    assert.deepEqual(
      first.told.filter((line) => line.includes('withdraw')),
      [],
    );
  });
});
