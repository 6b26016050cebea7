import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { candidates } from '../../../edge-speaker/src/election/candidates.ts';
import { elect } from '../../../edge-speaker/src/election/elect.ts';
import { HAND_OVER_MS, type Holding, judge, type Situation } from '../../../edge-speaker/src/election/holding.ts';
import type { MemberView, OfferItem } from '../../../edge-speaker/src/election/offer.ts';
import { score, seedOf } from '../../../edge-speaker/src/election/score.ts';
import { Seeds } from '../../../edge-speaker/src/election/seeds.ts';
import { Tombstones } from '../../../edge-speaker/src/election/tombstones.ts';

const A = '10.9.0.1';
const seeds = new Seeds();
/** Members of different releases must agree: this number is part of the protocol. */
const SCORE_OF_VERSION_1 = 7488975550078626;

const offer = (rv: number, { proven = true, uids = ['u'] } = {}): OfferItem => ({
  address: A,
  uids,
  rv: BigInt(rv),
  proven,
});
const gone = (rv: number): OfferItem => ({ address: A, gone: true, rv: BigInt(rv) });
const view = (node: string, item?: OfferItem, offering = true): MemberView => ({
  node,
  items: new Map(item === undefined ? [] : [[A, item]]),
  claims: new Map(),
  seenRv: 0n,
  offering,
  standing: 'ready',
});

describe('candidates', () => {
  const cases: { name: string; views: MemberView[]; want: string[] }[] = [
    { name: 'who offers stands', views: [view('a', offer(1)), view('b')], want: ['a'] },
    { name: 'a leaving member does not', views: [view('a', offer(1), false), view('b', offer(1))], want: ['b'] },
    {
      name: 'an older unproven offer yields to a tombstone',
      views: [view('a', offer(1, { proven: false })), view('b', gone(2))],
      want: [],
    },
    { name: 'a newer one does not', views: [view('a', offer(3, { proven: false })), view('b', gone(2))], want: ['a'] },
    {
      name: 'nor one of the same age',
      views: [view('a', offer(2, { proven: false })), view('b', gone(2))],
      want: ['a'],
    },
    {
      name: 'a proven offer stays until its own member hears',
      views: [view('a', offer(1)), view('b', gone(2))],
      want: ['a'],
    },
    {
      name: 'an older unproven offer for other Services yields',
      views: [view('a', offer(1, { proven: false })), view('b', offer(2, { uids: ['v'] }))],
      want: ['b'],
    },
    {
      name: 'for the same Services both stand',
      views: [view('a', offer(1, { proven: false })), view('b', offer(2))],
      want: ['a', 'b'],
    },
    {
      name: 'between two without proof the newer word holds',
      views: [view('a', offer(1, { proven: false })), view('b', offer(2, { proven: false, uids: ['v'] }))],
      want: ['b'],
    },
  ];
  for (const { name, views, want } of cases) {
    it(name, () => {
      const counting = candidates(A, views).map(({ node }) => node);
      assert.deepEqual(counting, want);
    });
  }
});

describe('elect', () => {
  const nodes = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 10 });
  const address = fc.ipV4();

  it('names the same member whatever the order they are asked in', () => {
    fc.assert(
      fc.property(nodes, address, fc.nat(), (members, at, turn) => {
        const shift = turn % members.length;
        const turned = [...members.slice(shift), ...members.slice(0, shift)].reverse();
        assert.equal(elect(at, members, seeds), elect(at, turned, new Seeds()));
      }),
    );
  });

  it('moves only what a member that goes had', () => {
    fc.assert(
      fc.property(nodes, address, fc.nat(), (members, at, which) => {
        const before = elect(at, members, seeds);
        const lost = members[which % members.length];
        const after = elect(
          at,
          members.filter((node) => node !== lost),
          seeds,
        );
        if (before !== lost) assert.equal(after, before);
      }),
    );
  });

  it('spreads evenly', () => {
    const members = ['edge-1', 'edge-2', 'edge-3', 'edge-4'];
    const won = new Map(members.map((node) => [node, 0]));
    for (let i = 0; i < 4000; i++) {
      const winner = elect(`192.168.${i >> 8}.${i & 255}`, members, seeds) ?? '';
      won.set(winner, (won.get(winner) ?? 0) + 1);
    }
    for (const [node, count] of won) assert.ok(Math.abs(count - 1000) < 130, `${node} has ${count} of 4000`);
  });

  it('keeps the score of the wire form', () => {
    assert.equal(score(seedOf('edge-1'), seedOf('192.168.10.240')), SCORE_OF_VERSION_1);
  });

  it('names nobody where nobody stands', () => assert.equal(elect(A, [], seeds), undefined));
});

