import type { IpFamily } from '@openyurt/nodepool-types';
import { type SliceFacts, type TcpEndpoints, tcpEndpoints } from './slim.ts';

/** Where a Service has usable endpoints of one family. */
export interface ServiceEndpoints {
  readonly nodes: ReadonlySet<string>;
  readonly anywhere: boolean;
}

/** One TCP port of one endpoint. `node` is empty where the endpoint names none. */
export interface EndpointAt {
  readonly node: string;
  readonly ip: string;
  readonly port: number;
}

/** Addresses held for one slice while losses do not count; a slice itself has 100 by default. */
const MOST_PLACES = 200;

const NONE: ServiceEndpoints = { nodes: new Set(), anywhere: false };

/**
 * The endpoints that count. While the road to the cloud is in doubt, and for a while after an outage, an endpoint that
 * comes counts and one that goes does not: the cloud takes away the endpoints of every node that it cannot reach, and
 * gives them back some seconds after it can.
 */
export class EndpointView {
  private readonly actual = new Map<string, SliceFacts>();
  private readonly counted = new Map<string, SliceFacts>();
  private readonly slicesOf = new Map<string, Set<string>>();
  /** Slices whose losses wait for the cloud to be trusted. */
  private readonly waiting = new Set<string>();

  /** @param facts undefined: the slice is gone */
  take(key: string, facts: SliceFacts | undefined, trusted: boolean): void {
    if (facts === undefined) this.actual.delete(key);
    else this.actual.set(key, facts);
    const before = this.counted.get(key);
    if (trusted || before === undefined) {
      this.waiting.delete(key);
      this.count(key, facts);
      return;
    }
    this.count(key, facts === undefined ? before : union(before, facts));
    this.waiting.add(key);
  }

  /** The cloud is trusted again: what it says now counts whole. @returns whether anything had waited */
  trust(): boolean {
    const waited = this.waiting.size > 0;
    for (const key of this.waiting) this.count(key, this.actual.get(key));
    this.waiting.clear();
    return waited;
  }

  of(serviceKey: string, family: IpFamily): ServiceEndpoints {
    const keys = this.slicesOf.get(serviceKey);
    if (keys === undefined) return NONE;
    const nodes = new Set<string>();
    let anywhere = false;
    for (const key of keys) {
      const facts = this.counted.get(key);
      if (facts === undefined || (facts.v6 === true) !== (family === 'IPv6')) continue;
      for (const node of facts.nodes) nodes.add(node);
      anywhere ||= facts.anywhere;
    }
    return { nodes, anywhere };
  }

  /** Where the Service's endpoints that count take TCP connections. */
  *tcpOf(serviceKey: string): IterableIterator<EndpointAt> {
    for (const key of this.slicesOf.get(serviceKey) ?? []) {
      const { ports = [], places = [] } = this.counted.get(key)?.tcp ?? {};
      for (const [node, ip] of places) for (const port of ports) yield { node, ip, port };
    }
  }

  /** The slices that count, of Services that `wanted` names. */
  *slices(wanted: (serviceKey: string) => boolean): IterableIterator<[string, SliceFacts]> {
    for (const [key, facts] of this.counted) if (wanted(facts.serviceKey)) yield [key, facts];
  }

  private count(key: string, facts: SliceFacts | undefined): void {
    const before = this.counted.get(key);
    if (before !== undefined && before.serviceKey !== facts?.serviceKey) this.unlink(before.serviceKey, key);
    if (facts === undefined) {
      this.counted.delete(key);
      return;
    }
    this.counted.set(key, facts);
    const keys = this.slicesOf.get(facts.serviceKey);
    if (keys === undefined) this.slicesOf.set(facts.serviceKey, new Set([key]));
    else keys.add(key);
  }

  private unlink(serviceKey: string, key: string): void {
    const keys = this.slicesOf.get(serviceKey);
    keys?.delete(key);
    if (keys?.size === 0) this.slicesOf.delete(serviceKey);
  }
}

function union(held: SliceFacts, told: SliceFacts): SliceFacts {
  const nodes = [...new Set([...held.nodes, ...told.nodes])].sort();
  const tcp = unionTcp(held.tcp, told.tcp);
  const { tcp: _, ...rest } = told;
  const facts = { ...rest, nodes, anywhere: held.anywhere || told.anywhere };
  return tcp === undefined ? facts : { ...facts, tcp };
}

/** Beyond the bound what was told last stays. */
function unionTcp(held: TcpEndpoints | undefined, told: TcpEndpoints | undefined): TcpEndpoints | undefined {
  if (held === undefined || told === undefined) return told ?? held;
  return tcpEndpoints([...told.ports, ...held.ports], [...told.places, ...held.places].slice(0, MOST_PLACES));
}
