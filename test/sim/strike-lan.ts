import { seeded } from '../support/virtual-time.ts';
import type { Kind } from './scenario.ts';
import type { Strike } from './strike.ts';

/** What happens to the cables and ways between members. */
export const LAN_STRIKES = {
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
  reset(site, member, { seed }) {
    const other = site.members[seed % site.members.length];
    if (other === undefined || other === member || !member.lives || !other.lives) return undefined;
    member.process?.breakWith(other.machine);
    return `breaks the connections between ${member.node} and ${other.node}`;
  },
} satisfies Partial<Record<Kind, Strike>>;
