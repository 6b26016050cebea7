import type { AddressConfig, IpAddress } from '@openyurt/nodepool-types';
import { Accounts } from './accounts.ts';
import { AddressSet } from './address-set.ts';
import type { Hold } from './hold.ts';
import { heldBy, heldIn, portHeld, refusalAmong } from './holders-of-one.ts';
import { Ledger } from './ledger.ts';
import { placeOf } from './place.ts';
import { PortsInUse } from './ports-in-use.ts';
import { Resting, type RestOptions } from './resting.ts';
import { type Holder, type Refusal, sameHolder } from './sharing.ts';
import { SiteRanges } from './site-ranges.ts';
import { SiteUsage } from './usage.ts';

export { sameAddress } from './place.ts';

/** One address a Service holds in one NodePool. */
export interface Holding {
  /** The Service, `namespace/name`. */
  readonly key: string;
  readonly nodePool: string;
  readonly address: IpAddress;
  /** The Service asked for this very address. */
  readonly requested: boolean;
}

/** An address (or some of its ports) that became free, or whose rest ended, `nodePool` is where it was held; or that became a Node's. */
export interface Freed {
  readonly nodePool: string;
  readonly address: IpAddress;
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
  readonly #accounts = new Accounts();
  readonly #ledger = new Ledger();
  readonly #ports = new PortsInUse();
  #nodes = new AddressSet();
  #nodeAddresses: readonly IpAddress[] = [];
  #freed: Freed[] = [];
  /** undefined: what is released is free at once. */
  readonly resting: Resting | undefined;

  constructor(rest?: RestOptions) {
    this.resting = rest === undefined || rest.restMs === 0 ? undefined : new Resting(rest);
  }

  /** @param config undefined: nothing can be given out there; what is held stays */
  configure(nodePool: string, config: AddressConfig | undefined): void {
    this.site(nodePool).ranges = config && new SiteRanges(config);
  }

