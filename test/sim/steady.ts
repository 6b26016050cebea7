import { elect } from '../../edge-speaker/src/election/elect.ts';
import { entriesOf, mostEntries } from './footprint.ts';
import type { Member } from './member.ts';
import type { Sent } from './process.ts';
import type { Site } from './site.ts';

const STEADY_MS = 500;
/** Members that were missed said hello each 500 ms, and the last one may be under way. */
const CALMS_MS = 600;
/** Sessions looked into for their size: of many members each is like the next. */
const WEIGHED = 10;

/** At rest nothing changes, each address has the elected announcer and everybody knows it, little is said or kept. */
export async function steady(site: Site): Promise<void> {
  const { watch, members } = site;
  await site.until(site.nowMs() + CALMS_MS + site.config.minReadySeconds * 1100);
  if (watch.violation !== undefined) return;
  const { changes } = watch;
  const before = members.map((m) => ({ ...m.process?.sent }));
  await site.until(site.nowMs() + STEADY_MS);
  if (watch.changes !== changes) watch.fail('unrest', undefined, `${watch.changes - changes} changes at rest`);
  agree(site, owners(site));
  for (const member of members) {
    const talk = talkAtRest(member, before[member.index], site.config.heartbeatMs, members.length);
    if (talk !== undefined) watch.fail('too-many-messages', undefined, talk);
  }
  const most = mostEntries(members.length, site.addresses.length);
  for (const { session, node } of members.slice(-WEIGHED)) {
    const entries = entriesOf(session);
    if (entries > most) watch.fail('memory-grows', undefined, `${node} keeps ${entries} entries, bound ${most}`);
  }
}

/** @returns who answers, which must be whom the election names */
function owners({ watch, members, addresses, seeds, config }: Site): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const address of addresses) {
    const able = members.filter((m) => watch.rights.stands(m, address)).map((m) => m.node);
    const answering = members.filter((m) => m.answers.has(address)).map((m) => m.node);
    const [one] = answering;
    if (one !== undefined) owners.set(address, one);
    const keeps = config.failBack === 'never' && answering.length === 1 && able.includes(one ?? '');
    const winner = keeps ? one : elect(address, able, seeds);
    if (answering.join() === (winner ?? '')) continue;
    const said = `elected ${winner ?? 'nobody'}, answering: ${answering.join(' ') || 'nobody'}`;
    watch.fail('wrong-owner', address, said);
  }
  return owners;
}

function agree({ watch, members, addresses }: Site, owners: ReadonlyMap<string, string>): void {
  for (const { session, node } of members) {
    const known = session?.owners();
    const wrong = addresses.find((address) => known?.get(address) !== owners.get(address));
    if (wrong !== undefined) watch.fail('wrong-owner', wrong, `${node} takes ${known?.get(wrong)} for the owner`);
  }
}

/** @returns what is wrong: at rest members only send heartbeats, and a hello now and then */
function talkAtRest(
  member: Member,
  before: Partial<Sent> | undefined,
  beatMs: number,
  members: number,
): string | undefined {
  const { datagrams = 0, messages = 0 } = member.process?.sent ?? {};
  const sent = { datagrams: datagrams - (before?.datagrams ?? 0), messages: messages - (before?.messages ?? 0) };
  const beats = (members - 1) * (Math.ceil(STEADY_MS / beatMs) + 1);
  if (sent.messages === 0 && sent.datagrams <= beats + 2) return undefined;
  return `${member.node} sent ${sent.messages} messages and ${sent.datagrams} datagrams in ${STEADY_MS} ms of rest`;
}
