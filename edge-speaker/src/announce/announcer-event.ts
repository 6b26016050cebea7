import type { Link } from '../ports/links.ts';

/** Whether, and where, this node can announce an address right now. */
export type Announceable =
  | { readonly ok: true; readonly link: Link }
  | { readonly ok: false; readonly reason: UnannounceableReason; readonly detail: string };

export type UnannounceableReason =
  /** Not the canonical text of an IPv4 or IPv6 address. */
  | 'not-an-address'
  /** No LAN interface has a subnet for it, the default route, or a name the site allows. */
  | 'no-link'
  | 'link-down'
  | 'no-carrier'
  /** A LAN interface of this node carries it; the kernel answers for it. (On kube-ipvs0 and its like it is a Service's.) */
  | 'own-address'
  /**
   * No raw socket: a missing capability or native part, or an interface in trouble. `detail` says which. An interface without
   * IPv6 refuses IPv6 addresses so, and carries IPv4 ones.
   */
  | 'socket-refused';

/** Why an address is no longer announced. */
export type WithdrawReason = 'asked' | 'link-changed' | UnannounceableReason;

/** What the hub hears. `link` is the interface's name, `byMac` reads `02:42:ac:11:00:02`. */
export type AnnouncerEvent =
  | {
      readonly kind: 'announced';
      readonly address: string;
      readonly link: string;
      readonly probed: boolean;
      readonly resumed?: true;
    }
  /** Forgotten: it is announced again only after another `announce`. */
  | {
      readonly kind: 'withdrawn';
      readonly address: string;
      readonly link: string;
      readonly reason: WithdrawReason;
      /** Milliseconds it was announced; 0 if it never was. */
      readonly heldMs: number;
    }
  /** A probe met an objection, also a late one (RFC 5227): not announced any more, probed again after `retryMs`. */
  | {
      readonly kind: 'failed';
      readonly address: string;
      readonly link: string;
      readonly byMac: string;
      readonly retryMs: number;
      readonly heldMs: number;
    }
  /**
   * Another host uses it; it is kept. At most one event per address, MAC and 10 s, and 32 in all; `times` counts those it
   * stands for.
   */
  | {
      readonly kind: 'conflict';
      readonly address: string;
      readonly link: string;
      readonly byMac: string;
      readonly defended: boolean;
      readonly times: number;
    }
  /** A pool member was heard announcing what we announce or probe. Same limit as conflicts. */
  | { readonly kind: 'hand-over'; readonly address: string; readonly link: string; readonly byMac: string }
  /**
   * A pool member announces what we announce, for longer than a hand-over takes: the pool does not agree. It is kept, the
   * session's claims settle it. Same limit as conflicts.
   */
  | {
      readonly kind: 'duplicate-owner';
      readonly address: string;
      readonly link: string;
      readonly byMac: string;
      readonly ownMac: string;
      /** Milliseconds since that member was first heard. */
      readonly forMs: number;
    }
  /** Links or sockets changed: `canAnnounce` may answer differently for any address. */
  | { readonly kind: 'links-changed' };

/** One line of the state page. */
export interface AddressStatus {
  readonly address: string;
  readonly link: string;
  readonly state: 'probing' | 'announced' | 'conflicted';
  /** Milliseconds since it was first announced; 0 while probing or conflicted. */
  readonly heldMs: number;
  /** Only when conflicted. */
  readonly byMac?: string;
  /** Milliseconds until the next probe; only when conflicted. */
  readonly retryMs?: number;
}

/**
 * Counts one thing that happened, by its one label: `arp_received` and `ndp_received` by decision, all others by address.
 * Sent, probed and claimed are counted for both families alike.
 */
export type Count = (name: CountName, label: string) => void;
export type CountName =
  | 'arp_received'
  | 'arp_replies'
  | 'ndp_received'
  | 'ndp_replies'
  | 'gratuitous_sent'
  | 'probes_sent'
  | 'conflicts'
  | 'duplicate_owners';
