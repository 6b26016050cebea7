import { hasFamily, poolOf } from './config-text.ts';
import { heldIn, type Seen, type ServiceFacts } from './facts.ts';
import type { Fault } from './fault.ts';
import { former } from './rules-between.ts';
import { askedFor, isSelected, poolsFor, type World } from './world.ts';

/** docs/reference/conditions-events.md: `True` where every selected NodePool has what was asked for. */
export function untold(world: World): Fault[] {
  const faults: Fault[] = [];
  for (const service of world.facts.services.values()) {
    if (!service.isOurs) continue;
    const { status, reason } = service.condition ?? {};
    const fault = (text: string) => void faults.push({ rule: 'untold', text: `${service.key}: ${text}` });
    if (status === undefined) fault('no condition');
    const lack = [...world.facts.sites.keys()]
      .map((site) => lackIn(world, service, site))
      .find((one) => one !== undefined);
    if (status === 'True' && lack !== undefined) fault(`the condition is True, and it has ${lack}`);
    if (status === 'False' && lack === undefined && isContent(world, service))
      fault(`the condition says ${reason}, and it has all it wants`);
  }
  return faults;
}

/** What the Service misses in the NodePool. */
function lackIn(world: World, service: ServiceFacts, site: string): string | undefined {
  if (!isSelected(world, service, site)) return undefined;
  const text = world.texts.get(site);
  const has = heldIn(service, site);
  for (const family of service.families) {
    const asked = askedFor(world, service, site, family);
    if (asked !== undefined && !has.includes(asked)) return `not ${asked} in NodePool ${site}`;
    if (heldIn(service, site, family).length > 0) continue;
    const pool = text && has[0] && poolOf(text, has[0]);
    const isEnough = service.policy === 'PreferDualStack' && has.length > 0 && !(pool && hasFamily(pool, family));
    if (!isEnough) return `no ${family} in NodePool ${site}`;
  }
  return undefined;
}

/** Nothing is named that is not there, and some NodePool has addresses for it. */
function isContent(world: World, service: ServiceFacts): boolean {
  const sites = [...world.facts.sites.keys()];
  if (![...service.asksIn.keys()].every((site) => sites.includes(site))) return false;
  // what a refused text would offer nobody knows, nor what one that is gone did
  if (service.selector === undefined && !sites.every((site) => world.texts.has(site))) return false;
  const selected = sites.filter((site) => isSelected(world, service, site));
  return (
    selected.length > 0 &&
    selected.every((site) => {
      const text = world.texts.get(site);
      if (text === undefined) return false;
      const pools = poolsFor(text, service);
      return heldIn(service, site).every((ip) => pools.some((pool) => pool.ips.includes(ip)));
    })
  );
}

/** Services of others are left alone, and those that are LoadBalancers no more have nothing. */
export function touched(before: World, now: World): Fault[] {
  const faults: Fault[] = [];
  for (const service of now.facts.services.values()) {
    if (service.isOurs) continue;
    const fault = (text: string) =>
      void faults.push({ rule: 'touched', text: `${service.key}, which is not ours, ${text}` });
    if (service.entries.some(({ site }) => site !== ''))
      fault(`has ${service.entries.map(({ ip }) => ip).join(' and ')}`);
    const was = former(before, service);
    if (was !== undefined && !was.isOurs && was.condition === undefined && service.condition)
      fault('was given a condition');
  }
  return faults;
}

const OF_THE_MOMENT = /held by|shared with|free/;

/**
 * A new controller writes nothing again where nothing was asked for since. Who waits was told what was in the way when he was
 * last looked at; since then others may have come there.
 */
export function rewritten(before: Seen, now: Seen): Fault[] {
  const olds = new Map(before.services.map((one) => [one.metadata.uid, one]));
  return now.services.flatMap((service): Fault[] => {
    const was = olds.get(service.metadata.uid);
    if (was === undefined || was.metadata.resourceVersion === service.metadata.resourceVersion) return [];
    const said = [was, service].flatMap(({ status }) => status?.conditions?.map(({ message }) => message) ?? []);
    if (said.some((message) => OF_THE_MOMENT.test(message))) return [];
    return [{ rule: 'rewritten', text: `${service.metadata.name} was written, and nobody asked for that` }];
  });
}
