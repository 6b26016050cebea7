import { isGiven, poolOf, serves } from './config-text.ts';
import { heldIn, type ServiceFacts } from './facts.ts';
import { familyOf } from './family.ts';
import type { Fault } from './fault.ts';
import { waitsForLost } from './rules-now.ts';
import { askedFor, freeFor, isSelected, obstacleUnasked, poolsFor, sharingFault, type World } from './world.ts';

// What holds between two moments at which all is quiet.

/**
 * What was given since was such that it could be given: by what held before, or by what holds now.
 *
 * @param isOne only one thing happened meanwhile
 */
export function unfit(before: World, now: World, isOne: boolean): Fault[] {
  const faults: Fault[] = [];
  for (const service of now.facts.services.values()) {
    const was = before.facts.services.get(service.key); // made anew under its name it may have its addresses back
    if (!service.isOurs) continue;
    for (const { site, ip } of service.entries) {
      if ((was !== undefined && heldIn(was, site).includes(ip)) || !now.facts.sites.has(site)) continue;
      const askers = was === undefined ? [service] : [service, was];
      const worlds = [now, before];
      const whys = askers.flatMap((asker) => worlds.map((world) => whyUnfit(world, before, now, asker, site, ip)));
      if (whys.every((why) => why !== undefined)) {
        faults.push({ rule: 'unfit', text: `${service.key} was given ${ip} in NodePool ${site}: ${whys[0]}` });
      }
    }
    faults.push(...halves(service, was, before, now, isOne));
  }
  return faults;
}

function whyUnfit(world: World, before: World, now: World, service: ServiceFacts, site: string, ip: string) {
  const text = world.texts.get(site);
  if (text === undefined) return 'it has no configuration';
  const family = familyOf(ip);
  const pool = poolOf(text, ip);
  const isNode = before.facts.nodes.has(ip) && now.facts.nodes.has(ip);
  if (isNode) return "it is a Node's";
  if (pool !== undefined && !serves(pool, service)) return `address pool ${pool.name} serves others`;
  const asked = askedFor(world, service, site, family);
  if (asked === ip) return pool !== undefined || text.allowOutside ? undefined : 'it is in no range';
  if (asked !== undefined) return `it asks for ${asked}`;
  if (pool === undefined) return 'it is in no range';
  if (!isGiven(pool, ip)) return 'such addresses are not given unasked';
  const other = service.families.find((one) => one !== family);
  const beside = other && (askedFor(world, service, site, other) ?? heldIn(service, site, other)[0]);
  const lies = beside !== undefined && pool.ips.includes(beside);
  if (!poolsFor(text, service).includes(pool) && !lies)
    return `address pool ${pool.name} is not for who does not ask for it`;
  const isForeign = [before, now].every(({ facts }) =>
    [...facts.services.values()].some(({ isOurs, entries }) => !isOurs && entries.some((entry) => entry.ip === ip)),
  );
  return isForeign ? 'another controller gave it' : undefined;
}

/** Both addresses come from one pool, and RequireDualStack gets both or none. */
function halves(
  service: ServiceFacts,
  was: ServiceFacts | undefined,
  before: World,
  now: World,
  isOne: boolean,
): Fault[] {
  const faults: Fault[] = [];
  for (const site of now.facts.sites.keys()) {
    const has = heldIn(service, site);
    const had = was === undefined ? [] : heldIn(was, site);
    if (has.every((ip) => had.includes(ip))) continue;
    const fault = (what: string) =>
      void faults.push({ rule: 'half', text: `${service.key} in NodePool ${site}: ${what}` });
    const texts = [now.texts.get(site), before.texts.get(site)].filter((text) => text !== undefined);
    const pools = texts.map((text) => new Set(has.flatMap((ip) => poolOf(text, ip)?.name ?? [])));
    const [first] = pools;
    if (first !== undefined && pools.every(({ size }) => size > 1)) {
      fault(`${has.join(' and ')} are of address pools ${[...first].join(' and ')}`);
    }
    // it may have been given both, and lost one at once to a text that came in the same step
    const lostOne = texts[0] !== texts[1] && !isOne;
    if (service.policy === 'RequireDualStack' && has.length === 1 && !lostOne) fault(`was given ${has[0]} alone`);
  }
  return faults;
}

/**
 * An address that was given stays while nothing that the Service, or an operator, did takes it.
 *
 * @param forgets whether a new controller began meanwhile
 */
export function moved(before: World, now: World, forgets: boolean): Fault[] {
  const faults: Fault[] = [];
  for (const was of before.facts.services.values()) {
    const service = now.facts.services.get(was.key);
    if (service === undefined || service.uid !== was.uid || !service.isOurs || !was.isOurs) continue;
    for (const { site, ip } of was.entries) {
      if (service.entries.some((entry) => entry.site === site && entry.ip === ip)) continue;
      if (forgets && partnerChangedKey(service, ip, before, now)) continue;
      if (!mayLose(was, service, site, ip, before, now)) {
        const has = heldIn(service, site).join(' and ') || 'nothing';
        faults.push({ rule: 'moved', text: `${was.key} had ${ip} in NodePool ${site} and has ${has}` });
      }
    }
  }
  return faults;
}

