import type { AddressConfig, IpAddress, PortKey } from '@openyurt/nodepool-types';
import { type AddressKey, AddressSet, addressKey } from './address-set.ts';
import { Ledger } from './ledger.ts';
import { ReuseMap } from './reuse-map.ts';
import { type Holder, hasPort, portNumber, type Refusal, sameHolder, sharingRefusal } from './sharing.ts';
import { SiteRanges } from './site-ranges.ts';
import { SiteUsage } from './usage.ts';

/** One address a Service holds in one NodePool. */
export interface Holding {
  /** The Service, `namespace/name`. */
  readonly key: string;
  readonly nodePool: string;
  readonly address: IpAddress;
  /** The Service asked for this very address. */
  readonly requested: boolean;
}

/** An address (or some of its ports) that became free; `nodePool` is where it was held. */
export interface Freed {
  readonly nodePool: string;
  readonly address: IpAddress;
}

/** One Service and what it holds. */
interface Account {
  readonly holder: Holder;
  readonly holdings: Holding[];
}

/** The NodePool under which addresses of other controllers are noted: they block ports, nothing else. */
export const FOREIGN = '';

/**
 * Who holds which address in which NodePool, for the whole cluster. It alone decides what is free: a Service's status
 * read from a cache may be older than what was given out since.
 *
 * Two rules: within a NodePool an address has one Service, unless they may share; and one address/protocol/port has
 * one Service in the whole cluster, because kube-proxy on every node knows all of them and keys on that.
 */
export class AddressBook {
  readonly #sites = new Map<string, SiteUsage>();
  readonly #accounts = new ReuseMap<string, Account>();
  /** Who holds an address, in all NodePools; few, so they are looked through. */
  readonly #ledger = new Ledger<AddressKey, Holding>();
  /** The addresses in use with one port, by {@link portNumber}. */
  readonly #ports = new ReuseMap<number, AddressSet>();
  #nodes = new AddressSet();
  #nodeAddresses: readonly IpAddress[] = [];
  #freed: Freed[] = [];

  /** @param config undefined: nothing can be given out there; what is held stays */
  configure(nodePool: string, config: AddressConfig | undefined): void {
    this.site(nodePool).ranges = config && new SiteRanges(config);
  }

  site(nodePool: string): SiteUsage {
    let site = this.#sites.get(nodePool);
    if (site === undefined) {
      site = new SiteUsage();
      this.#sites.set(nodePool, site);
    }
    return site;
  }

  get nodePools(): Iterable<string> {
    return this.#sites.keys();
  }

  /** Addresses of the cluster's Nodes: never given out, in no NodePool. */
  get nodes(): AddressSet {
    return this.#nodes;
  }

  get nodeAddresses(): readonly IpAddress[] {
    return this.#nodeAddresses;
  }

