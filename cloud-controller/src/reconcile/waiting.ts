import type { IpAddress, IpFamily, LoadBalancerRequest } from '@openyurt/nodepool-types';
import type { AddressBook, Freed } from '../ipam/address-book.ts';
import { allocate, isFull, mayTake } from '../ipam/allocate.ts';
import type { Wait } from '../plan/plan-service.ts';
import { type Aged, byAge, WaitingLine } from './waiting-line.ts';

interface Waiter extends Aged {
  readonly request: LoadBalancerRequest;
  readonly waits: readonly Wait[];
}

/** A free address that Services of one NodePool are asked to take, one after the other. */
interface Offer {
  readonly nodePool: string;
  readonly address: IpAddress;
}

/**
 * `pairs`: those to whom an address is of no use while its pool has no free one of the other family. They are not even
 * asked then: thousands may wait for a range that was forgotten, beside others that come and go.
 */
type Lines = Readonly<Record<IpFamily, Record<'any' | 'pairs', WaitingLine<Waiter>>>>;

/**
 * Services that miss an address somewhere, and whom to wake when one comes free.
 *
 * Who waits for one certain address is woken whenever something about it changes. Who would take any address of a
 * NodePool is woken when it is his turn: the oldest whom the address suits, and the next one only when that one has been
 * looked at and the address can still be had. So a thousand deletions beside a thousand waiting wake a thousand, not a
 * million.
 */
export class Waiting {
  readonly #waiters = new Map<string, Waiter>();
  /** By {@link textOf} an address: those who wait for it, in whatever NodePool. */
  readonly #forOne = new Map<string, Set<Waiter>>();
  /** By NodePool: those who would take any address of it. */
  readonly #forAny = new Map<string, Lines>();
  /** What is offered to a Service that has not been looked at since. */
  readonly #asked = new Map<string, { waiter: Waiter; offers: Map<string, Offer> }>();

  set(request: LoadBalancerRequest, waits: readonly Wait[]): void {
    this.delete(request.key);
    if (waits.length === 0) return;
    const waiter: Waiter = { key: request.key, createdMs: request.createdMs, request, waits };
    this.#waiters.set(request.key, waiter);
    for (const wait of waits) {
      const { nodePool, comesFree } = wait;
      if (comesFree === undefined) continue;
      if (typeof comesFree === 'string') this.#lines(nodePool)[comesFree][rowOf(wait)].add(waiter);
      else this.#namers(comesFree).add(waiter);
    }
  }

