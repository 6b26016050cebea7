import type { IpAddress } from '@openyurt/nodepool-types';
import type { SiteUsage } from './usage.ts';

/** How long released addresses rest; 0: not at all. */
export interface RestOptions {
  readonly restMs: number;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** A released address that no other Service gets before its time. */
export interface Rest {
  readonly site: SiteUsage;
  readonly address: IpAddress;
  /** The Service that had it last, `namespace/name`: it may have it back at once. */
  readonly service: string;
  readonly untilMs: number;
}

/** Addresses that rest at a time, in the whole cluster; then the rest of the oldest ends early. */
const MOST_RESTING = 32_768;

/** Which addresses rest after their release. Memory only: a new process knows of none. */
export class Resting {
  /** In the order in which their rest ends: all rest equally long. */
  readonly #rests = new Map<string, Rest>();
  readonly #byService = new Map<string, Rest[]>();

  constructor(
    private readonly options: RestOptions,
    private readonly most = MOST_RESTING,
  ) {}

  get isEmpty(): boolean {
    return this.#rests.size === 0;
  }

  /** The last Service of an address gave it back. @returns the one whose rest ends for it, where too many rest */
  begin(site: SiteUsage, address: IpAddress, service: string): Rest | undefined {
    const { restMs, nowMs } = this.options;
    const rest: Rest = { site, address, service, untilMs: nowMs() + restMs };
    this.#rests.set(keyOf(site, address), rest);
    this.#byService.set(service, [...(this.#byService.get(service) ?? []), rest]);
    site.resting.add(address);
    const [oldest] = this.#rests.size > this.most ? this.#rests.values() : [];
    if (oldest !== undefined) this.end(oldest.site, oldest.address);
    return oldest;
  }

  /** Somebody has the address, or its time is over. @returns whether it rested */
  end(site: SiteUsage, address: IpAddress): boolean {
    if (this.isEmpty) return false;
    const key = keyOf(site, address);
    const rest = this.#rests.get(key);
    if (rest === undefined) return false;
    this.#rests.delete(key);
    site.resting.delete(address);
    const left = (this.#byService.get(rest.service) ?? []).filter((other) => other !== rest);
    if (left.length === 0) this.#byService.delete(rest.service);
    else this.#byService.set(rest.service, left);
    return true;
  }

  at(site: SiteUsage, address: IpAddress): Rest | undefined {
    return this.isEmpty ? undefined : this.#rests.get(keyOf(site, address));
  }

  /** What the Service gave back in the NodePool, and nobody else can have yet. */
  of(service: string, site: SiteUsage): readonly IpAddress[] {
    if (this.isEmpty) return [];
    return (this.#byService.get(service) ?? []).filter((rest) => rest.site === site).map(({ address }) => address);
  }

  /** Ends those whose time is over. */
  endDue(): Rest[] {
    const due: Rest[] = [];
    if (this.isEmpty) return due;
    const nowMs = this.options.nowMs();
    for (const rest of this.#rests.values()) {
      if (rest.untilMs > nowMs) break;
      due.push(rest);
    }
    for (const { site, address } of due) this.end(site, address);
    return due;
  }

  /** In how many milliseconds the next rest ends; undefined: nothing rests. */
  nextEndInMs(): number | undefined {
    const [next] = this.#rests.values();
    return next && Math.max(0, Math.ceil(next.untilMs - this.options.nowMs()));
  }
}

function keyOf({ nodePool }: SiteUsage, { family, value }: IpAddress): string {
  return `${nodePool} ${family} ${value}`;
}
