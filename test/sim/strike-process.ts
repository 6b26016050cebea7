import type { Member } from './member.ts';
import type { Kind } from './scenario.ts';
import type { Site } from './site.ts';
import type { Strike } from './strike.ts';

const CLOSE_MS = 12;

/** What happens to processes, their machines and clocks. */
export const PROCESS_STRIKES = {
  kill(site, member, { much }) {
    const { process } = member;
    if (!member.lives || process === undefined || process.state === 'frozen') return undefined;
    const closeMs = much * CLOSE_MS;
    site.excuses.none(member.index, site.nowMs() + site.bounds.killedMs(closeMs));
    process.kill(closeMs);
    member.fallSilent();
    return `kills ${member.node}, its sockets close in ${closeMs.toFixed(1)} ms`;
  },
  boot(site, member) {
    const down = site.members.find((m) => m.index >= member.index && isDown(m)) ?? site.members.find(isDown);
    if (down === undefined) return undefined;
    site.ways(() => site.boot(down), down);
    return `starts ${down.node}`;
  },
  terminate(site, member) {
    if (!member.runs || member.leaving) return undefined;
    site.terminate(member);
    return `asks ${member.node} to leave`;
  },
  stop(site, member, { much }) {
    return pause(site, member, site.bounds.deadMs + much * 3000);
  },
  doze(site, member, { much }) {
    return pause(site, member, 10 + much * site.bounds.deadMs);
  },
  'power-off'(site, member) {
    const { process } = member;
    if (!member.lives || process?.state === 'frozen') return undefined;
    site.excuses.none(member.index, site.nowMs() + site.bounds.deadMs);
    process?.vanish();
    member.fallSilent();
    site.ways(() => site.lan.setPower(member.machine, false));
    return `takes the power from ${member.node}`;
  },
  suspend(site, member, { much }) {
    const { process, machine } = member;
    if (!member.runs || process === undefined || member.leaving) return undefined;
    const ms = 100 + much * 5000;
    site.excuses.none(member.index, site.nowMs() + site.bounds.deadMs);
    process.freeze();
    site.ways(() => site.lan.setPower(machine, false));
    site.lan.time.after(ms, () => {
      if (process.state !== 'frozen') return;
      const untilMs = site.nowMs() + site.bounds.deadMs + site.bounds.foundMs + site.bounds.metMs;
      site.excuses.none(member.index, untilMs);
      site.excuses.two(member.index, untilMs);
      site.ways(() => site.lan.setPower(machine, true));
      site.say(`wakes ${member.node}`);
      process.go();
      member.tellAll(site.config, site.keys); // nothing reached it meanwhile
      site.watch.lookAtAll();
    });
    return `suspends the machine of ${member.node} for ${ms.toFixed(0)} ms: its clock stands still`;
  },
  'clock-jump'(_site, member, { much }) {
    if (member.process === undefined) return undefined;
    member.process.wallSkewMs += (much - 0.5) * 1e10;
    return `sets the clock of ${member.node}`;
  },
} satisfies Partial<Record<Kind, Strike>>;

export function isDown(member: Member): boolean {
  return !member.lives && (member.process === undefined || member.process.state === 'dead');
}

function pause(site: Site, member: Member, ms: number): string | undefined {
  const { process, index } = member;
  if (!member.runs || process === undefined) return undefined;
  site.excuses.none(index, site.nowMs() + site.bounds.deadMs);
  process.stop();
  site.lan.time.after(ms, () => {
    if (process.state !== 'stopped') return;
    site.say(`lets ${member.node} go on`);
    site.listens(member, site.bounds.awakeMs);
    const untilMs = site.nowMs() + site.bounds.foundMs + site.bounds.metMs;
    for (const other of site.members) {
      // Two that were stopped, each while the other ran, took each other for dead and meet when the second goes on.
      const missed = other !== member && other.process?.state === 'stopped';
      if (missed || site.excuses.areMeeting(index, other.index)) site.excuses.opened(index, other.index, untilMs);
    }
    process.go();
    if (ms > site.bounds.deadMs) site.watch.woke(member);
    site.watch.lookAtAll();
  });
  return `stops ${member.node} for ${ms.toFixed(0)} ms`;
}
