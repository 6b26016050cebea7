import { type Command, type ServiceWish, type Step, sayStep } from './commands.ts';
import type { Driver } from './driver.ts';
import { readFacts, type Seen } from './facts.ts';
import type { Fault } from './fault.ts';
import { BEGINNING, SITES } from './generate.ts';
import { Oracle } from './oracle.ts';
import { People } from './people.ts';

/** A rule was broken. The message says which, after which steps, and what then stood there. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';

  constructor(
    readonly faults: readonly Fault[],
    played: readonly Step[],
    seen: Seen,
  ) {
    const said = faults.map(({ rule, text }) => `${rule}: ${text}`);
    super([...said, 'after', ...played.map(sayLine), 'so that', ...sayAll(seen)].join('\n'));
  }
}

/** Plays the steps one after the other, and then that all Services go and others take every address there is. @throws BrokenRule */
export async function play(driver: Driver, steps: readonly Step[]): Promise<void> {
  const people = new People();
  const oracle = new Oracle(driver.restMs);
  const played: Step[] = [];
  const one = async (step: Step): Promise<Seen> => {
    const changes = step.commands.flatMap((command) => people.do(command));
    await driver.play(step, changes).catch((error: Error) => {
      throw new Error([error.message, 'after', ...played.map(sayLine), 'in', sayLine(step)].join('\n'), {
        cause: error,
      });
    });
    played.push(step);
    const judge = (seen: Seen) => oracle.judge(seen, step, driver.nowMs);
    const seen = await driver.quiet((seen) => judge(seen).length === 0);
    const faults = judge(seen);
    if (faults.length > 0) throw new BrokenRule(faults, played, seen);
    oracle.accept(seen, step, driver.nowMs);
    return seen;
  };
  await one({ commands: BEGINNING });
  for (const step of steps) await one(step);
  await one({ commands: people.leave().services });
  const seen = await one({ commands: [], passMs: driver.restMs });
  // an address that leaked is one that a Service could have and has not
  await one({ commands: fillers(seen) });
  await one({ commands: people.leave().services });
  await one({ commands: people.leave().rest });
}

function sayLine(step: Step): string {
  return `  ${sayStep(step)}`;
}

/** As many Services as there are addresses, in each NodePool on a port of its own. */
function fillers(seen: Seen): readonly Command[] {
  const { configs } = readFacts(seen);
  return SITES.flatMap((site, index) => {
    const text = configs.get(site)?.text;
    const pools = text === undefined || text === 'unreadable' ? [] : text.pools;
    return pools
      .flatMap(({ ips }) => ips)
      .map((ip, at): Command => {
        const wish: ServiceWish = {
          ...FILLER,
          families: [ip.includes(':') ? 'IPv6' : 'IPv4'],
          ports: [`${1000 + index}/TCP`],
          selector: `site=${site}`,
        };
        return { kind: 'service', name: `fill-${site}-${at}`, wish };
      });
  });
}

const FILLER: Omit<ServiceWish, 'families' | 'ports'> = {
  namespace: 'default',
  type: 'ours',
  policy: 'SingleStack',
  trafficPolicy: 'Cluster',
  app: 'one',
  gold: false,
};

function sayAll(seen: Seen): string[] {
  const services = seen.services.map(({ metadata, status }) => {
    const entries = (status?.loadBalancer?.ingress ?? []).map(({ hostname = '', ip }) => `${hostname}=${ip}`);
    const told = status?.conditions?.map(({ reason, message }) => `${reason}: ${message}`) ?? [];
    return `  ${metadata.namespace}/${metadata.name}: ${entries.join(' ') || 'nothing'} (${told.join('; ')})`;
  });
  const configs = seen.configMaps.map(({ metadata, data }) => `  ${metadata.name}: ${JSON.stringify(data)}`);
  const sites = seen.nodePools.map(({ metadata }) => `  NodePool ${metadata.name} ${JSON.stringify(metadata.labels)}`);
  return [...services, ...sites, ...configs];
}