  delete(service: string): void {
    const waiter = this.#waiters.get(service);
    if (waiter === undefined) return;
    this.#waiters.delete(service);
    for (const wait of waiter.waits) {
      const { nodePool, comesFree } = wait;
      if (comesFree === undefined) continue;
      if (typeof comesFree === 'string') {
        const lines = this.#lines(nodePool);
        lines[comesFree][rowOf(wait)].delete(waiter);
        if (Object.values(lines).every(({ any, pairs }) => any.isEmpty && pairs.isEmpty)) this.#forAny.delete(nodePool);
      } else {
        const namers = this.#namers(comesFree);
        namers.delete(waiter);
        if (namers.size === 0) this.#forOne.delete(textOf(comesFree));
      }
    }
  }

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * The Services to look at, the oldest first. An address also frees its ports in every NodePool whose ranges hold it:
   * there too somebody may have waited for it.
   *
   * @param by the Service that gave them back, if it was one: while it waits it is looked at again, because what it held
   *   was part of what it was to have
   */
  wokenBy(freed: readonly Freed[], book: AddressBook, by?: string): string[] {
    if (freed.length === 0 || this.#waiters.size === 0) return [];
    const woken = new Set<Waiter>();
    const itself = by === undefined ? undefined : this.#waiters.get(by);
    if (itself !== undefined) woken.add(itself);
    for (const [text, address] of new Map(freed.map((one) => [textOf(one.address), one.address]))) {
      for (const waiter of this.#forOne.get(text) ?? []) woken.add(waiter);
      for (const nodePool of this.#forAny.keys()) {
        const waiter = this.#offer({ nodePool, address }, undefined, book);
        if (waiter !== undefined) woken.add(waiter);
      }
    }
    return keysOf(woken);
  }

  /** A Service has been looked at: what it was offered and did not take goes to the next one. Who that is. */
  after(service: string, book: AddressBook): string[] {
    const asked = this.#asked.get(service);
    if (asked === undefined) return [];
    this.#asked.delete(service);
    const woken = new Set<Waiter>();
    for (const offer of asked.offers.values()) {
      const waiter = this.#offer(offer, asked.waiter, book);
      if (waiter !== undefined) woken.add(waiter);
    }
    return keysOf(woken);
  }

  /** @param before who was asked last; those behind him are next */
  #offer(offer: Offer, before: Waiter | undefined, book: AddressBook): Waiter | undefined {
    const { nodePool, address } = offer;
    const lines = this.#forAny.get(nodePool)?.[address.family];
    const pool = book.site(nodePool).ranges?.poolOf(address);
    if (lines === undefined || pool === undefined || isShut(book, offer)) return undefined;
    const one = lines.any.find(before, (waiter) => suits(waiter, book, offer));
    const isAlone = lines.pairs.isEmpty || isFull(book, nodePool, pool, otherOf(address.family));
    const hope = isAlone ? ({ request }: Waiter) => mayJoin(request, book, nodePool) : () => true;
    const isHopeless = isAlone && !book.site(nodePool).hasShared;
    const other = isHopeless ? undefined : lines.pairs.find(before, (two) => hope(two) && suits(two, book, offer));
    const [waiter] = [one, other].filter((found) => found !== undefined).sort(byAge);
    if (waiter === undefined) return undefined;
    const asked = this.#asked.get(waiter.key) ?? { waiter, offers: new Map<string, Offer>() };
    asked.offers.set(`${nodePool} ${textOf(address)}`, offer);
    this.#asked.set(waiter.key, asked);
    return waiter;
  }

  #lines(nodePool: string): Lines {
    let lines = this.#forAny.get(nodePool);
    if (lines === undefined) {
      const empty = () => ({ any: new WaitingLine<Waiter>(), pairs: new WaitingLine<Waiter>() });
      lines = { IPv4: empty(), IPv6: empty() };
      this.#forAny.set(nodePool, lines);
    }
    return lines;
  }

  #namers(address: IpAddress): Set<Waiter> {
    let namers = this.#forOne.get(textOf(address));
    if (namers === undefined) {
      namers = new Set();
      this.#forOne.set(textOf(address), namers);
    }
    return namers;
  }
}

/**
 * Whether the address would serve him: it is of the address pool he needs, and of the other family there is one too where
 * he can make nothing of one alone. So a Service that needs both is not looked at for each that comes free.
 */
function suits({ request, waits }: Waiter, book: AddressBook, { nodePool, address }: Offer): boolean {
  return waits.some((wait) => {
    if (wait.nodePool !== nodePool || wait.comesFree !== address.family) return false;
    const ask = { holder: request, pool: wait.within ?? request.addressPool };
    if (!mayTake(book, ask, nodePool, address)) return false;
    const pool = wait.both ? book.site(nodePool).ranges?.poolOf(address)?.name : undefined;
    if (pool === undefined) return true;
    const family = otherOf(address.family);
    const prefer = book.holdings(request.key).map((held) => held.address);
    return 'address' in allocate(book, { ...ask, nodePool, family, pool, prefer, next: [] });
  });
}

/** Who has a sharing key may find the other address where others are. */
function mayJoin({ sharingKey }: LoadBalancerRequest, book: AddressBook, nodePool: string): boolean {
  return sharingKey !== undefined && book.site(nodePool).sharedUnder(sharingKey).length > 0;
}

function rowOf({ both }: Wait): 'any' | 'pairs' {
  return both ? 'pairs' : 'any';
}

function otherOf(family: IpFamily): IpFamily {
  return family === 'IPv4' ? 'IPv6' : 'IPv4';
}

/** Whether nobody at all can have the address: one look, where the line may be long. */
function isShut(book: AddressBook, { nodePool, address }: Offer): boolean {
  if (book.nodes.has(address) || book.site(nodePool).avoid.has(address)) return true;
  if (book.site(nodePool).resting.has(address)) return true;
  const [holder] = book.holders(nodePool, address);
  return holder !== undefined && book.holder(holder)?.sharingKey === undefined;
}

function keysOf(waiters: Iterable<Waiter>): string[] {
  return [...waiters].sort(byAge).map(({ key }) => key);
}

function textOf({ family, value }: IpAddress): string {
  return `${family} ${value}`;
}
