import { formatIpAddress, type IpAddress, type Log, nodeAddresses, tryParseIpAddress } from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { WorldCache } from '../ports/world-cache.ts';

/** Keeps Nodes' own addresses out of what is given out, and warns where a range holds one. */
export class NodeAddresses {
  /** NodePool → the Node addresses in its ranges that were warned about. */
  readonly #said = new Map<string, string>();

  constructor(
    private readonly cache: WorldCache,
    private readonly book: AddressBook,
    private readonly events: EventRecorder,
    private readonly log: Log,
  ) {}

  /** @returns the Services that hold an address which became a Node's, or ceased to be one */
  reconcile(): string[] {
    const addresses = new Map<string, IpAddress>();
    for (const node of this.cache.nodes()) {
      for (const text of nodeAddresses(node)) {
        const address = tryParseIpAddress(text);
        if (address !== undefined) addresses.set(text, address);
      }
    }
    const before = this.book.nodes;
    const changed = this.book.nodeAddresses.filter((address) => !addresses.has(formatIpAddress(address)));
    for (const address of addresses.values()) if (!before.has(address)) changed.push(address);
    this.book.setNodeAddresses(addresses.values());
    this.warn();
    const services = new Set<string>();
    for (const nodePool of this.book.nodePools) {
      for (const address of changed) for (const service of this.book.holders(nodePool, address)) services.add(service);
    }
    return [...services];
  }

  /** Also after a configuration changed. */
  warn(): void {
    for (const nodePool of this.book.nodePools) {
      const { ranges } = this.book.site(nodePool);
      const inside = this.book.nodeAddresses.filter((address) => ranges?.poolOf(address) !== undefined);
      const text = inside.map(formatIpAddress).sort().join(', ');
      if ((this.#said.get(nodePool) ?? '') === text) continue;
      this.#said.set(nodePool, text);
      if (text === '') continue;
      const note = `The ranges of NodePool ${nodePool} hold addresses of Nodes: ${text}. They are skipped; leave them out of the ranges.`;
      this.log.warn('ranges hold addresses of Nodes', { nodePool, addresses: text });
      const [configMap] = this.cache.configMaps(nodePool);
      if (configMap !== undefined) this.events.record(configMap, { type: 'Warning', reason: 'NodeAddress', note });
    }
  }
}