  site(nodePool: string): SiteUsage {
    let site = this.#sites.get(nodePool);
    if (site === undefined) {
      site = new SiteUsage(nodePool);
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
    const { nodes, nodeAddresses } = this;
    this.#nodeAddresses = [...addresses];
    this.#nodes = new AddressSet();
    for (const address of this.#nodeAddresses) this.#nodes.add(address);
    const changed = [...nodeAddresses, ...this.#nodeAddresses].filter((one) => nodes.has(one) !== this.#nodes.has(one));
    for (const address of changed) this.#freed.push({ nodePool: FOREIGN, address });
  }

  /** From now on the address is not given out unasked in the NodePool: a host there uses it. */
  avoid(nodePool: string, address: IpAddress): void {
    this.site(nodePool).setAvoided(address, true);
  }

  /** It may be given out again. */
  unavoid(nodePool: string, address: IpAddress): void {
    if (!this.site(nodePool).setAvoided(address, false)) return;
    this.#freed.push({ nodePool, address });
  }

  /** Lets those go that have rested long enough. */
  endRests(): void {
    for (const { site, address } of this.resting?.endDue() ?? [])
      this.#freed.push({ nodePool: site.nodePool, address });
  }

  /** The addresses in use with one of the Service's ports, one set per port: none of them can be given to it. */
  portsInUse(holder: Holder): AddressSet[] {
    return this.#ports.with(holder.ports);
  }

  holder(key: string): Holder | undefined {
    return this.#accounts.get(key)?.holder;
  }

  get services(): Iterable<string> {
    return this.#accounts.keys();
  }

  /** What the Service holds now, in the order it came. */
  holdings(key: string): readonly Holding[] {
    const account = this.#accounts.get(key);
    const holdings: Holding[] = [];
    for (let hold = account?.first; hold !== undefined; hold = hold.nextOfAccount) {
      const { block, low, site, requested } = hold;
      holdings.push({ key, nodePool: site.nodePool, address: block.address(low), requested });
    }
    return holdings;
  }

  /** The Services that hold an address in one NodePool. */
  holders(nodePool: string, address: IpAddress): string[] {
    const keys: string[] = [];
    for (let hold = this.#firstAt(address); hold !== undefined; hold = hold.nextOfAddress) {
      if (hold.site.nodePool === nodePool) keys.push(hold.account.holder.key);
    }
    return keys;
  }

  /** Why the Service can't have the address in the NodePool; without one, only ports in use count. Ranges are not looked at. */
  refusal(nodePool: string | undefined, address: IpAddress, asking: Holder): Refusal | undefined {
    return refusalAmong(this.#firstAt(address), nodePool, asking);
  }

  #firstAt(address: IpAddress): Hold | undefined {
    const { high, low } = placeOf(address);
    return this.#ledger.block(high)?.first(low);
  }

  /** Gives the address to the Service, unless a rule forbids it. Taking what it already holds there changes nothing. */
  take(nodePool: string, address: IpAddress, holder: Holder, requested = false): Refusal | undefined {
    const place = placeOf(address);
    const site = this.site(nodePool);
    const block = this.#ledger.block(place.high);
    const first = block?.first(place.low);
    const account = this.#accounts.get(holder.key);
    if (heldBy(first, account, site) !== undefined) return undefined;
    const by = account?.holder ?? holder;
    const refusal = nodePool === FOREIGN ? undefined : refusalAmong(first, nodePool, by);
    if (refusal !== undefined) return refusal;
    if (!heldIn(first, site)) {
      site.add(address, place, sharingKeyIn(site, by));
      // who waits for it is told whose it is now
      if (this.resting?.end(site, address)) this.#freed.push({ nodePool, address });
    }
    const into = block ?? this.#ledger.open(place.high);
    into.append(this.#accounts.enter(account ?? this.#accounts.open(holder), site, into, place.low, requested));
    for (const port of by.ports) this.#ports.add(port, place);
    return undefined;
  }

  release(key: string, nodePool: string, address: IpAddress): void {
    const hold = this.#find(key, nodePool, address);
    if (hold !== undefined) this.#freed.push({ nodePool, address: this.#strike(hold) });
  }

  setRequested(key: string, { nodePool, address }: Holding, requested: boolean): void {
    const hold = this.#find(key, nodePool, address);
    if (hold !== undefined) hold.requested = requested;
  }

  #find(key: string, nodePool: string, address: IpAddress): Hold | undefined {
    return heldBy(this.#firstAt(address), this.#accounts.get(key), this.site(nodePool));
  }

  releaseAll(key: string): void {
    let hold = this.#accounts.get(key)?.first;
    while (hold !== undefined) {
      const { site, nextOfAccount } = hold;
      this.#freed.push({ nodePool: site.nodePool, address: this.#strike(hold) });
      hold = nextOfAccount;
    }
  }

  /**
   * Notes that a Service's ports, policy, sharing key or UID changed. What it holds is judged anew; what a rule now
   * forbids is lost and returned with the refusal.
   */
  update(holder: Holder): { held: Holding; refusal: Refusal }[] {
    const before = this.holder(holder.key);
    if (before === undefined || sameHolder(before, holder)) return [];
    const holdings = this.holdings(holder.key);
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

  #rest(resting: Resting, site: SiteUsage, address: IpAddress, service: string): void {
    if (site.nodePool === FOREIGN) return;
    const ended = resting.begin(site, address, service);
    if (ended !== undefined) this.#freed.push({ nodePool: ended.site.nodePool, address: ended.address });
  }

  /** Takes one holding out of the book. The record is no longer valid then. */
  #strike(hold: Hold): IpAddress {
    const { site, block, high, low, account } = hold;
    const { holder } = account;
    const place = { high, low };
    const address = block.address(low);
    const left = this.#ledger.remove(hold);
    if (!heldIn(left, site)) {
      site.remove(address, place, sharingKeyIn(site, holder));
      if (this.resting !== undefined) this.#rest(this.resting, site, address, account.key);
    }
    for (const port of holder.ports) if (!portHeld(left, port)) this.#ports.delete(port, place);
    this.#accounts.strike(hold);
    return address;
  }
}

/** Addresses of other controllers are shared with nobody. */
function sharingKeyIn(site: SiteUsage, holder: Holder): string | undefined {
  return site.nodePool === FOREIGN ? undefined : holder.sharingKey;
}
