import type { Step } from './commands.ts';
import { type Facts, readFacts, type Seen } from './facts.ts';
import type { Fault } from './fault.ts';
import { NONE_IN_FORCE, nextInForce } from './in-force.ts';
import { Rests } from './rests.ts';
import { former, moved, overtaken, unfit, unturned } from './rules-between.ts';
import { misplaced, twice, unserved } from './rules-now.ts';
import { rewritten, touched, untold } from './rules-said.ts';
import type { World } from './world.ts';

const NOTHING: Seen = { services: [], configMaps: [], nodePools: [], nodes: [] };

/**
 * Judges a controller by the objects alone: what it did between two moments at which all was quiet, and what stands then.
 * It knows the rules of docs/reference and none of the product's decisions.
 */
export class Oracle {
  #seen = NOTHING;
  #facts: Facts = readFacts(NOTHING);
  #inForce = NONE_IN_FORCE;
  #rests: Rests;
  /** Entries of NodePools that went while no controller was there: to the next one they are another's. */
  #strays: ReadonlySet<string> = new Set();

  constructor(private readonly restMs: number) {
    this.#rests = new Rests(restMs);
  }

  /** What is wrong with what is seen after a step. Changes nothing: where all is not yet quiet it may be asked again. */
  judge(seen: Seen, step: Step, nowMs: number): Fault[] {
    const facts = readFacts(seen);
    const forgets = step.restart !== undefined;
    const after = this.#rests.after(this.#facts, facts, nowMs, forgets);
    const rests = (site: string, ip: string, service: string) => after.mayRest(site, ip, service, nowMs);
    const before: World = { facts: this.#facts, texts: this.#inForce.texts, rests: () => false };
    const { texts } = nextInForce(forgets ? NONE_IN_FORCE : this.#inForce, facts);
    const now: World = { facts, texts, rests };
    const strays = this.#straysIn(facts, forgets);
    const isOne = step.commands.length <= 1 && !forgets;
    const isRefused = [...facts.configs].some(([site, { text }]) => texts.get(site) !== text);
    const isRest = forgets && step.commands.length === 0 && !isRefused && this.restMs === 0; // what rests is forgotten
    return [
      ...twice(now),
      ...misplaced(now, (service, site, ip) => strays.has(`${service} ${site} ${ip}`)),
      ...unserved(now),
      ...untold(now),
      ...unfit(before, now, isOne),
      ...moved(before, now, forgets),
      ...(isOne ? overtaken(before, now) : []),
      ...(forgets ? [] : this.#unturned(now, step)),
      ...(forgets ? [] : this.#restless(now, nowMs)),
      ...touched(before, now),
      ...(isRest ? rewritten(this.#seen, seen) : []),
    ];
  }

  /** From now on this is what was before. */
  accept(seen: Seen, step: Step, nowMs: number): void {
    const facts = readFacts(seen);
    const forgets = step.restart !== undefined;
    this.#inForce = nextInForce(forgets ? NONE_IN_FORCE : this.#inForce, facts);
    this.#strays = this.#straysIn(facts, forgets);
    this.#rests = this.#rests.after(this.#facts, facts, nowMs, forgets);
    this.#facts = facts;
    this.#seen = seen;
  }

  #straysIn(facts: Facts, forgets: boolean): ReadonlySet<string> {
    const strays = new Set<string>();
    for (const { key, entries } of facts.services.values()) {
      for (const { site, ip } of entries) {
        const at = `${key} ${site} ${ip}`;
        if (!facts.sites.has(site) && (forgets || this.#strays.has(at))) strays.add(at);
      }
    }
    return strays;
  }

  /** Of Services that were made in this step, while nothing that could have freed an address happened. */
  #unturned(now: World, { commands }: Step): Fault[] {
    const isThere = (name: string) =>
      this.#facts.services.has(`default/${name}`) || this.#facts.services.has(`shop/${name}`);
    const keys = commands.flatMap((command) =>
      command.kind === 'service' && !isThere(command.name) ? [`${command.wish.namespace}/${command.name}`] : [],
    );
    return keys.length < commands.length ? [] : keys.flatMap((key) => unturned(now, key));
  }

  #restless(now: World, nowMs: number): Fault[] {
    const texts = this.#rests.stolen(this.#facts, now.facts);
    for (const service of now.facts.services.values()) {
      const was = former({ ...now, facts: this.#facts }, service);
      for (const { site, ip } of service.isOurs ? service.entries : []) {
        const isNew = !was?.entries.some((entry) => entry.site === site && entry.ip === ip);
        if (isNew && this.#rests.isTooEarly(site, ip, service.key, nowMs))
          texts.push(`${service.key} has ${ip} of NodePool ${site}, which was another's lately`);
      }
    }
    return texts.map((text) => ({ rule: 'restless', text }));
  }
}
