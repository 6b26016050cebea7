import { strict as assert } from 'node:assert';
import { Ledger } from '../../../edge-speaker/src/election/ledger.ts';
import type { MemberView, OfferItem } from '../../../edge-speaker/src/election/offer.ts';
import { Seeds } from '../../../edge-speaker/src/election/seeds.ts';

const seeds = new Seeds();
const A = '10.9.0.1';
/** Of two members, the one that goes before the other for A. */
const [high, low] = (seeds.beats('a', 'b', A) ? ['a', 'b'] : ['b', 'a']) as [string, string];

const offer = (address = A, proven = true, rv = 10n): OfferItem => ({ address, uids: ['u'], rv, proven });
const view = (node: string, items: OfferItem[], claims: string[] = []): MemberView => ({
  node,
  items: new Map(items.map((item) => [item.address, item])),
  claims: new Map(claims.map((address) => [address, true])),
  seenRv: 10n,
  offering: true,
  standing: 'ready',
});

describe('Ledger', () => {
  it('announces what it wins: with a probe where the address is new to the pool', () => {
    const ledger = new Ledger('a', seeds, ['10.9.0.2']);
    ledger.setOffers([offer(), offer('10.9.0.2')], 10n);
    assert.deepEqual(ledger.decide([ledger.view()], true, 0), [
      { kind: 'announce', address: A, probe: true },
      { kind: 'announce', address: '10.9.0.2', probe: false },
    ]);
    assert.deepEqual([...ledger.takeChanges().claims], [A, '10.9.0.2']);
    assert.deepEqual(ledger.takeMemory()?.sort(), [A, '10.9.0.2']);
    assert.equal(ledger.takeMemory(), undefined);
  });

  it('a failover of ten thousand addresses asks for none of them', () => {
    const addresses = Array.from({ length: 10_000 }, (_, i) => `10.9.${i >> 8}.${i & 255}`);
    const ledger = new Ledger('a', seeds, addresses.slice(0, 5_000));
    for (const address of addresses) ledger.heardOf(address);
    ledger.setOffers(
      addresses.map((address) => offer(address)),
      10n,
    );
    const claims = [];
    for (let turn = 0; turn < 200; turn++) {
      claims.push(...ledger.decide([ledger.view()], true, 0));
      ledger.beginTurn();
    }
    assert.equal(claims.length, addresses.length);
    assert.deepEqual(
      claims.filter((claim) => claim.kind === 'announce' && claim.probe),
      [],
    );
  });

  describe('what was given up in a doubt of ourselves', () => {
    const cases: { name: string; meanwhile: (ledger: Ledger) => void; resumed: boolean }[] = [
      { name: 'is resumed where nobody announced it', meanwhile: () => {}, resumed: true },
      { name: 'is announced anew where another did', meanwhile: (ledger) => ledger.heardOf(A), resumed: false },
      { name: 'is announced anew where another may have', meanwhile: (ledger) => ledger.stirred(), resumed: false },
    ];
    for (const { name, meanwhile, resumed } of cases) {
      it(name, () => {
        const ledger = new Ledger('a', seeds, [A]);
        ledger.setOffers([offer()], 10n);
        const claim = { kind: 'announce', address: A, probe: false };
        assert.deepEqual(ledger.decide([ledger.view()], true, 0), [claim]);
        assert.equal(ledger.drop('paused').length, 1);
        meanwhile(ledger);
        assert.deepEqual(ledger.decide([ledger.view()], false, 0), []);
        ledger.judgeAll();
        assert.deepEqual(ledger.decide([ledger.view()], true, 0), [resumed ? { ...claim, resumed } : claim]);
        ledger.drop('failed');
        assert.deepEqual(ledger.decide([ledger.view()], true, 0), [claim], 'and once only');
      });
    }
  });

  it('claims nothing before the pool is heard, and everything after', () => {
    const ledger = new Ledger('a', seeds);
    ledger.setOffers([offer()], 10n);
    assert.deepEqual(ledger.decide([ledger.view()], false, 0), []);
    ledger.judgeAll();
    assert.equal(ledger.decide([ledger.view()], true, 1).length, 1);
  });

  it('does not probe what another member has announced', () => {
    const ledger = new Ledger('a', seeds);
    ledger.setOffers([offer()], 10n);
    ledger.heardOf(A);
    assert.deepEqual(ledger.decide([ledger.view()], true, 0), [{ kind: 'announce', address: A, probe: false }]);
  });

  it('after a heal the lesser claim goes at once, the better one is said once more', () => {
    for (const [self, want] of [
      [low, { kind: 'withdraw', address: A, reason: 'lost' }],
      [high, { kind: 'announce', address: A, probe: false }],
    ] as const) {
      const ledger = new Ledger(self, seeds, [A]);
      ledger.setOffers([offer()], 10n);
      ledger.decide([ledger.view()], true, 0);
      const other = view(self === low ? high : low, [offer()], [A]);
      ledger.meet(A, 'healed');
      ledger.judgeAnew([A]);
      assert.deepEqual(ledger.decide([ledger.view(), other], true, 1), [want]);
    }
  });

  it('a failed address is silent at once and offered again only when the hub says so', () => {
    const ledger = new Ledger('a', seeds, [A]);
    ledger.setOffers([offer()], 10n);
    ledger.decide([ledger.view()], true, 0);
    assert.deepEqual(ledger.failed(A), [{ kind: 'withdraw', address: A, reason: 'failed' }]);
    assert.deepEqual(ledger.decide([ledger.view()], true, 1), []);
    assert.equal(ledger.items.has(A), false);
    ledger.setOffers([offer()], 10n);
    assert.equal(ledger.decide([ledger.view()], true, 2).length, 1);
  });

  it('tells on a tombstone it heard, in place of its own stale offer', () => {
    const ledger = new Ledger('a', seeds);
    ledger.setOffers([offer(A, false, 5n)], 5n);
    ledger.hear({ address: A, gone: true, rv: 9n });
    assert.deepEqual(ledger.items.get(A), { address: A, gone: true, rv: 9n });
    ledger.prune(8n);
    assert.deepEqual(ledger.items.get(A), { address: A, gone: true, rv: 9n });
    ledger.setOffers([offer(A, true, 10n)], 10n);
    assert.deepEqual(ledger.items.get(A), offer(A, true, 10n));
  });

  it('a cloud that went back in time has given nothing up in its new history', () => {
    const ledger = new Ledger('a', seeds);
    ledger.setOffers([], 20n);
    ledger.hear({ address: A, gone: true, rv: 20n });
    const restored = offer(A, false, 5n);
    ledger.setOffers([restored], 20n);
    assert.deepEqual([...ledger.items.values()], [{ address: A, gone: true, rv: 20n }]);
    ledger.setOffers([restored], 6n);
    assert.deepEqual([...ledger.items.values()], [restored]);
  });

  it('a tombstone that had to go for want of room is told no more', () => {
    const ledger = new Ledger('a', seeds);
    for (let i = 0; i < 3_000; i++)
      ledger.hear({ address: `10.9.${i >> 8}.${i & 255}`, gone: true, rv: BigInt(i + 1) });
    assert.equal(ledger.items.size, 2_048);
    assert.equal(ledger.items.has('10.9.0.0'), false);
    ledger.prune(3_000n);
    assert.equal(ledger.items.size, 0);
  });

  it('an address that was given up is probed when it comes back', () => {
    const ledger = new Ledger('a', seeds, [A]);
    ledger.setOffers([{ address: A, gone: true, rv: 9n }], 9n);
    ledger.setOffers([offer()], 10n);
    assert.deepEqual(ledger.decide([ledger.view()], true, 0), [{ kind: 'announce', address: A, probe: true }]);
  });

  it('an address no longer offered waits for its successor, and not for ever', () => {
    const ledger = new Ledger(low, seeds, [A]);
    ledger.setOffers([offer()], 10n);
    ledger.decide([ledger.view()], true, 0);
    const other = view(high, [offer()]);
    ledger.setOffers([], 10n);
    assert.deepEqual(ledger.decide([ledger.view(), other], true, 0), []);
    assert.equal(ledger.dueMs(), 500);
    assert.deepEqual(ledger.decide([ledger.view(), other], true, 500), [
      { kind: 'withdraw', address: A, reason: 'not-offered' },
    ]);
    assert.equal(ledger.dueMs(), Infinity);
  });
});
