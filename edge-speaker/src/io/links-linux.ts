import { type IpFamily, LbError } from '@openyurt/nodepool-types';
import type { Link, LinkAddress, Links } from '../ports/links.ts';
import { DefaultRoutes, FAMILIES } from './default-routes.ts';
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
import { addressKey, sameLink } from './same-link.ts';

interface Entry {
  link: Omit<Link, 'addresses' | 'defaultRouteOf'>;
  addresses: Map<string, LinkAddress>;
}

/** One dump to ask for. */
interface Dump {
  readonly type: number;
  readonly family?: IpFamily;
}

const LINKS: Dump = { type: RTM_GETLINK };
const ADDRESSES: Dump = { type: RTM_GETADDR };
const ROUTES: readonly Dump[] = FAMILIES.map((family) => ({ type: RTM_GETROUTE, family }));

const REOPEN_MS = 1_000;

/**
 * The interfaces, told by rtnetlink as they change. After an overrun everything is read again.
 * The routes are read again whenever a default route may have changed: the kernel drops the IPv4 routes of a downed link
 * without a word, and a replaced route is announced without the one it replaces.
 */
export class LinuxLinks implements Links {
  private readonly entries = new Map<number, Entry>();
  private readonly listeners = new Set<(links: readonly Link[]) => void>();
  private readonly todo: Dump[] = [];
  private socket: NativeRouteSocket | undefined;
  private reopen: NodeJS.Timeout | undefined;
  private asking: { dump: Dump; seq: number; again: boolean } | undefined;
  private seen = new Set<string>(); // what the running dump named
  private readonly routes = new DefaultRoutes();
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
        onError: (code) => (code === 'ENOBUFS' ? this.overrun() : this.reconnect()),
      });
    } catch (cause) {
      const { code, syscall } = errnoOf(cause);
      const what = `the kernel does not tell about interfaces: ${syscall} said ${code}`;
      throw new LbError('LB_LINK_UNUSABLE', what, 'Allow netlink sockets (seccomp, SELinux) to the speaker.', {
        cause,
      });
    }
    this.asking = undefined;
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

  /** News were lost. A dump that runs goes on, for the kernel refuses a second one beside it, and counts for nothing. */
  private overrun(): void {
    if (this.asking !== undefined) this.asking.again = true;
    this.readAll();
  }

  private readAll(): void {
    this.todo.splice(0, this.todo.length, LINKS, ADDRESSES, ...ROUTES);
    this.askNext();
  }

  /** A netlink socket runs one dump at a time. */
  private askNext(): void {
    if (this.asking !== undefined) return;
    const dump = this.todo.shift();
    if (dump === undefined) return;
    this.asking = { dump, seq: ++this.seq, again: false };
    this.seen = new Set();
    if (dump.family !== undefined) this.routes.begin(dump.family);
    if (this.socket?.send(dumpRequest(dump.type, this.seq, dump.family)) !== 0) this.reconnect();
  }

  private askRoutes(): void {
    for (const dump of ROUTES) if (!this.todo.includes(dump)) this.todo.push(dump);
  }

  private read(datagram: Buffer): void {
    for (const fact of readRouteFacts(datagram)) this.apply(fact);
    this.askNext();
    this.publish();
  }

  private apply(fact: RouteFact): void {
    switch (fact.kind) {
      case 'link': {
        const { kind: _, type, portOf, ...rest } = fact;
        const link = {
          ...rest,
          ...(type === undefined ? {} : { kind: type }),
          ...(portOf === undefined ? {} : { portOf }),
        };
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
        else if (fact.family === this.asking?.dump.family) this.routes.collect(fact);
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
  private finishDump({ dump, again }: { dump: Dump; again: boolean }): void {
    this.asking = undefined;
    if (again) {
      if (!this.todo.includes(dump)) this.todo.unshift(dump);
      return;
    }
    if (dump.family !== undefined) {
      this.routes.finish(dump.family);
      if (this.todo.length === 0 && this.ready !== undefined) this.announceReady();
      return;
    }
    for (const [index, { addresses }] of this.entries) {
      if (dump === LINKS && !this.seen.has(`${index}`)) this.entries.delete(index);
      if (dump !== ADDRESSES) continue;
      for (const key of addresses.keys()) if (!this.seen.has(`${index} ${key}`)) addresses.delete(key);
    }
  }

  /** The first list; later ones are published, where they differ. */
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
        defaultRouteOf: this.routes.familiesOf(link.index),
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
