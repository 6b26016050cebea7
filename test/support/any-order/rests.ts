import type { Facts } from './facts.ts';

interface Rest {
  /** Who had the address last, of which one may have it back at once if he was the only one. */
  readonly formers: readonly string[];
  readonly atMs: number;
  /** The controller that would know of it may be gone. */
  readonly isSure: boolean;
}

/** What was released, by whom and when: docs/reference/controller-flags.md, "Addresses that rest". */
export class Rests {
  /** @param restMs `--release-cooldown` */
  constructor(
    private readonly restMs: number,
    private readonly all: ReadonlyMap<string, Rest> = new Map(),
  ) {}

  /** Whether the address may rest for another one than the Service. */
  mayRest(site: string, ip: string, service: string, nowMs: number): boolean {
    const rest = this.#at(site, ip, nowMs);
    return rest !== undefined && !(rest.formers.length === 1 && rest.formers[0] === service);
  }

  /** Whether the Service got it too early, after it was another's. */
  isTooEarly(site: string, ip: string, service: string, nowMs: number): boolean {
    const rest = this.#at(site, ip, nowMs);
    return rest?.isSure === true && !rest.formers.includes(service);
  }

  /** @param forgets whether a new controller began meanwhile */
  after(before: Facts, now: Facts, nowMs: number, forgets: boolean): Rests {
    const held = holders(now);
    const rests = new Map([...this.all].map(([at, rest]) => [at, forgets ? { ...rest, isSure: false } : rest]));
    for (const at of held.keys()) rests.delete(at);
    for (const [at, formers] of holders(before)) {
      if (!held.has(at)) rests.set(at, { formers, atMs: nowMs, isSure: !forgets });
    }
    return new Rests(this.restMs, rests);
  }

  /** What went from one to another at once. */
  stolen(before: Facts, now: Facts): string[] {
    if (this.restMs === 0) return [];
    const had = holders(before);
    return [...holders(now)].flatMap(([at, keys]) => {
      const formers = had.get(at);
      const isStolen = formers !== undefined && !keys.some((key) => formers.includes(key));
      return isStolen ? [`${at} went from ${formers.join(', ')} to ${keys.join(', ')} at once`] : [];
    });
  }

  #at(site: string, ip: string, nowMs: number): Rest | undefined {
    const rest = this.all.get(`${site} ${ip}`);
    return rest !== undefined && nowMs - rest.atMs < this.restMs ? rest : undefined;
  }
}

function holders({ services }: Facts): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const { key, isOurs, entries } of services.values()) {
    for (const { site, ip } of isOurs ? entries : [])
      all.set(`${site} ${ip}`, [...(all.get(`${site} ${ip}`) ?? []), key]);
  }
  return all;
}
