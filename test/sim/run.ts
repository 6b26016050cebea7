import { elect } from '../../edge-speaker/src/election/elect.ts';
import { disturb, isDown } from './disturb.ts';
import { entriesOf, mostEntries } from './footprint.ts';
import type { Member } from './member.ts';
import type { Sent } from './process.ts';
import type { Scenario } from './scenario.ts';
import { type Alter, Site } from './site.ts';
import { Trace } from './trace.ts';
import type { Violation } from './watch.ts';

/** What one seed showed. */
export interface Outcome {
  readonly violation: Violation | undefined;
  readonly longestNoneMs: number;
  readonly longestTwoMs: number;
  readonly changes: number;
  readonly trace: string;
}

export interface RunOptions {
  readonly alter?: Alter;
  readonly tracing?: boolean;
}

const REST_MS = 100;
/** How often it is asked whether the excuses have ended. */
const LOOK_MS = 20;
const REST_MOST_MS = 6000;
const STEADY_MS = 500;
/** Members that were missed said hello each 500 ms, and the last one may be under way. */
const CALMS_MS = 600;
const SHOWN = 80;

/** Lets a scenario happen: the pool starts, is disturbed, gets well again, and must come to rest at the election. */
export async function run(
  scenario: Scenario,
  { alter = () => {}, tracing = false }: RunOptions = {},
): Promise<Outcome> {
  const trace = tracing ? new Trace() : undefined;
  const site = new Site(scenario, trace, alter);
  const { watch } = site;
  try {
    await play(site);
  } catch (thrown) {
    watch.fail('threw', undefined, thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  }
  const { violation, longestNoneMs, longestTwoMs, changes } = watch;
  return { violation, longestNoneMs, longestTwoMs, changes, trace: trace?.last(SHOWN, violation?.address) ?? '' };
}

async function play(site: Site): Promise<void> {
  const { scenario, members, watch } = site;
  for (const member of members) site.lan.time.after(site.random() * 100, () => site.boot(member));
  await site.until(site.nowMs() + 100);
  await rest(site);
  for (const d of scenario.disturbances) {
    if (watch.violation !== undefined) return;
    disturb(site, d);
    if (d.afterMs === undefined) await rest(site);
    else await site.until(site.nowMs() + d.afterMs);
  }
  await recover(site);
  await steady(site);
}

/** Until every excuse has ended; packets that are lost may make new ones for ever. */
async function rest(site: Site): Promise<void> {
  const mostMs = site.nowMs() + REST_MOST_MS;
  for (let endMs = site.excuses.endMs(); endMs > site.nowMs(); endMs = site.excuses.endMs()) {
    await site.until(Math.min(endMs, mostMs, site.nowMs() + LOOK_MS)); // excuses may end early
    if (site.watch.violation !== undefined || site.nowMs() >= mostMs) return;
  }
  await site.until(site.nowMs() + REST_MS);
}

/** Everything works again, for everybody. */
async function recover(site: Site): Promise<void> {
  const { lan, members, watch } = site;
  if (watch.violation !== undefined) return;
  site.say('everything works again');
  lan.calm = true; // with loss there is always a chance that somebody is missed three times
  site.ways(() => lan.heal());
  while (watch.violation === undefined && members.some((m) => m.lives && !m.runs)) await site.until(site.nowMs() + 100);
  for (const { machine, lives, index: who } of members) {
    if (!machine.plugged && lives) disturb(site, { kind: 'unplug', who, address: 0, much: 0, seed: 0, afterMs: 0 });
    else machine.plugged = true;
  }
  await rest(site);
  for (const member of members) {
    member.cloudConnected = true;
    if (member.draining) disturb(site, { kind: 'drain', who: member.index, address: 0, much: 0, seed: 0, afterMs: 0 });
    if (isDown(member)) site.ways(() => site.boot(member));
    else site.listSoon(member, 10);
  }
  await rest(site);
}

/** At rest nothing changes, each address has the elected announcer and everybody knows it, little is said or kept. */
async function steady(site: Site): Promise<void> {
  const { watch, members, addresses, seeds } = site;
  await site.until(site.nowMs() + CALMS_MS + site.config.minReadySeconds * 1100);
  if (watch.violation !== undefined) return;
  const { changes } = watch;
  const before = members.map((m) => ({ ...m.process?.sent }));
  await site.until(site.nowMs() + STEADY_MS);
  if (watch.changes !== changes) watch.fail('unrest', undefined, `${watch.changes - changes} changes at rest`);
  for (const address of addresses) {
    const able = members.filter((m) => watch.rights.stands(m, address)).map((m) => m.node);
    const answering = members.filter((m) => m.answers.has(address)).map((m) => m.node);
    const keeps = site.config.failBack === 'never' && answering.length === 1 && able.includes(answering[0] ?? '');
    const winner = keeps ? answering[0] : elect(address, able, seeds);
    if (answering.join() !== (winner ?? '')) {
      watch.fail(
        'wrong-owner',
        address,
        `elected ${winner ?? 'nobody'}, answering: ${answering.join(' ') || 'nobody'}`,
      );
    }
  }
  for (const { session, node } of members) {
    const owners = session?.owners();
    const wrong = addresses.find(
      (address) => owners?.get(address) !== members.find((m) => m.answers.has(address))?.node,
    );
    if (wrong !== undefined) watch.fail('wrong-owner', wrong, `${node} takes ${owners?.get(wrong)} for the owner`);
  }
  for (const member of members) {
    const talk = talkAtRest(member, before[member.index], site.config.heartbeatMs, members.length);
    if (talk !== undefined) watch.fail('too-many-messages', undefined, talk);
    const entries = entriesOf(member.session);
    const most = mostEntries(members.length, addresses.length);
    if (entries > most) watch.fail('memory-grows', undefined, `${member.node} keeps ${entries} entries, bound ${most}`);
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
