import { type ConfigText, hasFamily, isGiven, type PoolText, poolOf, serves } from './config-text.ts';
import { type Facts, heldIn, type ServiceFacts, selects } from './facts.ts';
import { type Family, familyOf } from './family.ts';

/** The facts, and what decides beside them. */
export interface World {
  readonly facts: Facts;
  readonly texts: ReadonlyMap<string, ConfigText>;
  /** Whether the address rests for another Service (`--release-cooldown`). */
  readonly rests: (site: string, ip: string, service: string) => boolean;
}

/** Why two Services may not hold one address in one NodePool; undefined: they may. Ports aside. */
export function sharingFault(a: ServiceFacts, b: ServiceFacts): string | undefined {
  if (a.sharingKey === undefined || a.sharingKey !== b.sharingKey) return 'sharing keys';
  if (a.isLocal !== b.isLocal) return 'traffic policies';
  return a.isLocal && a.pods !== b.pods ? 'selectors under Local' : undefined;
}

/** Why the Service can't have the address in the NodePool beside all others; undefined: it can. */
export function obstacle({ facts }: World, service: ServiceFacts, site: string, ip: string): string | undefined {
  if (facts.nodes.has(ip)) return `${ip} is a Node's`;
  for (const other of facts.services.values()) {
    if (other.key === service.key) continue;
    for (const entry of other.entries) {
      if (entry.ip !== ip) continue;
      const shares = other.isOurs && entry.site === site ? sharingFault(service, other) : undefined;
      if (shares !== undefined) return `${ip} is ${other.key}'s (${shares})`;
      const port = service.ports.find((one) => other.ports.includes(one));
      if (port !== undefined) return `${port} of ${ip} is ${other.key}'s`;
    }
  }
  return undefined;
}

/** The same for one who does not ask for it by name. */
export function obstacleUnasked(world: World, service: ServiceFacts, site: string, ip: string): string | undefined {
  for (const { entries, isOurs, key } of world.facts.services.values()) {
    const isForeign = entries.some((entry) => entry.ip === ip && !(isOurs && world.facts.sites.has(entry.site)));
    if (isForeign) return `${ip} is in the status of ${key}, of another controller`;
  }
  if (world.rests(site, ip, service.key)) return `${ip} rests`;
  return obstacle(world, service, site, ip);
}

/** The pools of which a Service that names no address may have one. */
export function poolsFor(text: ConfigText, service: ServiceFacts): readonly PoolText[] {
  const { addressPool } = service;
  return text.pools.filter(
    (pool) => serves(pool, service) && (addressPool === undefined ? pool.autoAssign : pool.name === addressPool),
  );
}

/** An address of the family that the Service could be given out of the pool now. */
export function freeFor(world: World, service: ServiceFacts, site: string, pool: PoolText, family: Family) {
  return pool.ips.find(
    (ip) => familyOf(ip) === family && isGiven(pool, ip) && obstacleUnasked(world, service, site, ip) === undefined,
  );
}

/** The address of the family that the Service asks for in the NodePool. */
export function askedFor(world: World, service: ServiceFacts, site: string, family: Family): string | undefined {
  const { asksIn, asksAnywhere, selector } = service;
  const mine = (ip: string) => familyOf(ip) === family;
  const named = asksIn.get(site)?.find(mine);
  if (named !== undefined) return named;
  const anywhere = asksAnywhere.find(mine);
  if (anywhere === undefined || selector !== undefined || heldIn(service, site).includes(anywhere)) return anywhere;
  const text = world.texts.get(site);
  return text !== undefined && poolOf(text, anywhere) !== undefined ? anywhere : undefined;
}

/** Whether the NodePool shall have addresses for the Service. Nothing moves: where it has one it stays selected. */
export function isSelected(world: World, service: ServiceFacts, site: string): boolean {
  const labels = world.facts.sites.get(site);
  if (labels === undefined) return false;
  if (service.selector !== undefined) return selects(service.selector, labels);
  if (service.asksIn.has(site)) return true;
  const has = heldIn(service, site).length > 0;
  const text = world.texts.get(site);
  if (text === undefined) return has;
  if (service.asksAnywhere.length > 0) {
    const pools = service.asksAnywhere.map((ip) => poolOf(text, ip));
    const named = service.addressPool;
    const isMeant = (pool: PoolText) => serves(pool, service) && (named === undefined || pool.name === named);
    return pools.some((pool) => pool !== undefined && (has || isMeant(pool)));
  }
  return has || poolsFor(text, service).length > 0;
}

export { hasFamily };
