import { strict as assert } from 'node:assert';
import { PoolRun } from '../../support/pool-run.ts';

const ADDRESSES = ['10.9.0.1', '10.9.0.2', '10.9.0.3', '10.9.0.4'];

async function pool(): Promise<PoolRun> {
  const run = new PoolRun({ seed: 3, loss: 0, delayMs: [0.05, 0.5], members: 3, addresses: ADDRESSES });
  await Promise.resolve();
  return run;
}

/** What the members' hubs were told since {@link mark}, of these addresses alone. */
function watch(run: PoolRun): () => string[] {
  const marks = run.members.map(({ told }) => told.length);
  return () =>
    run.members.flatMap(({ node, told }, i) =>
      told
        .slice(marks[i])
        .filter((line) => ADDRESSES.includes(line.split(' ')[2] ?? ''))
        .map((line) => `${node} ${line}`),
    );
}

const allAlive = (run: PoolRun) =>
  run.members.every(({ session }) => session.members().every(({ state }) => state === 'alive'));

describe('a pool under attack and in bulk', () => {
  it('every datagram that was ever heard, sent again to everybody, moves nothing and invents nobody', async () => {
    const run = await pool();
    const heard: Buffer[] = [];
    for (const { host } of run.members) {
      const { handlers } = host;
      assert.ok(handlers);
      host.handlers = {
        ...handlers,
        datagram: (bytes, from) => {
          heard.push(bytes);
          handlers.datagram(bytes, from);
        },
      };
    }
    run.advance(8_000);
    assert.ok(heard.length > 200 && allAlive(run));
    const moved = watch(run);
    const rogue = run.stranger();
    const recorded = heard.slice();
    for (const bytes of recorded) {
      for (const { address } of run.members) rogue.sendTo(bytes, { address, port: 10373 });
      run.advance(2);
    }
    run.advance(3_000);
    assert.deepEqual(moved(), []);
    assert.ok(allAlive(run));
    for (const { session, counts, node } of run.members) {
      assert.equal(session.members().length, 2, `${node} knows its two`);
      assert.ok((counts.get('heartbeat-old') ?? 0) >= recorded.length / 8, `${node} ${[...counts]}`);
    }
  });

  it('a thousand Services that arrive and go move no other address and cost no member', async () => {
    const run = await pool();
    run.advance(8_000);
    const moved = watch(run);
    const some = run.members.map(({ offers }) => offers);
    const many = Array.from({ length: 1000 }, (_, i) => run.offer(`10.20.${i >> 8}.${i & 255}`, 11n));
    for (const [i, { session }] of run.members.entries())
      session.setOffers({ items: [...(some[i] ?? []), ...many], seenRv: 11n });
    run.advance(2_000);
    for (const { address } of many) assert.equal(run.answering(address).length, 1, address);
    for (const [i, { session }] of run.members.entries()) session.setOffers({ items: some[i] ?? [], seenRv: 12n });
    run.advance(2_000);
    for (const { address } of many) assert.deepEqual(run.answering(address), []);
    assert.deepEqual(moved(), []);
    assert.ok(allAlive(run));
  });
});
