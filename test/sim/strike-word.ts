import { seeded } from '../support/virtual-time.ts';
import type { Member } from './member.ts';
import type { Disturbance, Kind } from './scenario.ts';
import type { Site } from './site.ts';
import type { Strike } from './strike.ts';

const API_MS = 50;

/** What happens to the Services, to who could answer for them, and to the cloud that tells of them. */
export const WORD_STRIKES = {
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
} satisfies Partial<Record<Kind, Strike>>;

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
