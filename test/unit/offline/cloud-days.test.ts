import { strict as assert } from 'node:assert';
import { LbError } from '@openyurt/nodepool-types';
import { type CloudLink, type Contact, contactPauseMs } from '../../../edge-speaker/src/offline/cloud-link.ts';
import { CloudWatch } from '../../../edge-speaker/src/offline/cloud-watch.ts';
import { seeded } from '../../support/virtual-time.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SILENCE = new LbError('LB_API_UNREACHABLE', 'http://hub/healthz: no answer within 2000 ms', 'r');

/** A link as it is: `answers` within 50 ms, `refuses` at once, `swallows` until the deadline, `says`: a hub that knows. */
type Truth = 'answers' | 'swallows' | 'refuses' | 'says';

interface Day {
  readonly turns: { readonly state: CloudLink['kind']; readonly atMs: number }[];
  readonly lines: number;
  readonly contacts: number;
}

/** Asks as the feed does, for so long. */
function live(forMs: number, truth: (atMs: number) => Truth, seed: number): Day {
  const random = seeded(seed);
  const watch = new CloudWatch(0);
  const turns: { state: CloudLink['kind']; atMs: number }[] = [];
  let lines = 0;
  let contacts = 0;
  for (let now = 0; now < forMs; ) {
    const now_ = truth(now);
    now += now_ === 'swallows' ? 2_000 : now_ === 'answers' ? 50 : 1;
    const contact: Contact = now_ === 'answers' ? 'answered' : now_ === 'says' ? 'hub-offline' : 'unknown';
    const { turn, news } = watch.contact(contact, contact === 'answered' ? undefined : SILENCE, now);
    contacts++;
    if (turn !== undefined) turns.push({ state: turn.after, atMs: now });
    if (turn !== undefined || news !== undefined) lines++;
    now += contactPauseMs(watch.link, random());
  }
  return { turns, lines, contacts };
}

const firstAfter = ({ turns }: Day, state: CloudLink['kind'], atMs: number) =>
  (turns.find((turn) => turn.state === state && turn.atMs >= atMs)?.atMs ?? Number.POSITIVE_INFINITY) - atMs;

describe('the cloud link over days', () => {
  const outages: { how: Truth; doubtMs: number; offlineMs: number; backMs: number }[] = [
    { how: 'swallows', doubtMs: 8_100, offlineMs: 14_000, backMs: 4_000 },
    { how: 'refuses', doubtMs: 6_100, offlineMs: 10_000, backMs: 2_000 },
    { how: 'says', doubtMs: Number.POSITIVE_INFINITY, offlineMs: 6_100, backMs: 2_000 },
  ];
  for (const { how, doubtMs, offlineMs, backMs } of outages) {
    it(`a link that ${how} for two hours, each day for thirty days: noticed and trusted in time, no word too many`, () => {
      const cutAt = (day: number) => day * DAY_MS + 7 * 60 * MINUTE_MS + day * 137;
      const lasts = 120 * MINUTE_MS;
      const truth = (at: number): Truth => {
        const cut = cutAt(Math.floor(at / DAY_MS));
        return at >= cut && at < cut + lasts ? how : 'answers';
      };
      const month = live(30 * DAY_MS, truth, 1);
      for (let day = 0; day < 30; day++) {
        const cut = cutAt(day);
        if (doubtMs < Number.POSITIVE_INFINITY) assert.ok(firstAfter(month, 'doubtful', cut) <= doubtMs);
        assert.ok(firstAfter(month, 'offline', cut) <= offlineMs, `day ${day}: ${firstAfter(month, 'offline', cut)}`);
        assert.ok(
          firstAfter(month, 'connected', cut + lasts) <= backMs,
          `${firstAfter(month, 'connected', cut + lasts)}`,
        );
      }
      assert.ok(month.lines <= 30 * 3 + 1, `${month.lines} lines in 30 days`);
      assert.ok(month.contacts / 30 <= 35_000, `${month.contacts} contacts in 30 days`);
    });
  }

  it('a link that loses one contact in ten is in doubt, not now this and now that', () => {
    const lost = seeded(7);
    const day = live(DAY_MS, () => (lost() < 0.1 ? 'swallows' : 'answers'), 2);
    const perHour = day.lines / 24;
    assert.ok(perHour <= 30, `${perHour} lines an hour`);
  });

  it('one that loses one in a thousand is connected nearly always', () => {
    const lost = seeded(8);
    const day = live(DAY_MS, () => (lost() < 0.001 ? 'swallows' : 'answers'), 3);
    let doubtMs = 0;
    for (const [i, { state, atMs }] of day.turns.entries())
      if (state !== 'connected') doubtMs += (day.turns[i + 1]?.atMs ?? DAY_MS) - atMs;
    assert.ok(doubtMs / DAY_MS < 0.001, `${doubtMs} ms of doubt`);
  });
});