function mayLose(
  was: ServiceFacts,
  service: ServiceFacts,
  site: string,
  ip: string,
  before: World,
  now: World,
): boolean {
  const family = familyOf(ip);
  const has = heldIn(service, site);
  const text = now.texts.get(site);
  if (!now.facts.sites.has(site) || !before.facts.sites.has(site)) return true; // another's, then
  if (!service.families.includes(family)) return true;
  const kept = { ...service, entries: [...service.entries, { site, ip }] };
  const earlier = { ...now, texts: before.texts }; // it may have been looked at before the texts changed
  if (!isSelected(now, kept, site) || !isSelected(earlier, kept, site)) return true;
  if (collides(was, service, site, ip, before, now)) return true;
  const asked = askedFor(now, service, site, family);
  if (asked !== undefined && asked !== ip) return has.includes(asked);
  // a text takes nothing unless it may; who asked for one outside the ranges may have ceased to ask
  const mayGo = now.facts.configs.get(site)?.mayRenumber === true || signature(was) !== signature(service);
  if (mayGo && text !== undefined && poolOf(text, ip) === undefined) return true;
  if (text === undefined || service.addressPool === undefined) return false;
  const pool = text.pools.find(({ name }) => name === service.addressPool);
  const isThere = has.some((mine) => pool?.ips.includes(mine)); // it moved to the pool that it asks for
  return poolOf(text, ip) !== pool && isThere && has.length >= heldIn(was, site).length;
}

/** Of two that share and have different keys by now nobody can tell which was changed: a key is an annotation, without generation. */
function partnerChangedKey(service: ServiceFacts, ip: string, before: World, now: World): boolean {
  return [...now.facts.services.values()].some((other) => {
    const was = former(before, other);
    const isPartner = other.key !== service.key && was?.entries.some((entry) => entry.ip === ip);
    return isPartner && other.sharingKey !== undefined && was?.sharingKey !== other.sharingKey;
  });
}

/** It changed so that it cannot be beside another one that has the address. */
function collides(
  was: ServiceFacts,
  service: ServiceFacts,
  site: string,
  ip: string,
  before: World,
  now: World,
): boolean {
  if (signature(was) === signature(service)) return false;
  return [...before.facts.services.values(), ...now.facts.services.values()].some(
    (other) =>
      other.key !== service.key &&
      other.entries.some(
        (entry) =>
          entry.ip === ip &&
          (service.ports.some((port) => other.ports.includes(port)) ||
            (entry.site === site && sharingFault(service, other) !== undefined)),
      ),
  );
}

/** Who waited longer is served first. Only told where one thing happened, for of two nobody knows which came first. */
export function overtaken(before: World, now: World): Fault[] {
  const faults: Fault[] = [];
  for (const younger of now.facts.services.values()) {
    const was = before.facts.services.get(younger.key);
    for (const { site, ip } of younger.isOurs ? younger.entries : []) {
      const family = familyOf(ip);
      if (was !== undefined && heldIn(was, site, family).length > 0) continue;
      if (askedFor(now, younger, site, family) !== undefined) continue;
      const others = { ...now, facts: without(now.facts, younger.key) };
      for (const older of others.facts.services.values()) {
        if (!older.isOurs || older.created >= younger.created) continue;
        const waited = former(before, older);
        if (waited === undefined || signature(waited) !== signature(older)) continue;
        if (older.families.length > 1 || older.families[0] !== family || askedFor(now, older, site, family)) continue;
        if (heldIn(older, site).length > 0 || heldIn(waited, site).length > 0) continue;
        if (!isSelected(now, older, site) || !isSelected(before, waited, site) || waitsForLost(now, older, site))
          continue;
        const text = now.texts.get(site);
        const pool = text && poolsFor(text, older).find(({ ips }) => ips.includes(ip));
        if (pool === undefined || !isGiven(pool, ip)) continue;
        if (obstacleUnasked(others, older, site, ip) !== undefined) continue;
        faults.push({
          rule: 'overtaken',
          text: `${younger.key} was given ${ip} in NodePool ${site}, for which ${older.key} waits longer`,
        });
      }
    }
  }
  return faults;
}

/** Of pools from which a Service may have an address, the one whose turn is first gives it. @param key who was made */
export function unturned(now: World, key: string): Fault[] {
  const service = now.facts.services.get(key);
  // what is shared under a key goes before
  if (!service?.isOurs || service.sharingKey !== undefined || service.families.length > 1) return [];
  const alone = { ...now, facts: without(now.facts, key) };
  return service.entries.flatMap(({ site, ip }): Fault[] => {
    const text = now.texts.get(site);
    const pools = text === undefined ? [] : poolsFor(text, service);
    const turn = pools.find(({ ips }) => ips.includes(ip))?.turn ?? 0;
    const earlier = pools.filter((pool) => pool.turn < turn);
    const free = earlier
      .map((pool) => freeFor(alone, service, site, pool, familyOf(ip)))
      .find((one) => one !== undefined);
    if (free === undefined || askedFor(now, service, site, familyOf(ip)) !== undefined) return [];
    return [{ rule: 'unturned', text: `${key} has ${ip} in NodePool ${site}, and ${free} would have been its turn` }];
  });
}

function without(facts: World['facts'], key: string): World['facts'] {
  return { ...facts, services: new Map([...facts.services].filter(([other]) => other !== key)) };
}

/** The same Service at the moment before; undefined: it is new. */
export function former(before: World, { key, uid }: ServiceFacts): ServiceFacts | undefined {
  const was = before.facts.services.get(key);
  return was?.uid === uid ? was : undefined;
}

/** What people said of it. */
export function signature({ entries: _, condition: __, version: ___, asksIn, ...rest }: ServiceFacts): string {
  return JSON.stringify([rest, [...asksIn]]);
}
