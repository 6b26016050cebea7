import { type PoolText, poolOf, serves } from './config-text.ts';
import { heldIn, type ServiceFacts } from './facts.ts';
import { familyOf } from './family.ts';
import type { Fault } from './fault.ts';
import { askedFor, freeFor, isSelected, obstacle, poolsFor, sharingFault, type World } from './world.ts';

// What holds whenever all is quiet, whatever was before.

/** One address/protocol/port has one Service in the cluster; one address of a NodePool has those that may share it. */
export function twice({ facts }: World): Fault[] {
  const faults: Fault[] = [];
  const ours = [...facts.services.values()].filter(({ isOurs }) => isOurs);
  for (const [at, a] of ours.entries()) {
    for (const b of ours.slice(at + 1)) {
      for (const one of a.entries) {
        for (const other of b.entries) {
          if (one.ip !== other.ip) continue;
          const port = a.ports.find((mine) => b.ports.includes(mine));
          const shares = one.site === other.site && facts.sites.has(one.site) ? sharingFault(a, b) : undefined;
          const why = port ?? shares;
          if (why !== undefined)
            faults.push({ rule: 'twice', text: `${a.key} and ${b.key} both have ${one.ip} (${why})` });
        }
      }
    }
  }
  return faults;
}

/** A Service has one address of each family that it wants, in NodePools that are selected, out of the ranges in force. */
export function misplaced(world: World, isStray: (service: string, site: string, ip: string) => boolean): Fault[] {
  const faults: Fault[] = [];
  for (const service of world.facts.services.values()) {
    const fault = (text: string) => void faults.push({ rule: 'misplaced', text: `${service.key}: ${text}` });
    if (!service.isOurs) continue;
    for (const { site, ip } of service.entries) {
      const family = familyOf(ip);
      if (!world.facts.sites.has(site)) {
        if (!isStray(service.key, site, ip)) fault(`${ip} of NodePool ${site}, which is gone`);
        continue;
      }
      if (!isSelected(world, service, site)) fault(`${ip} of NodePool ${site}, which is not selected`);
      if (!service.families.includes(family)) fault(`${ip} of NodePool ${site}, of a family that it does not want`);
      const all = heldIn(service, site, family);
      if (all.length > 1 && all[0] === ip) fault(`${all.join(' and ')} in NodePool ${site}`);
      const text = world.texts.get(site);
      const asked = askedFor(world, service, site, family) === ip; // stays when its range goes
      if (text !== undefined && poolOf(text, ip) === undefined && !asked)
        fault(`${ip} is in no range of NodePool ${site}`);
    }
  }
  return faults;
}

/** Who misses an address has none because there is none to be had. */
export function unserved(world: World): Fault[] {
  const faults: Fault[] = [];
  for (const service of world.facts.services.values()) {
    if (!service.isOurs) continue;
    for (const site of world.facts.sites.keys()) {
      const text = missesInVain(world, service, site);
      if (text !== undefined) faults.push({ rule: 'unserved', text: `${service.key} in NodePool ${site}: ${text}` });
    }
  }
  return faults;
}

function missesInVain(world: World, service: ServiceFacts, site: string): string | undefined {
  const text = world.texts.get(site);
  if (text === undefined || !isSelected(world, service, site)) return undefined;
  const lacks = service.families.filter((family) => heldIn(service, site, family).length === 0);
  const asked = service.families.map((family) => askedFor(world, service, site, family));
  if (asked.some((ip) => ip !== undefined)) return asksInVain(world, service, site, asked);
  if (lacks.length === 0 || waitsForLost(world, service, site)) return undefined;
  const pools = poolsFor(text, service);
  const [first = 'IPv4', second] = service.families;
  const has = heldIn(service, site)[0];
  if (second === undefined) {
    const free = pools.map((pool) => freeFor(world, service, site, pool, first)).find((ip) => ip !== undefined);
    return free && `has none and could have ${free}`;
  }
  if (has !== undefined) {
    const pool = pools.find(({ ips }) => ips.includes(has));
    const [family] = lacks;
    const free = pool && family && freeFor(world, service, site, pool, family);
    return free && `has ${has} alone and could have ${free} too`;
  }
  for (const pool of pools) {
    const both = [first, second].map((family) => freeFor(world, service, site, pool, family));
    if (both.every((ip) => ip !== undefined)) return `has none and could have ${both.join(' and ')}`;
    const one = both.find((ip) => ip !== undefined);
    if (one !== undefined && service.policy === 'PreferDualStack') return `has none and could have ${one} at least`;
  }
  return undefined;
}

/** Who asks for all it wants by name, for addresses that are to be had together. */
function asksInVain(world: World, service: ServiceFacts, site: string, asked: readonly (string | undefined)[]) {
  const text = world.texts.get(site);
  const ips = asked.filter((ip) => ip !== undefined);
  if (text === undefined || ips.length < asked.length || ips.every((ip) => heldIn(service, site).includes(ip)))
    return undefined;
  const pools = new Set(ips.map((ip) => poolOf(text, ip)));
  const may = ips.every((ip) => {
    const pool = poolOf(text, ip);
    if (heldIn(service, site).includes(ip)) return true;
    const isInside = pool === undefined ? text.allowOutside : isFor(service, pool);
    return isInside && !world.rests(site, ip, service.key) && obstacle(world, service, site, ip) === undefined;
  });
  return may && pools.size === 1 ? `asks for ${ips.join(' and ')}, and could have that` : undefined;
}

/** Who asks for an address and for a pool by name means an address of that pool. */
function isFor(service: ServiceFacts, pool: PoolText): boolean {
  return serves(pool, service) && (service.addressPool === undefined || service.addressPool === pool.name);
}

const LOST = /NodePool (\S+): (?:\S+ port \d+ of )?(\S+), which it had, /g;

/** docs/reference/errors.md, PortInUse: it lost its address to a change of its own and waits for that one, while another has it. */
export function waitsForLost(world: World, service: ServiceFacts, at: string): boolean {
  return [...(service.condition?.message ?? '').matchAll(LOST)].some(
    ([, site = '', ip = '']) =>
      site === at && (obstacle(world, service, site, ip) !== undefined || world.rests(site, ip, service.key)),
  );
}
