/** Where a datagram or a connection goes to or comes from. `address` is an IP in canonical text. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** The identity and secret one TLS-PSK handshake uses. */
export interface PskCredential {
  readonly identity: string;
  readonly psk: Buffer;
}

/**
 * How a channel went down.
 * - `ended`: the peer closed it, or its kernel did for a dead process; no proof of death
 * - `refused`: nothing listens there: for a port that a member told us, its process is gone
 * - `handshake`: connected, and the other side has not our key
 * - `unreachable`, `timeout`: nothing learned
 */
export type ChannelEnd = 'ended' | 'refused' | 'handshake' | 'unreachable' | 'timeout';

/** One TLS-PSK connection to a peer. */
export interface PeerChannel {
  readonly remote: Endpoint;
  /** Queued when the peer reads slowly. */
  send(bytes: Buffer): void;
  /** Sends what is queued, then closes. `down` is not reported. */
  end(): void;
  /** Closes at once. `down` is not reported. */
  destroy(): void;
}

/** Each is called at most once, except `data`; `down` without `up` is a failed dial. */
export interface ChannelEvents {
  up(identity: string): void;
  data(bytes: Buffer): void;
  down(how: ChannelEnd): void;
}

export interface PeerSocketHandlers {
  /** `bytes` is valid until the call returns. */
  datagram(bytes: Buffer, from: Endpoint): void;
  /** The secret of an identity a caller shows, or undefined to refuse it. */
  pskOf(identity: string): Buffer | undefined;
  /** A caller has passed the handshake. The answer gets the channel's events; undefined closes it. */
  accepted(channel: PeerChannel, identity: string): Pick<ChannelEvents, 'data' | 'down'> | undefined;
  /** Something was dropped before the session could see it; `reason` is a metric label. */
  dropped(reason: string): void;
}

/** One local interface of the LAN. */
export interface LanLink {
  readonly name: string;
  /** Lower case, colons. */
  readonly mac: string;
  /** Its addresses, canonical, one of each family at most, IPv4 first. A link-local one carries its zone: `fe80::1%eth0`. */
  readonly ips: readonly string[];
}

/** The ports a socket got: the configured one, or another where that is taken. */
export interface BoundPorts {
  readonly udp: number;
  readonly tcp: number;
  /** The configured UDP port is taken: hellos of others do not arrive here. */
  readonly deaf: boolean;
}

/** The pool session's UDP and TCP. The real one is in `io/`, the one of the tests is a LAN in memory. */
export interface PeerSocket {
  /** Binds both ports. Never fails for a taken port: that is logged (LB_PORT_TAKEN) and another port is used. */
  open(handlers: PeerSocketHandlers): Promise<BoundPorts>;
  /** Joins the hello group on these links, leaves it on all others. */
  setLinks(links: readonly LanLink[]): void;
  /** Best effort; a failure is silence. */
  sendTo(bytes: Buffer, to: Endpoint): void;
  /** To the hello group, on each link. */
  sendToGroup(bytes: Buffer): void;
  dial(to: Endpoint, credential: PskCredential, events: ChannelEvents): PeerChannel;
  close(): Promise<void>;
}
