import { type ConfigText, poolOf } from './config-text.ts';
import type { Facts, ServiceFacts } from './facts.ts';

/** What a controller goes by in each NodePool: the newest text, or the last good one where that is refused. */
export interface InForce {
  readonly texts: ReadonlyMap<string, ConfigText>;
  /** Whether the last ConfigMap that stood there let its addresses be taken. */
  readonly mayRenumber: ReadonlyMap<string, boolean>;
}

/** A controller that has just begun knows of none. */
export const NONE_IN_FORCE: InForce = { texts: new Map(), mayRenumber: new Map() };

/**
 * docs/reference/configuration.md, "Pools that change under use": judged at rest, when a text is in force exactly if it
 * takes nothing from anybody, or may.
 */
export function nextInForce({ texts, mayRenumber }: InForce, facts: Facts): InForce {
  const next = new Map<string, ConfigText>();
  const renumber = new Map(mayRenumber);
  for (const site of new Set([...texts.keys(), ...facts.configs.keys()])) {
    const was = texts.get(site);
    const config = facts.configs.get(site);
    const holders = [...facts.services.values()].filter(
      ({ isOurs, entries }) => isOurs && entries.some((one) => one.site === site),
    );
    if (config === undefined) {
      const stays = was !== undefined && holders.length > 0 && mayRenumber.get(site) !== true;
      if (stays) next.set(site, was);
      continue;
    }
    if (config.text !== 'unreadable') renumber.set(site, config.mayRenumber);
    const text = config.text;
    const isGood =
      text !== 'unreadable' && (config.mayRenumber || !holders.some((service) => takesFrom(service, site, was, text)));
    if (isGood) next.set(site, text);
    else if (was !== undefined) next.set(site, was);
  }
  return { texts: next, mayRenumber: renumber };
}

/** Whether the Service would lose an address that it was given, or the pool that it asks for by name. */
function takesFrom(service: ServiceFacts, site: string, was: ConfigText | undefined, text: ConfigText): boolean {
  return service.entries.some((entry) => {
    if (entry.site !== site) return false;
    const asked = [...(service.asksIn.get(site) ?? []), ...service.asksAnywhere].includes(entry.ip);
    const will = poolOf(text, entry.ip)?.name;
    if (will === undefined) return !(asked && text.allowOutside);
    const old = was && poolOf(was, entry.ip)?.name;
    return old !== undefined && old !== will && !asked && service.addressPool === old;
  });
}