  setNodeAddresses(addresses: Iterable<IpAddress>): void {
    const before = this.#nodeAddresses;
    this.#nodeAddresses = [...addresses];
    this.#nodes = new AddressSet();
    for (const address of this.#nodeAddresses) this.#nodes.add(address);
    for (const address of before) if (!this.#nodes.has(address)) this.#freed.push({ nodePool: FOREIGN, address });
  }

  /** The addresses in use with one of these ports, one set per port: none of them can be given to the Service. */
  portsInUse(holder: Holder): AddressSet[] {
    const sets: AddressSet[] = [];
    for (const port of holder.ports) {
      const set = this.#ports.get(portNumber(port));
      if (set !== undefined) sets.push(set);
    }
    return sets;
  }

  holder(key: string): Holder | undefined {
    return this.#accounts.get(key)?.holder;
  }

  get services(): Iterable<string> {
    return this.#accounts.keys();
  }

  holdings(key: string): readonly Holding[] {
    return this.#accounts.get(key)?.holdings ?? [];
  }

  /** The Services that hold an address in one NodePool. */
  holders(nodePool: string, address: IpAddress): string[] {
    return this.#ledger
      .get(addressKey(address))
      .filter((held) => held.nodePool === nodePool)
      .map(({ key }) => key);
  }

  /** Why the Service can't have the address in the NodePool; undefined: it can. Ranges are not looked at. */
  refusal(nodePool: string, address: IpAddress, asking: Holder): Refusal | undefined {
    return this.#refusalAmong(this.#ledger.get(addressKey(address)), nodePool, asking);
  }

  #refusalAmong(all: readonly Holding[], nodePool: string, asking: Holder): Refusal | undefined {
    for (const held of all) {
      const other = held.key === asking.key ? undefined : this.holder(held.key);
      if (other === undefined) continue;
      const sharing = held.nodePool === nodePool ? sharingRefusal(asking, other) : undefined;
      if (sharing !== undefined) return sharing;
      const port = asking.ports.find((mine) => hasPort(other, mine));
      if (port !== undefined) return { reason: 'PortInUse', holder: held.key, port };
    }
    return undefined;
  }

  /** Gives the address to the Service, unless a rule forbids it. Taking what it already holds there changes nothing. */
  take(nodePool: string, address: IpAddress, holder: Holder, requested = false): Refusal | undefined {
    const account = this.#accounts.get(holder.key);
    const by = account?.holder ?? holder;
    if (account?.holdings.some((held) => held.nodePool === nodePool && sameAddress(held.address, address)))
      return undefined;
    const all = this.#ledger.get(addressKey(address));
    const refusal = nodePool === FOREIGN ? undefined : this.#refusalAmong(all, nodePool, by);
    if (refusal !== undefined) return refusal;
    const held: Holding = { key: by.key, nodePool, address, requested };
    if (account === undefined) this.#accounts.set(by.key, { holder, holdings: [held] });
    else account.holdings.push(held);
    this.#enter(all, held, by);
    return undefined;
  }

  release(key: string, nodePool: string, address: IpAddress): void {
    if (this.#giveBack(key, nodePool, address)) this.#freed.push({ nodePool, address });
  }

  /** Takes a {@link take} back that was never shown to anyone: nobody is told that the address is free. */
  untake(key: string, nodePool: string, address: IpAddress): void {
    this.#giveBack(key, nodePool, address);
  }

  setRequested(key: string, held: Holding, requested: boolean): void {
    if (held.requested === requested) return;
    const changed = { ...held, requested };
    const mine = this.#accounts.get(key)?.holdings;
    const at = mine?.indexOf(held) ?? -1;
    if (mine === undefined || at < 0) return;
    mine[at] = changed;
    this.#ledger.replace(addressKey(held.address), held, changed);
  }

  #giveBack(key: string, nodePool: string, address: IpAddress): boolean {
    const account = this.#accounts.get(key);
    if (account === undefined) return false;
    const { holder, holdings: mine } = account;
    const at = mine.findIndex((held) => held.nodePool === nodePool && sameAddress(held.address, address));
    if (at < 0) return false;
    const [held] = mine.splice(at, 1);
    if (mine.length === 0) this.#accounts.delete(key);
    if (held !== undefined) this.#strike(held, holder);
    return true;
  }

  releaseAll(key: string): void {
    const account = this.#accounts.get(key);
    if (account === undefined) return;
    this.#accounts.delete(key);
    for (const held of account.holdings) {
      this.#strike(held, account.holder);
      this.#freed.push(held);
    }
  }

  /**
   * Notes that a Service's ports, policy, sharing key or UID changed. What it holds is judged anew; what a rule now
   * forbids is lost and returned with the refusal.
   */
  update(holder: Holder): { held: Holding; refusal: Refusal }[] {
    const before = this.holder(holder.key);
    if (before === undefined || sameHolder(before, holder)) return [];
    const holdings = [...this.holdings(holder.key)];
    this.releaseAll(holder.key);
    const lost: { held: Holding; refusal: Refusal }[] = [];
    for (const held of holdings) {
      const refusal = this.take(held.nodePool, held.address, holder, held.requested);
      if (refusal !== undefined) lost.push({ held, refusal });
    }
    return lost;
  }

  /** What became free since the last call. */
  drainFreed(): Freed[] {
    const freed = this.#freed;
    this.#freed = [];
    return freed;
  }

  #enter(all: readonly Holding[], held: Holding, holder: Holder): void {
    const { nodePool, address } = held;
    if (!all.some((other) => other.nodePool === nodePool)) {
      this.site(nodePool).add(address, nodePool === FOREIGN ? undefined : holder.sharingKey);
    }
    this.#ledger.add(addressKey(address), held);
    for (const port of holder.ports) {
      const number = portNumber(port);
      let set = this.#ports.get(number);
      if (set === undefined) {
        set = new AddressSet();
        this.#ports.set(number, set);
      }
      set.add(address);
    }
  }

  #strike(held: Holding, holder: Holder): void {
    const { nodePool, address } = held;
    const all = this.#ledger.remove(addressKey(address), held);
    if (!all.some((other) => other.nodePool === nodePool)) {
      this.site(nodePool).remove(address, nodePool === FOREIGN ? undefined : holder.sharingKey);
    }
    for (const port of holder.ports) {
      if (all.some((other) => this.#stillHas(other, held.key, holder, port))) continue;
      const number = portNumber(port);
      const set = this.#ports.get(number);
      set?.delete(address);
      if (set?.size === 0) this.#ports.delete(number);
    }
  }

  /** Whether another entry of the same address keeps the port in use: of the same Service elsewhere, or of another's. */
  #stillHas(other: Holding, key: string, holder: Holder, port: PortKey): boolean {
    const by = other.key === key ? holder : this.holder(other.key);
    return by !== undefined && hasPort(by, port);
  }
}

export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.value === b.value && a.family === b.family;
}
