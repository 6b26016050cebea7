import { strict as assert } from 'node:assert';
import {
  type CloudLink,
  type Contact,
  contactPauseMs,
  onContact,
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

describe('cloud link', () => {
  for (const { name, contacts, want } of cases) it(name, () => assert.equal(after(contacts), want));

  it('asks seldom while connected and often in doubt', () => {
    const connected = onContact(startLink(0), 'answered', 0);
    const doubtful = onContact(connected, 'unknown', 0);
    assert.ok(contactPauseMs(connected, 0.5) > 5 * contactPauseMs(doubtful, 0.5));
    assert.ok(contactPauseMs(connected, 0) < contactPauseMs(connected, 0.99));
  });
});
