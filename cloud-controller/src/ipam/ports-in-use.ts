import type { PortKey } from '@openyurt/nodepool-types';
import { AddressSet } from './address-set.ts';
import type { Place } from './place.ts';
import { ReuseMap } from './reuse-map.ts';
import { portNumber } from './sharing.ts';

/** The addresses in use with each port, in all NodePools: kube-proxy on every node knows all of them. */
export class PortsInUse {
  /** By {@link portNumber}. */
  readonly #sets = new ReuseMap<number, AddressSet>();

  /** The addresses in use with one of these ports, one set per port: none of them can be given to their Service. */
  with(ports: readonly PortKey[]): AddressSet[] {
    const sets: AddressSet[] = [];
    for (const port of ports) {
      const set = this.#sets.get(portNumber(port));
      if (set !== undefined) sets.push(set);
    }
    return sets;
  }

  add(port: PortKey, place: Place): void {
    const number = portNumber(port);
    let set = this.#sets.get(number);
    if (set === undefined) {
      set = new AddressSet();
      this.#sets.set(number, set);
    }
    set.addAt(place);
  }

  delete(port: PortKey, place: Place): void {
    const number = portNumber(port);
    const set = this.#sets.get(number);
    set?.deleteAt(place);
    if (set?.size === 0) this.#sets.delete(number);
  }
}
