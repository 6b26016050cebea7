import { seeded } from '../support/virtual-time.ts';
import type { Member } from './member.ts';
import type { Disturbance, Kind } from './scenario.ts';
import type { Site } from './site.ts';

/** What each kind does. @returns what it did, for the trace; undefined where it does not fit now */
type Strike = (site: Site, member: Member, d: Disturbance) => string | undefined;

const CLOSE_MS = 12;
const API_MS = 50;
const ROLL_OUT_MS = 400;

const STRIKES: Readonly<Record<Kind, Strike>> = {
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
    site.ways(() => site.boot(down));
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
      site.watch.lookAtAll();
    });
    return `suspends the machine of ${member.node} for ${ms.toFixed(0)} ms: its clock stands still`;
  },
  unplug(site, member) {
    const { machine } = member;
    if (!member.lives || member.process?.state === 'frozen' || member.leaving) return undefined;
    const plugged = !machine.plugged;
    site.excuses.none(member.index, site.nowMs() + site.bounds.deadMs);
    site.ways(() => site.lan.setPlug(machine, plugged));
    if (plugged) site.listens(member, site.bounds.joinMs);
    site.lan.time.after(1, () =>
      member.inProcess(() => {
        if (member.leaving || machine.plugged !== plugged) return;
        member.tellLinks();
        site.tellOffers(member);
      }),
    );
    return `${plugged ? 'plugs in' : 'unplugs'} ${member.node}`;
  },
  partition(site, _member, { seed, much }) {
    const random = seeded(seed);
    const parts = site.members.map(() => Math.floor(random() * (much < 0.7 ? 2 : 3)));
    site.ways(() => {
      site.lan.heal();
      for (const a of site.members) {
        for (const b of site.members) if (parts[a.index] !== parts[b.index]) site.lan.cut(a.index, b.index);
      }
    });
    return `parts the LAN: ${parts.join(' ')}`;
  },
  'cut-pair'(site, member, { seed }) {
    const other = site.members[seed % site.members.length];
    if (other === undefined || other === member) return undefined;
    site.ways(() => {
      site.lan.cut(member.index, other.index);
      site.lan.cut(other.index, member.index);
    });
    return `cuts the way between ${member.node} and ${other.node}`;
  },
  'cut-one-way'(site, member, { seed, much }) {
    const others = site.members.filter((m, i) => m !== member && (much < 0.5 || (seed >> (i % 30)) & 1));
    site.ways(() => {
      for (const other of others) site.lan.cut(member.index, other.index);
    });
    return `cuts the way from ${member.node} to ${others.map((m) => m.node).join(' ')}`;
  },
  heal(site) {
    site.ways(() => site.lan.heal());
    return 'heals the LAN';
  },
  'other-endpoints'(site, member, { seed, much }) {
    const random = seeded(seed);
    member.able.clear();
    if (much > 0.3) for (const address of site.addresses) if (random() < much) member.able.add(address);
    member.inProcess(() => member.leaving || site.tellOffers(member));
    return `${member.node} could now answer for ${member.able.size}`;
  },
  'move-endpoint'(site, member, { address: which }) {
    const address = site.addresses[which % site.addresses.length] ?? '';
    if (!member.able.delete(address)) member.able.add(address);
    member.inProcess(() => member.leaving || site.tellOffers(member));
    return `${member.node} ${member.able.has(address) ? 'can' : 'cannot'} answer for ${address}`;
  },
  'claim-failed'(site, member, { address: which }) {
    const held = [...member.answers.keys()];
    const address = held[which % Math.max(1, held.length)];
    if (!member.runs || member.leaving || address === undefined) return undefined;
    site.excuses.none(member.index, site.nowMs() + site.bounds.handOverMs);
    member.able.delete(address);
    member.session?.claimFailed(address, 'probe answered');
    site.tellOffers(member);
    return `${member.node} cannot announce ${address}`;
  },
  'cloud-cut'(site, member, { much }) {
    const struck = much < 0.4 ? site.members : [member];
    const connected = !member.cloudConnected;
    for (const one of struck) {
      one.cloudConnected = connected;
      if (connected) site.listSoon(one, site.random() * 500);
      else site.lan.time.after(site.random() * 3000, () => doubt(site, one));
    }
    return `${connected ? 'restores' : 'cuts'} the cloud of ${struck.map((m) => m.node).join(' ')}`;
  },
  'api-give'(site, member, d) {
    const addresses = some(site, d);
    if (d.much < 0.5) loseCloud(site, member);
    for (const address of addresses) site.cloud.give(address);
    return heard(site, `gives ${addresses.join(' ')} to other Services`);
  },
  'api-take'(site, member, d) {
    const addresses = some(site, d);
    if (d.much < 0.5) loseCloud(site, member);
    for (const address of addresses) site.cloud.take(address);
    return heard(site, `takes ${addresses.join(' ')} from the NodePool`);
  },
  'api-touch'(site, _member, { address: which }) {
    const address = site.addresses[which % site.addresses.length] ?? '';
    site.cloud.touch(address);
    return heard(site, `writes the Service of ${address} again`);
  },
  'clock-jump'(_site, member, { much }) {
    if (member.process === undefined) return undefined;
    member.process.wallSkewMs += (much - 0.5) * 1e10;
    return `sets the clock of ${member.node}`;
  },
  drain(site, member) {
    member.draining = !member.draining;
    member.toldMs = site.nowMs();
    member.inProcess(() => member.session?.setDraining(member.draining));
    return `${member.draining ? 'cordons' : 'uncordons'} ${member.node}`;
  },
  tune(site, _member, { much, seed }) {
    const random = seeded(seed);
    const heartbeatMs = [30, 50, 100, 250][Math.floor(much * 4)] ?? 100;
    const before = site.bounds;
    site.config = { ...site.config, heartbeatMs };
    const after = site.boundsOf(heartbeatMs);
    if (after.deadMs > before.deadMs) {
      site.bounds = after;
      for (const { index } of site.members) site.excuses.none(index, site.nowMs() + after.deadMs); // patience grows, also with the silent
    }
    for (const member of site.members) {
      site.lan.time.after(random() * ROLL_OUT_MS, () => member.inProcess(() => member.session?.setSite(site.config)));
    }
    return `sets heartbeats to ${heartbeatMs} ms`;
  },
};

/** Strikes once. */
export function disturb(site: Site, d: Disturbance): void {
  const member = site.members[d.who % site.members.length];
  if (member === undefined) return;
  const what = STRIKES[d.kind](site, member, d);
  if (what === undefined) return;
  site.say(what);
  site.watch.lookAtAll();
}

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
      if (site.excuses.areMeeting(index, other.index)) site.excuses.opened(index, other.index, untilMs);
    }
    process.go();
    if (ms > site.bounds.deadMs) site.watch.woke(member);
    site.watch.lookAtAll();
  });
  return `stops ${member.node} for ${ms.toFixed(0)} ms`;
}

/** Its view stays behind. */
function loseCloud(site: Site, member: Member): void {
  member.cloudConnected = false;
  doubt(site, member);
}

/** A few addresses side by side. */
function some({ addresses }: Site, { address, much }: Disturbance): string[] {
  const from = address % addresses.length;
  return addresses.slice(from, from + 1 + Math.floor(much * 8));
}

function doubt(site: Site, member: Member): void {
  if (member.cloudConnected) return;
  member.view.proven = false;
  member.inProcess(() => member.leaving || site.tellOffers(member));
}

function heard(site: Site, what: string): string {
  for (const member of site.members) if (member.cloudConnected) site.listSoon(member, site.random() * API_MS);
  return what;
}
