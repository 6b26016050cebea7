import type { Site } from '../plan/select-pools.ts';

/** How a NodePool's ConfigMap stands. */
export interface ConfigStanding {
  readonly state: Site['config'];
  /** The newest text is refused while an older one may still be in force. */
  readonly stale: boolean;
  /** Why it is refused, when it would take addresses that are in use: looked at again as they are given back. */
  readonly awaitsRelease: boolean;
}

const NO_CONFIG: ConfigStanding = { state: 'none', stale: false, awaitsRelease: false };

/** The NodePool objects of the cluster and how their configuration stands. */
export class Sites {
  readonly #sites = new Map<string, Site>();
  readonly #standings = new Map<string, ConfigStanding>();
  readonly #known = new Set<string>();

  /** NodePool objects that are not being deleted. */
  get all(): ReadonlyMap<string, Site> {
    return this.#sites;
  }

  /** The names were those of NodePools when this process did not run yet. */
  recall(names: Iterable<string>): void {
    for (const name of names) this.#known.add(name);
  }

  /** Whether the name is, or was, a NodePool: then its entries in a status are ours. */
  readonly isNodePool = (name: string): boolean => this.#known.has(name);

  standing(name: string): ConfigStanding {
    return this.#standings.get(name) ?? NO_CONFIG;
  }

  /** Of every NodePool, and of those that only a ConfigMap names. */
  *configs(): IterableIterator<{ nodePool: string; loaded: boolean; stale: boolean }> {
    for (const nodePool of new Set([...this.#sites.keys(), ...this.#standings.keys()])) {
      const { state, stale } = this.standing(nodePool);
      yield { nodePool, loaded: state === 'in-force', stale };
    }
  }

  /** @returns whether Services must be looked at again */
  setStanding(name: string, standing: ConfigStanding): boolean {
    const before = this.standing(name);
    if (standing.state === 'none' && !standing.stale) this.#standings.delete(name);
    else this.#standings.set(name, standing);
    const site = this.#sites.get(name);
    if (site !== undefined) this.#sites.set(name, { ...site, config: standing.state });
    return before.state !== standing.state;
  }

  /** @param labels undefined: there is no such NodePool object @returns whether Services must be looked at again */
  setNodePool(name: string, labels: Readonly<Record<string, string>> | undefined): boolean {
    const before = this.#sites.get(name);
    if (labels === undefined) return this.#sites.delete(name);
    this.#known.add(name);
    this.#sites.set(name, { name, labels, config: this.standing(name).state });
    return before === undefined || !sameLabels(before.labels, labels);
  }
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
