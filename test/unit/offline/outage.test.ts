import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { MOST_STORIES, Outage } from '../../../edge-speaker/src/offline/outage.ts';
import { decodeOutage } from '../../../edge-speaker/src/offline/outage-record.ts';

const VIP = '192.168.1.1';
const MINUTE = 60_000;
const AT_MS = Date.UTC(2026, 10, 21);
const none = new Set<string>();
const vip = new Set([VIP]);

/** `taken lost held stale` of one address, times in minutes. */
function told(outage: Outage, nowMs: number, address = VIP): string | undefined {
  const story = outage.summary(nowMs).stories.find(([name]) => name === address)?.[1];
  if (story === undefined) return undefined;
  const { taken, lost, firstMs, lastMs, held, stale } = story;
  const minutes = [firstMs, lastMs, held.ms, stale.ms].map((ms) => ms / MINUTE);
  return `taken ${taken} lost ${lost} from ${minutes[0]} to ${minutes[1]} held ${minutes[2]} stale ${stale.times}x ${minutes[3]}`;
}

describe('an outage as one node lived it', () => {
  type Step = ['took' | 'lost' | 'stale' | 'alive', number];
  const cases: { name: string; steps: Step[]; want: string | undefined }[] = [
    { name: 'nothing happened', steps: [], want: undefined },
    { name: 'taken and held', steps: [['took', 2]], want: 'taken 1 lost 0 from 2 to 2 held 8 stale 0x 0' },
    {
      name: 'taken and given up',
      steps: [
        ['took', 2],
        ['lost', 5],
      ],
      want: 'taken 1 lost 1 from 2 to 5 held 3 stale 0x 0',
    },
    {
      name: 'given up and taken back, twice',
      steps: [
        ['lost', 1],
        ['took', 2],
        ['lost', 3],
        ['took', 7],
      ],
      want: 'taken 2 lost 2 from 1 to 7 held 4 stale 0x 0',
    },
    {
      name: 'served with dead endpoints, twice',
      steps: [
        ['stale', 1],
        ['alive', 2],
        ['stale', 4],
        ['stale', 5],
      ],
      want: 'taken 0 lost 0 from 1 to 1 held 0 stale 2x 7',
    },
    {
      name: 'given up because of them',
      steps: [
        ['stale', 1],
        ['lost', 2],
      ],
      want: 'taken 0 lost 1 from 1 to 2 held 0 stale 1x 1',
    },
  ];
  for (const { name, steps, want } of cases) {
    it(name, () => {
      const outage = new Outage(0);
      for (const [what, minute] of steps) {
        if (what === 'took' || what === 'lost') outage[what](VIP, minute * MINUTE);
        else outage.stale(what === 'stale' ? vip : none, minute * MINUTE);
      }
      assert.equal(told(outage, 10 * MINUTE), want);
    });
  }

  it('says what is news of dead endpoints', () => {
    const outage = new Outage(0);
    const news = [vip, vip, none, none].map((addresses, i) => outage.stale(addresses, i));
    assert.deepEqual(news, [true, false, true, false]);
  });

  it('keeps a bounded number of stories and counts the rest', () => {
    const outage = new Outage(0);
    for (let i = 0; i < MOST_STORIES + 5; i++) outage.took(`a${i}`, i);
    const { stories, forgotten } = outage.summary(9_999);
    assert.deepEqual([stories.length, forgotten, stories[0]?.[0]], [MOST_STORIES, 5, 'a5']);
  });

  describe('over a restart', () => {
    const written = () => {
      const outage = new Outage(0);
      outage.took(VIP, 2 * MINUTE);
      outage.lost(VIP, 5 * MINUTE);
      return outage.stored(10, 6 * MINUTE, AT_MS + 1_000 * MINUTE);
    };
    const cases: { name: string; wall: number; forMinutes: number; atLeast: boolean; want: string }[] = [
      {
        name: 'the time the process was gone counts',
        wall: 1_004,
        forMinutes: 10,
        atLeast: false,
        want: 'taken 1 lost 1 from -8 to -5 held 3 stale 0x 0',
      },
      {
        name: 'where the clock ran back, only what was lived through',
        wall: 3,
        forMinutes: 6,
        atLeast: true,
        want: 'taken 1 lost 1 from -4 to -1 held 3 stale 0x 0',
      },
    ];
    for (const { name, wall, forMinutes, atLeast, want } of cases) {
      it(name, () => {
        const stored = decodeOutage(JSON.parse(JSON.stringify(written())));
        assert.ok(stored !== undefined);
        const outage = Outage.restore(stored, 0, AT_MS + wall * MINUTE);
        const summary = outage.summary(0);
        assert.deepEqual([summary.forMs / MINUTE, summary.atLeast, outage.confirmed], [forMinutes, atLeast, true]);
        assert.equal(told(outage, 0), want);
      });
    }

    it('a clock that was set right in between, after it had begun in 1970, does not make it half a century', () => {
      const outage = new Outage(0);
      outage.took(VIP, 2 * MINUTE);
      const stored = outage.stored(10, 6 * MINUTE, 8 * MINUTE);
      const summary = Outage.restore(stored, 0, Date.UTC(2026, 10, 21)).summary(0);
      assert.deepEqual([summary.forMs / MINUTE, summary.atLeast], [6, true]);
    });

    it('keeps the newest stories, and counts the others', () => {
      const outage = new Outage(0);
      for (let i = 0; i < 9; i++) outage.took(`a${i}`, i);
      const stored = outage.stored(2, 20, 0);
      assert.deepEqual(
        stored.stories.map(([address]) => address),
        ['a8', 'a7'],
      );
      assert.equal(stored.forgotten, 7);
    });

    it('what is none is none', () => {
      const junk = [
        undefined,
        null,
        3,
        'x',
        [],
        {},
        { ...written(), stories: [['a']] },
        { ...written(), forMs: null },
        { ...written(), forMs: 1e300 },
      ];
      for (const value of junk) assert.equal(decodeOutage(value), undefined);
    });
  });

  it('times add up whatever happens in whatever order', () => {
    const step = fc.record({
      what: fc.constantFrom('took', 'lost', 'stale', 'alive'),
      afterMs: fc.integer({ min: 0, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const outage = new Outage(0);
        let now = 0;
        for (const { what, afterMs } of steps) {
          now += afterMs;
          if (what === 'took' || what === 'lost') outage[what](VIP, now);
          else outage.stale(what === 'stale' ? vip : none, now);
        }
        const { forMs, stories } = outage.summary(now);
        for (const [, { held, stale, firstMs, lastMs }] of stories) {
          assert.ok(held.ms <= forMs && stale.ms <= forMs && held.ms >= 0 && stale.ms >= 0);
          assert.ok(firstMs <= lastMs && lastMs <= now);
        }
        const again = Outage.restore(outage.stored(10, now, AT_MS), now, AT_MS);
        assert.deepEqual(again.summary(now).stories, stories);
      }),
    );
  });
});
