import { type NodeReport, REPORT_SIZES, type ReportedConflict } from '@openyurt/nodepool-types';

/** What one node of a site says about one address: a host there uses it. */
export interface SiteConflict extends ReportedConflict {
  readonly node: string;
}

/** An address in a NodePool, as reports spell it. */
export interface SiteAddress {
  readonly nodePool: string;
  /** Canonical text. */
  readonly address: string;
}

interface Said {
  /** By node. */
  readonly conflicts: Map<string, SiteConflict>;
  /** Node → since when it announces the address, in milliseconds since 1970 by its own clock. */
  readonly announced: Map<string, number>;
}

/** The reports of all nodes, by NodePool and address. */
export class SiteReports {
  readonly #byNode = new Map<string, NodeReport>();
  readonly #byAddress = new Map<string, Said>();

  /**
   * @param report undefined: the node says nothing any more
   * @returns the addresses of which it says something else than before; `disputed`: a host uses it, or did
   */
  set(node: string, report: NodeReport | undefined): (SiteAddress & { readonly disputed: boolean })[] {
    const before = this.#byNode.get(node);
    const changed = changedBetween(before, report);
    const disputed = (at: SiteAddress) => (this.#byAddress.get(keyOf(at))?.conflicts.size ?? 0) > 0;
    const was = new Set(changed.filter(disputed).map(keyOf));
    if (before !== undefined) this.#forget(before);
    if (report === undefined) this.#byNode.delete(node);
    else this.#byNode.set(node, report);
    if (report !== undefined) this.#enter(report);
    return changed.map((at) => ({ ...at, disputed: was.has(keyOf(at)) || disputed(at) }));
  }

  /** Of nodes by name. Who was told of it before another member announced the address is not heard: that one found it free. */
  conflicts(at: SiteAddress): readonly SiteConflict[] {
    const said = this.#byAddress.get(keyOf(at));
    if (said === undefined) return [];
    const stands = ({ node, lastSeen }: SiteConflict): boolean =>
      ![...said.announced].some(([other, sinceMs]) => other !== node && sinceMs > Date.parse(lastSeen));
    return [...said.conflicts.values()].filter(stands).sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  /** Since when a node announces the address, of several the first; undefined: none does. */
  announcedSinceMs(at: SiteAddress): number | undefined {
    const since = [...(this.#byAddress.get(keyOf(at))?.announced.values() ?? [])];
    return since.length === 0 ? undefined : Math.min(...since);
  }

  #enter({ node, nodePool, conflicts, announced }: NodeReport): void {
    for (const conflict of conflicts) {
      this.#said({ nodePool, address: conflict.address }).conflicts.set(node, { ...conflict, node });
    }
    for (const { address, since } of announced) {
      this.#said({ nodePool, address }).announced.set(node, Date.parse(since));
    }
  }

  #forget({ node, nodePool, conflicts, announced }: NodeReport): void {
    for (const { address } of [...conflicts, ...announced]) {
      const key = keyOf({ nodePool, address });
      const said = this.#byAddress.get(key);
      said?.conflicts.delete(node);
      said?.announced.delete(node);
      if (said?.conflicts.size === 0 && said.announced.size === 0) this.#byAddress.delete(key);
    }
  }

  #said(at: SiteAddress): Said {
    const key = keyOf(at);
    const found = this.#byAddress.get(key);
    if (found !== undefined) return found;
    const said: Said = { conflicts: new Map(), announced: new Map() };
    this.#byAddress.set(key, said);
    return said;
  }
}

/** A node that announces a thousand addresses writes its report anew for each that comes or goes. */
function changedBetween(before: NodeReport | undefined, now: NodeReport | undefined): SiteAddress[] {
  const said = [before, now].map((report) => {
    const texts = new Map<string, string>();
    for (const one of [...(report?.conflicts ?? []), ...(report?.announced ?? [])]) {
      const key = keyOf({ nodePool: report?.nodePool ?? '', address: one.address });
      texts.set(key, `${texts.get(key) ?? ''} ${JSON.stringify(one)}`);
    }
    return texts;
  });
  const keys = new Set(said.flatMap((texts) => [...texts.keys()]));
  return [...keys].filter((key) => said[0]?.get(key) !== said[1]?.get(key)).map(readKey);
}

/** Whether a conflict is this Service's: one of another, which had the address before, is old. */
export function concerns({ services }: SiteConflict, uid: string): boolean {
  return services.includes(uid) || services.length === 0 || services.length >= REPORT_SIZES.services;
}

export function keyOf({ nodePool, address }: SiteAddress): string {
  return `${nodePool} ${address}`;
}

function readKey(key: string): SiteAddress {
  const blank = key.indexOf(' ');
  return { nodePool: key.slice(0, blank), address: key.slice(blank + 1) };
}
