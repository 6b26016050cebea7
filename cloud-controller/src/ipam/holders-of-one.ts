import type { PortKey } from '@openyurt/nodepool-types';
import type { Account, Hold } from './hold.ts';
import { type Holder, hasPort, type Refusal, sharingRefusal } from './sharing.ts';
import type { SiteUsage } from './usage.ts';

// Questions about those who hold one address, in whatever NodePool: few, so they are a list that is walked.

/** @param first of those who hold the address */
export function refusalAmong(
  first: Hold | undefined,
  nodePool: string | undefined,
  asking: Holder,
): Refusal | undefined {
  for (let hold = first; hold !== undefined; hold = hold.nextOfAddress) {
    const other = hold.account.holder;
    if (other.key === asking.key) continue;
    const sharing = hold.site.nodePool === nodePool ? sharingRefusal(asking, other) : undefined;
    if (sharing !== undefined) return sharing;
    const port = asking.ports.find((mine) => hasPort(other, mine));
    if (port !== undefined) return { reason: 'PortInUse', holder: other.key, port };
  }
  return undefined;
}

/** The Service's own among those who hold the address, in the NodePool. */
export function heldBy(first: Hold | undefined, account: Account | undefined, site: SiteUsage): Hold | undefined {
  let hold = first;
  while (hold !== undefined && (hold.account !== account || hold.site !== site)) hold = hold.nextOfAddress;
  return hold;
}

/** Whether one of those who hold the address holds it in the NodePool. */
export function heldIn(first: Hold | undefined, site: SiteUsage): boolean {
  let hold = first;
  while (hold !== undefined && hold.site !== site) hold = hold.nextOfAddress;
  return hold !== undefined;
}

/** Whether one of those who hold the address keeps the port in use: the same Service elsewhere, or another. */
export function portHeld(first: Hold | undefined, port: PortKey): boolean {
  let hold = first;
  while (hold !== undefined && !hasPort(hold.account.holder, port)) hold = hold.nextOfAddress;
  return hold !== undefined;
}
