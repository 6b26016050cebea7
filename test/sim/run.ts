import { DEFAULT_SITE_CONFIG } from '@openyurt/nodepool-types';
import { disturb } from './disturb.ts';
import type { Violation } from './fault.ts';
import type { Cause, Spans } from './longest.ts';
import type { Scenario } from './scenario.ts';
import { type Alter, Site } from './site.ts';
import { steady } from './steady.ts';
import { isDown } from './strike-process.ts';
import { Trace } from './trace.ts';

/** What one seed showed. */
export interface Outcome {
  readonly violation: Violation | undefined;
  /** The longest spans without an answer and with two, by what caused them. */
  readonly spans: Partial<Record<Cause, Spans>>;
  readonly changes: number;
  /** SHA-256 of who announced and withdrew what when, and of all that was sent: the same seed, the same digest. */
  readonly digest: string;
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
  const { violation, longest, changes } = watch;
  const shown = trace?.last(SHOWN, violation?.address) ?? '';
  return { violation, spans: longest.spans, changes, digest: site.digest(), trace: shown };
}

async function play(site: Site): Promise<void> {
  const { scenario, members, watch } = site;
  const { longest } = watch;
  longest.cause = causeIn(site, 'start');
  for (const member of members)
    site.lan.time.after(site.random() * scenario.startsWithinMs, () => site.ways(() => site.boot(member), member));
  await site.until(site.nowMs() + scenario.startsWithinMs);
  await rest(site);
  for (const d of scenario.disturbances) {
    if (watch.violation !== undefined) return;
    longest.cause = causeIn(site, d.afterMs === undefined ? d.kind : 'mixed');
    disturb(site, d);
    if (d.afterMs === undefined) await rest(site);
    else await site.until(site.nowMs() + d.afterMs);
  }
  longest.cause = causeIn(site, 'recovery');
  await recover(site);
  await steady(site);
}

function causeIn({ scenario, config }: Site, cause: Cause): Cause {
  if (scenario.lan.loss > 0) return 'lossy LAN';
  return config.heartbeatMs === DEFAULT_SITE_CONFIG.heartbeatMs ? cause : 'other heartbeat';
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
  while (watch.violation === undefined && members.some((m) => m.leaving || (m.lives && !m.runs)))
    await site.until(site.nowMs() + 100);
  for (const { machine, lives, index: who } of members) {
    if (!machine.plugged && lives) disturb(site, { kind: 'unplug', who, address: 0, much: 0, seed: 0, afterMs: 0 });
    else machine.plugged = true;
  }
  await rest(site);
  for (const member of members) {
    member.cloudConnected = true;
    if (member.draining) disturb(site, { kind: 'drain', who: member.index, address: 0, much: 0, seed: 0, afterMs: 0 });
    if (isDown(member)) site.ways(() => site.boot(member), member);
    else site.listSoon(member, 10);
  }
  await rest(site);
  await site.until(Math.max(site.nowMs(), site.rollsOutUntilMs));
}
