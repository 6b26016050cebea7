import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import type { OfferItem } from '../../../edge-speaker/src/election/offer.ts';
import { encodeFrame, MAX_FRAME } from '../../../edge-speaker/src/session/frames.ts';
import { toJson } from '../../../edge-speaker/src/session/messages.ts';
import { Teller } from '../../../edge-speaker/src/session/teller.ts';
import { hearClaims, hearOffers, Told } from '../../../edge-speaker/src/session/told.ts';

const offer = (i: number, uids: string[] = ['u']): OfferItem => ({
  address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
  uids,
  rv: BigInt(i),
  proven: true,
});

/** A teller and its listener, as one session has them. */
function pair() {
  const own = { items: new Map<string, OfferItem>(), claims: new Map<string, true>(), seenRv: 0n };
  const teller = new Teller();
  const offers = new Told<OfferItem>('offers');
  const claims = new Told<number>('claims');
  let nowMs = 0;
  const flush = (drop = false) => {
    const messages = teller.flush(own);
    for (const message of messages) {
      assert.ok(encodeFrame(toJson(message)).length <= MAX_FRAME);
      if (drop) continue;
      const heard =
        message.t === 'offers' || message.t === 'offers-delta'
          ? hearOffers(offers, message)
          : message.t === 'claims' || message.t === 'claims-delta'
            ? hearClaims(claims, message, nowMs++)
            : assert.fail();
      if (heard !== 'too-much' && 'ask' in heard) teller.tellAgain(heard.ask.what);
    }
    return messages.length;
  };
  return { own, teller, offers, claims, flush };
}

describe('telling and hearing', () => {
  it('whatever changes in between, the listener ends with what the teller has', () => {
    const change = fc.record({
      i: fc.nat(20),
      set: fc.boolean(),
      what: fc.constantFrom('offer', 'claim'),
      flush: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change), fc.nat(10), (changes, dropAt) => {
        const { own, teller, offers, claims, flush } = pair();
        for (const [n, { i, set, what, flush: now }] of changes.entries()) {
          const item = offer(i);
          if (what === 'offer') {
            if (set) own.items.set(item.address, item);
            else own.items.delete(item.address);
            teller.offerChanged(item.address);
          } else {
            if (set) own.claims.set(item.address, true);
            else own.claims.delete(item.address);
            teller.claimChanged(item.address);
          }
          if (now) flush(n === dropAt);
        }
        own.seenRv++;
        teller.offerChanged('');
        teller.claimChanged('');
        while (flush() > 0); // a gap is noticed by the next delta, and asked for
        assert.deepEqual(new Map(offers.entries), own.items);
        assert.deepEqual([...claims.entries.keys()].sort(), [...own.claims.keys()].sort());
        assert.ok(offers.complete && claims.complete);
      }),
    );
  });

  it('a long list comes in parts and takes effect whole', () => {
    const { own, offers, flush } = pair();
    const uids = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(36, 'x'));
    for (let i = 0; i < 5000; i++) own.items.set(offer(i).address, offer(i, uids));
    assert.ok(flush() > 5);
    assert.equal(offers.entries.size, 5000);
  });

  it('half of a list is no list', () => {
    const told = new Told<number>('claims');
    told.whole(1, [['a', 1]], true);
    assert.equal(told.complete, false);
    assert.deepEqual(told.delta(1, 2, [['b', 2]], [], false), { changed: ['a', 'b'] });
    assert.ok(told.complete);
  });

  it('a claim is as old as when it was heard first, however often it is told', () => {
    const told = new Told<number>('claims');
    const whole = { t: 'claims', version: 1, items: ['a', 'b'], more: false } as const;
    hearClaims(told, whole, 10);
    hearClaims(told, { t: 'claims-delta', from: 1, to: 2, set: ['a', 'c'], gone: ['b'], more: false }, 20);
    hearClaims(told, { ...whole, version: 3, items: ['a', 'b', 'c'] }, 30);
    assert.deepEqual(Object.fromEntries(told.entries), { a: 10, b: 30, c: 20 });
  });

  it('too long a list is refused', () => {
    const entries = Array.from({ length: 50_001 }, (_, i) => [`${i}`, 1] as const);
    assert.equal(new Told<number>('claims').whole(1, entries, false), 'too-much');
  });
});
