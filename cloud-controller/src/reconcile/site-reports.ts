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

/** Of one address by one node; a speaker names four. */
const MOST_HOSTS = 8;

interface Said {
  /** By node; several hosts may use one address. */
  readonly conflicts: Map<string, SiteConflict[]>;
  /** The nodes that announce the address. */
  readonly announced: Set<string>;
}

/** The reports of all nodes, by NodePool and address. Their times are not looked at: each is of another clock. */
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

  /**
   * Of nodes by name, hosts by MAC. Who does not announce the address while another member does is not heard: that one found it free, or
   * took it over.
   */
  conflicts(at: SiteAddress): readonly SiteConflict[] {
    const said = this.#byAddress.get(keyOf(at));
    if (said === undefined) return [];
    const { announced } = said;
    const stands = ({ node }: SiteConflict): boolean => announced.size === 0 || announced.has(node);
    const all = [...said.conflicts.values()].flat().filter(stands);
    return all.sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : a.byMac < b.byMac ? -1 : 1));
  }

  /** Whether a node announces it. */
  isAnnounced(at: SiteAddress): boolean {
    return (this.#byAddress.get(keyOf(at))?.announced.size ?? 0) > 0;
  }

  #enter({ node, nodePool, conflicts, announced }: NodeReport): void {
    for (const conflict of conflicts) {
      const { conflicts: said } = this.#said({ nodePool, address: conflict.address });
      const others = said.get(node);
      if (others === undefined) said.set(node, [{ ...conflict, node }]);
      else if (others.length < MOST_HOSTS) others.push({ ...conflict, node });
    }
    for (const { address } of announced) this.#said({ nodePool, address }).announced.add(node);
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
    const said: Said = { conflicts: new Map(), announced: new Set() };
    this.#byAddress.set(key, said);
    return said;
  }
}

/**
 * A node that announces a thousand addresses writes its report anew for each that comes or goes, and for a conflict that
 * lasts every five minutes.
 */
function changedBetween(before: NodeReport | undefined, now: NodeReport | undefined): SiteAddress[] {
  const [old, fresh] = [textsOf(before), textsOf(now)];
  const keys = new Set([...old.keys(), ...fresh.keys()]);
  return [...keys].filter((key) => old.get(key) !== fresh.get(key)).map(readKey);
}

/** What a report says of each address, times aside. */
function textsOf(report: NodeReport | undefined): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  if (report === undefined) return texts;
  const { nodePool, conflicts, announced } = report;
  for (const { address, kind, byMac, link, services } of conflicts) {
    const key = keyOf({ nodePool, address });
    texts.set(key, [texts.get(key) ?? '', kind, byMac, link, ...services].join(' '));
  }
  for (const { address } of announced) {
    const key = keyOf({ nodePool, address });
    texts.set(key, `${texts.get(key) ?? ''} announced`);
  }
  return texts;
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
