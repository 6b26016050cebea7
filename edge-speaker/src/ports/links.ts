import type { IpFamily } from '@openyurt/nodepool-types';

/** An address that a link carries. */
export interface LinkAddress {
  /** Canonical text. */
  readonly ip: string;
  readonly prefixBits: number;
  readonly family: IpFamily;
  /** Duplicate address detection refused it (IFA_F_DADFAILED): the kernel does not answer for it. Its subnet is here all the same. */
  readonly duplicate?: true;
  /** Duplicate address detection has not ended: the kernel neither answers for it nor sends from it yet (RFC 4862 §5.4). */
  readonly tentative?: true;
}

/** One network interface as the kernel sees it now. */
export interface Link {
  /** Stays with the interface for its life; names move. */
  readonly index: number;
  readonly name: string;
  /** Six bytes for Ethernet; another length, or none, for what is no Ethernet. */
  readonly mac: Buffer;
  /** The administrator's wish (IFF_UP). */
  readonly up: boolean;
  /** The cable, or its like, is there (IFF_LOWER_UP). */
  readonly carrier: boolean;
  /** What made it, if it is virtual: `veth`, `bridge`, `vlan`, ... */
  readonly kind?: string;
  /** Index of the bond, bridge, team or switch that it is a port of: what arrives on it is that one's. Not set by a VRF. */
  readonly portOf?: number;
  readonly addresses: readonly LinkAddress[];
  /** The families whose preferred default route in the main table leaves through it. */
  readonly defaultRouteOf: readonly IpFamily[];
}

/** The interfaces of this node, always current. */
export interface Links {
  /** An interface that did not change stays the same object. */
  list(): readonly Link[];
  /** Calls after every change with the new list. @returns the way to stop */
  onChange(run: (links: readonly Link[]) => void): () => void;
}
