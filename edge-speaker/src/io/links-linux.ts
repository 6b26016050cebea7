import { LbError } from '@openyurt/nodepool-types';
import type { Link, LinkAddress, Links } from '../ports/links.ts';
import { errnoOf, loadNative, type NativeAddon, type NativeRouteSocket } from './native.ts';
import {
  dumpRequest,
  GROUPS,
  type RouteFact,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETROUTE,
  readRouteFacts,
} from './rtnetlink.ts';

interface Entry {
  link: Omit<Link, 'addresses' | 'isDefaultRoute'>;
  addresses: Map<string, LinkAddress>;
}

const REOPEN_MS = 1_000;

/**
 * The interfaces, told by rtnetlink as they change. After an overrun everything is read again.
 * The IPv4 routes are read again whenever a default route may have changed: the kernel drops the routes of a downed link
 * without a word, and a replaced route is announced without the one it replaces.
 */
export class LinuxLinks implements Links {
  private readonly entries = new Map<number, Entry>();
  private readonly listeners = new Set<(links: readonly Link[]) => void>();
  private readonly todo: number[] = [];
  private socket: NativeRouteSocket | undefined;
  private reopen: NodeJS.Timeout | undefined;
  private asking: { type: number; seq: number; again: boolean } | undefined;
  private seen = new Set<string>(); // what the running dump named
  private routes: { index: number; priority: number }[] = [];
  private defaultIndex: number | undefined;
  private seq = 0;
  private current: readonly Link[] = [];
  private ready: (() => void) | undefined;
  private closed = false;

  private constructor(private readonly native: NativeAddon) {}

  /**
   * Resolves when the first list stands.
   *
   * @throws LbError `LB_NATIVE_MISSING`, `LB_LINK_UNUSABLE`
   */
  static async open(native: NativeAddon = loadNative()): Promise<LinuxLinks> {
    const links = new LinuxLinks(native);
    const ready = new Promise<void>((resolve) => {
      links.ready = resolve;
    });
    links.connect();
    await ready;
    return links;
  }

  list(): readonly Link[] {
    return this.current;
  }

  onChange(run: (links: readonly Link[]) => void): () => void {
    this.listeners.add(run);
    return () => this.listeners.delete(run);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.reopen);
    this.socket?.close();
    this.listeners.clear();
  }

  private connect(): void {
    try {
      this.socket = this.native.openRoute({
        groups: GROUPS,
        onMessages: (datagram) => this.read(datagram),
        onError: (code) => (code === 'ENOBUFS' ? this.readAll() : this.reconnect()),
      });
    } catch (cause) {
      const { code, syscall } = errnoOf(cause);
      const what = `the kernel does not tell about interfaces: ${syscall} said ${code}`;
      throw new LbError('LB_LINK_UNUSABLE', what, 'Allow netlink sockets (seccomp, SELinux) to the speaker.', {
        cause,
      });
    }
    this.readAll();
  }

  private reconnect(): void {
    this.socket?.close();
    this.asking = undefined;
    if (this.closed) return;
    clearTimeout(this.reopen);
    this.reopen = setTimeout(() => {
      try {
        this.connect();
      } catch {
        this.reconnect();
      }
    }, REOPEN_MS);
  }

  private readAll(): void {
    this.asking = undefined;
    this.todo.splice(0, this.todo.length, RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE);
    this.askNext();
  }

  /** A netlink socket runs one dump at a time. */
  private askNext(): void {
    if (this.asking !== undefined) return;
    const type = this.todo.shift();
    if (type === undefined) return;
    this.asking = { type, seq: ++this.seq, again: false };
    this.seen = new Set();
    if (type === RTM_GETROUTE) this.routes = [];
    if (this.socket?.send(dumpRequest(type, this.seq)) !== 0) this.reconnect();
  }

  private askRoutes(): void {
    if (!this.todo.includes(RTM_GETROUTE)) this.todo.push(RTM_GETROUTE);
  }

  private read(datagram: Buffer): void {
    for (const fact of readRouteFacts(datagram)) this.apply(fact);
    this.askNext();
    this.publish();
  }

  private apply(fact: RouteFact): void {
    switch (fact.kind) {
      case 'link': {
        const { kind: _, type, ...rest } = fact;
        const link = type === undefined ? rest : { ...rest, kind: type };
        const entry = this.entries.get(fact.index);
        this.seen.add(`${fact.index}`);
        if (entry?.link.up && !fact.up) this.askRoutes();
        if (entry === undefined) this.entries.set(fact.index, { link, addresses: new Map() });
        else entry.link = link;
        return;
      }
      case 'link-gone':
        this.entries.delete(fact.index);
        this.askRoutes();
        return;
      case 'address': {
        const key = addressKey(fact.address);
        this.seen.add(`${fact.index} ${key}`);
        this.entries.get(fact.index)?.addresses.set(key, fact.address);
        return;
      }
      case 'address-gone':
        this.entries.get(fact.index)?.addresses.delete(addressKey(fact.address));
        this.askRoutes();
        return;
      case 'default-route':
        if (!fact.asked) this.askRoutes();
        else this.routes.push(fact);
        return;
      case 'done':
        if (fact.seq === this.asking?.seq) this.finishDump(this.asking);
        return;
      case 'interrupted':
        if (fact.seq === this.asking?.seq) this.asking.again = true;
        return;
      case 'refused':
        if (fact.seq === this.asking?.seq) this.reconnect();
        return;
    }
  }

  /** What a whole dump did not name, and no news since, is gone. */
  private finishDump({ type, again }: { type: number; again: boolean }): void {
    this.asking = undefined;
    if (again) {
      this.todo.unshift(type);
      return;
    }
    if (type === RTM_GETROUTE) {
      this.defaultIndex = this.routes.toSorted((a, b) => a.priority - b.priority)[0]?.index;
      if (this.todo.length === 0) this.announceReady();
      return;
    }
    for (const [index, { addresses }] of this.entries) {
      if (type === RTM_GETLINK && !this.seen.has(`${index}`)) this.entries.delete(index);
      if (type !== RTM_GETADDR) continue;
      for (const key of addresses.keys()) if (!this.seen.has(`${index} ${key}`)) addresses.delete(key);
    }
  }

  private announceReady(): void {
    this.current = this.build();
    this.ready?.();
    this.ready = undefined;
  }

  private build(): Link[] {
    return [...this.entries.values()]
      .map(({ link, addresses }) => ({
        ...link,
        addresses: [...addresses.values()],
        isDefaultRoute: link.index === this.defaultIndex,
      }))
      .sort((a, b) => a.index - b.index);
  }

  private publish(): void {
    if (this.ready !== undefined || this.closed) return;
    const before = new Map(this.current.map((link) => [link.index, link]));
    const next = this.build().map((link) => {
      const last = before.get(link.index);
      return last !== undefined && sameLink(link, last) ? last : link;
    });
    if (next.length === this.current.length && next.every((link, i) => link === this.current[i])) return;
    this.current = next;
    for (const run of [...this.listeners]) run(next);
  }
}

function addressKey({ ip, prefixBits }: LinkAddress): string {
  return `${ip}/${prefixBits}`;
}

function sameLink(a: Link, b: Link): boolean {
  return (
    a.index === b.index &&
    a.name === b.name &&
    a.up === b.up &&
    a.carrier === b.carrier &&
    a.kind === b.kind &&
    a.isDefaultRoute === b.isDefaultRoute &&
    a.mac.equals(b.mac) &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, i) => addressKey(address) === addressKey(b.addresses[i] ?? address))
  );
}