describe('judge', () => {
  const base: Situation = {
    self: 'me',
    winner: 'me',
    standing: true,
    mayClaim: true,
    betterClaim: false,
    anyClaim: false,
  };
  const held: Holding = { sinceMs: 5 };
  const waiting: Holding = { sinceMs: 5, releaseByMs: 100 };
  const cases: { name: string; holding?: Holding; s: Partial<Situation>; want: ReturnType<typeof judge> }[] = [
    { name: 'the winner claims', s: {}, want: { verdict: 'claim', holding: { sinceMs: 100 } } },
    { name: 'not before the pool is heard', s: { mayClaim: false }, want: { verdict: 'none' } },
    { name: 'another wins', s: { winner: 'other' }, want: { verdict: 'none' } },
    {
      name: 'the winner takes over from a holder',
      s: { anyClaim: true },
      want: { verdict: 'claim', holding: { sinceMs: 100 } },
    },
    { name: 'a holder that wins keeps', holding: held, s: {}, want: { verdict: 'keep', holding: held } },
    {
      name: 'and in doubt about others too',
      holding: held,
      s: { mayClaim: false },
      want: { verdict: 'keep', holding: held },
    },
    {
      name: 'a holder waits for the winner to claim',
      holding: held,
      s: { winner: 'other' },
      want: { verdict: 'keep', holding: held },
    },
    {
      name: 'and falls silent on that claim',
      holding: held,
      s: { winner: 'other', betterClaim: true, anyClaim: true },
      want: { verdict: 'hand-over' },
    },
    {
      name: 'a lesser claim moves nobody',
      holding: held,
      s: { anyClaim: true },
      want: { verdict: 'keep', holding: held },
    },
    {
      name: 'who offers no longer waits for the successor',
      holding: held,
      s: { standing: false, winner: 'other' },
      want: { verdict: 'keep', holding: { sinceMs: 5, releaseByMs: 100 + HAND_OVER_MS } },
    },
    { name: 'for a while', holding: waiting, s: { standing: false, winner: 'other' }, want: { verdict: 'release' } },
    {
      name: 'or hands over',
      holding: waiting,
      s: { standing: false, winner: 'other', anyClaim: true },
      want: { verdict: 'hand-over' },
    },
    {
      name: 'who offers no longer and has no successor releases',
      holding: held,
      s: { standing: false, winner: undefined },
      want: { verdict: 'release' },
    },
    { name: 'who offers again waits no longer', holding: waiting, s: {}, want: { verdict: 'keep', holding: held } },
  ];
  for (const { name, holding, s, want } of cases) {
    it(name, () => assert.deepEqual(judge(holding, { ...base, ...s }, 100), want));
  }
});

describe('Tombstones', () => {
  const stone = (rv: number) => ({ address: A, gone: true, rv: BigInt(rv) }) as const;

  it('keeps the newest word', () => {
    const kept = new Tombstones();
    assert.equal(kept.learn(stone(5)), true);
    assert.equal(kept.learn(stone(4)), false);
    assert.equal(kept.get(A)?.rv, 5n);
  });

  it('goes when the address is in use again, and when all have seen more', () => {
    const kept = new Tombstones();
    kept.learn(stone(5));
    assert.equal(kept.revive(A, 4n), false);
    assert.equal(kept.revive(A, 6n), true);
    kept.learn(stone(7));
    assert.deepEqual(kept.prune(6n), []);
    assert.deepEqual(kept.prune(7n), [A]);
  });

  it('is bounded, the oldest goes', () => {
    const kept = new Tombstones(2);
    for (const address of ['1', '2', '3']) kept.learn({ address, gone: true, rv: 1n });
    assert.deepEqual(kept.addresses().sort(), ['2', '3']);
  });
});
