import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG } from '@openyurt/nodepool-types';
import { type EndpointsWord, isTombstone } from '../../../edge-speaker/src/election/offer.ts';
import { PoolRun, type RunMember } from '../../support/pool-run.ts';

const VIP = '10.9.0.1';

/** Three members, ready, of whom one announces. */
async function pool(): Promise<{ run: PoolRun; owner: RunMember; others: RunMember[] }> {
  const lan = { seed: 3, loss: 0, delayMs: [0.05, 0.5] as const };
  const run = new PoolRun({ ...lan, members: 3, addresses: [VIP] });
  await Promise.resolve();
  for (const member of run.members) say(run, member, 'not-asked');
  run.advance(1_000 + DEFAULT_SITE_CONFIG.minReadySeconds * 1_000);
  const owner = run.members.find(({ answers }) => answers.has(VIP)) ?? assert.fail('nobody announces');
  run.longestNoneMs = 0;
  run.longestTwoMs = 0;
  return { run, owner, others: run.members.filter((member) => member !== owner) };
}

/** What the hub of a member says of the endpoints behind its offer. */
function say(run: PoolRun, member: RunMember, endpoints: EndpointsWord): void {
  const offer = run.offer(VIP);
  if (isTombstone(offer)) throw new Error('given up');
  const item = { ...offer, endpoints };
  member.offers = [item];
  member.session.setOffers({ items: [item], seenRv: 10n });
  run.advance(50);
}

describe('dead endpoints in the pool', () => {
  it('the address goes to a member with a live one, without a gap, and comes back', async () => {
    const { run, owner, others } = await pool();
    for (const other of others) say(run, other, 'alive');
    say(run, owner, 'dead');
    const [successor, ...more] = run.answering(VIP);
    assert.deepEqual(more, []);
    assert.notEqual(successor, owner.node);
    say(run, owner, 'alive');
    assert.deepEqual(run.answering(VIP), [owner.node]);
    assert.equal(run.longestNoneMs, 0);
    assert.ok(run.longestTwoMs < 20, `${run.longestTwoMs}`);
  });

  it('goes to nobody who has not asked, whoever is asked first', async () => {
    const { run, owner, others } = await pool();
    const [first, second] = [others[0] ?? assert.fail(), others[1] ?? assert.fail()];
    for (const member of [owner, first]) say(run, member, 'dead');
    assert.deepEqual(run.answering(VIP), [owner.node]);
    say(run, second, 'alive');
    assert.deepEqual(run.answering(VIP), [second.node]);
    say(run, first, 'not-asked');
    say(run, owner, 'not-asked');
    assert.deepEqual(run.answering(VIP), [second.node]);
    for (const member of [owner, second]) say(run, member, 'not-asked');
    assert.deepEqual(run.answering(VIP), [owner.node]);
    assert.equal(run.longestNoneMs, 0);
  });

  it('stays where it is when all are dead, whoever was first', async () => {
    const { run, owner, others } = await pool();
    for (const other of others) say(run, other, 'dead');
    assert.deepEqual(run.answering(VIP), [owner.node]);
    say(run, owner, 'dead');
    assert.deepEqual(run.answering(VIP), [owner.node]);
    say(run, others[0] ?? assert.fail(), 'alive');
    assert.deepEqual(run.answering(VIP), [others[0]?.node]);
    say(run, others[0] ?? assert.fail(), 'dead');
    assert.deepEqual(run.answering(VIP), [others[0]?.node]);
    assert.equal(run.longestNoneMs, 0);
  });

  it('a member that starts takes nothing from one with dead endpoints before it is ready', async () => {
    const { run, owner, others } = await pool();
    const [first, second] = [others[0] ?? assert.fail(), others[1] ?? assert.fail()];
    for (const member of [first, second, owner]) say(run, member, 'dead');
    run.kill(first);
    run.advance(1_000);
    const offer = run.offer(VIP);
    first.offers = [isTombstone(offer) ? offer : { ...offer, endpoints: 'alive' as const }];
    run.restart(first);
    await Promise.resolve();
    run.advance(DEFAULT_SITE_CONFIG.minReadySeconds * 1_000 - 500);
    assert.deepEqual(run.answering(VIP), [owner.node]);
    run.advance(2_000);
    assert.deepEqual(run.answering(VIP), [first.node]);
  });

  it('the only one left goes on', async () => {
    const { run, owner, others } = await pool();
    for (const other of others) run.kill(other);
    run.advance(1_000);
    say(run, owner, 'dead');
    assert.deepEqual(run.answering(VIP), [owner.node]);
  });
});
