import { strict as assert } from 'node:assert';
import {
  type CloudLink,
  type Contact,
  contactPauseMs,
  MOST_GOOD,
  onContact,
  STEADY_MS,
  startLink,
} from '../../../edge-speaker/src/offline/cloud-link.ts';

/** Contacts a second apart, one letter each: a(nswered), u(nknown), h(ub-offline). */
function after(letters: string): CloudLink['kind'] {
  const contacts: Record<string, Contact> = { a: 'answered', u: 'unknown', h: 'hub-offline' };
  let link = startLink(0);
  [...letters].forEach((letter, i) => {
    link = onContact(link, contacts[letter] ?? 'unknown', (i + 1) * 1000);
  });
  return link.kind;
}

const cases: { name: string; contacts: string; want: CloudLink['kind'] }[] = [
  { name: 'nothing is known at the start', contacts: '', want: 'doubtful' },
  { name: 'a process that has just started trusts the first answer', contacts: 'a', want: 'connected' },
  { name: 'also after silence at the start', contacts: 'uuuua', want: 'connected' },
  { name: 'silence at the start becomes offline', contacts: 'uuuu', want: 'offline' },
  { name: 'one failure is doubt', contacts: 'au', want: 'doubtful' },
  { name: 'one answer does not end it', contacts: 'aua', want: 'doubtful' },
  { name: 'two do', contacts: 'auaa', want: 'connected' },
  { name: 'two answers with a failure between them do not', contacts: 'auaua', want: 'doubtful' },
  { name: 'three failures within three seconds are doubt still', contacts: 'auuu', want: 'doubtful' },
  { name: 'the fourth second is offline', contacts: 'auuuu', want: 'offline' },
  { name: 'the hub says so: offline at once', contacts: 'ah', want: 'offline' },
  { name: 'back from offline takes three answers', contacts: 'ahaa', want: 'offline' },
  { name: 'three in a row', contacts: 'ahaaa', want: 'connected' },
  { name: 'a failure begins the count again', contacts: 'ahaauaa', want: 'offline' },
  { name: 'so does the hub', contacts: 'ahaahaa', want: 'offline' },
];

/** Goods that end the doubt of the last of these failures; `_` is a steady minute. */
function neededAfter(letters: string): number {
  let [link, now] = [onContact(startLink(0), 'answered', 0), 0];
  for (const letter of letters) {
    now += letter === '_' ? STEADY_MS : 1_000;
    if (letter === '_') continue;
    link = onContact(link, 'unknown', now);
    if (link.kind === 'connected') continue;
    const { needed } = link;
    if (letter === '?') return needed;
    for (let i = 0; i < needed; i++) link = onContact(link, 'answered', now);
  }
  return Number.NaN;
}

const flaps: { name: string; failures: string; want: number }[] = [
  { name: 'the first failure', failures: '?', want: 2 },
  { name: 'the second at once', failures: 'u?', want: 4 },
  { name: 'the third at once', failures: 'uu?', want: 8 },
  { name: 'never more than the most', failures: 'uuuuuuuuuu?', want: MOST_GOOD },
  { name: 'after a steady minute no more than before', failures: 'uu_?', want: 4 },
  { name: 'each steady minute halves it', failures: 'uu__?', want: 2 },
  { name: 'the least is what a steady link needs', failures: 'uu_____?', want: 2 },
];

describe('a link that comes and goes', () => {
  for (const { name, failures, want } of flaps) it(name, () => assert.equal(neededAfter(failures), want));

  it('is asked less often while it proves itself', () => {
    const doubt = (needed: number): CloudLink => ({ kind: 'doubtful', sinceMs: 0, bad: 0, good: 0, needed });
    assert.ok(contactPauseMs(doubt(8), 0.5) > contactPauseMs(doubt(2), 0.5));
  });

  it('a return that has begun is seen through quickly', () => {
    const away = (good: number): CloudLink => ({ kind: 'offline', sinceMs: 0, good, needed: 3 });
    assert.ok(contactPauseMs(away(1), 0.5) < contactPauseMs(away(0), 0.5));
  });
});

describe('cloud link', () => {
  for (const { name, contacts, want } of cases) it(name, () => assert.equal(after(contacts), want));

  it('asks seldom while connected and often in doubt', () => {
    const connected = onContact(startLink(0), 'answered', 0);
    const doubtful = onContact(connected, 'unknown', 0);
    assert.ok(contactPauseMs(connected, 0.5) > 5 * contactPauseMs(doubtful, 0.5));
    assert.ok(contactPauseMs(connected, 0) < contactPauseMs(connected, 0.99));
  });
});
