import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect, createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';
import type { Log } from '@openyurt/nodepool-types';
import type {
  ChannelEnd,
  ChannelEvents,
  Endpoint,
  PeerChannel,
  PeerSocketHandlers,
  PskCredential,
} from '../ports/peer-socket.ts';
import { withHighDescriptor } from './high-descriptor.ts';
import { isRefusedPort, portTaken } from './peer-udp.ts';

/**
 * TLS 1.3 with an external PSK and ECDHE (RFC 8446 §4.2.9, psk_dhe_ke), seen to work on Node 20 (OpenSSL 3.0) and
 * later. Certificates play no part. OpenSSL's PSK callback takes SHA-256 suites alone.
 */
const TLS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256',
} as const;
/** Every address of the node, of one family. */
const ANY = { IPv4: '0.0.0.0', IPv6: '::' };
const HANDSHAKE_MS = 3000;
const MAX_HALF_OPEN = 64;
/** Sockets that were ended are given this long to send what is queued and to hear the other side's end. */
const LINGER_MS = 500;
/** A peer that reads nothing is cut off when so much waits for it. */
const MAX_QUEUED = 16 * 1024 * 1024;

/** The pool session's TCP: TLS-PSK connections, dialed and accepted. */
export class PeerTls {
  /** Made once: making one takes milliseconds, and a dial is what proves a death. */
  private readonly context = createSecureContext(TLS);
  private server: Server | undefined;
  private readonly open = new Set<TLSSocket>();
  private readonly halfOpen = new Map<string, Socket>();

  constructor(
    private readonly port: number,
    private readonly address: string,
    private readonly log: Log,
  ) {}

  /**
   * @returns the port bound; in IPv4 another one than asked for where that is taken (logged, LB_PORT_TAKEN)
   * @throws LbError `LB_PORT_TAKEN` in IPv6; Error, where the node has none
   */
  async listen(handlers: PeerSocketHandlers): Promise<number> {
    const identities = new WeakMap<TLSSocket, string>();
    const server = createServer({
      ...TLS,
      handshakeTimeout: HANDSHAKE_MS,
      secureOptions: constants.SSL_OP_NO_TICKET,
      pskCallback: (socket, identity) => {
        const psk = handlers.pskOf(identity);
        if (psk === undefined) return null;
        identities.set(socket, identity);
        return psk;
      },
    });
    this.server = server;
    server.on('connection', (socket: Socket) => this.admit(socket, handlers));
    server.on('tlsClientError', () => handlers.dropped('session-handshake'));
    server.on('secureConnection', (socket) => {
      this.halfOpen.delete(keyOf(socket));
      const identity = identities.get(socket);
      if (identity === undefined) {
        handlers.dropped('session-handshake'); // passed by something else than a key of ours
        socket.on('error', ignore).destroy();
        return;
      }
      const channel = this.channel(socket, { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 });
      const events = handlers.accepted(channel, identity);
      if (events === undefined) socket.destroy();
      else this.wire(socket, channel, { ...events, up: ignore }, true);
    });
    return await withHighDescriptor(() => this.bind(server));
  }

  dial(to: Endpoint, credential: PskCredential, events: ChannelEvents): PeerChannel {
    const socket = connect({
      secureContext: this.context,
      host: to.address,
      port: to.port,
      ...(Object.values(ANY).includes(this.address) ? {} : { localAddress: this.address }), // heartbeats answer to where a dial came from
      pskCallback: () => credential,
      // Called only where the other side shows a certificate: then it has not shown our key, whoever signed it.
      checkServerIdentity: () => new Error('a certificate instead of the pool key'),
    });
    const channel = this.channel(socket, to);
    this.wire(socket, channel, { ...events, up: () => events.up(credential.identity) }, false);
    return channel;
  }

  async close(): Promise<void> {
    for (const socket of this.halfOpen.values()) socket.destroy();
    for (const socket of this.open) if (!socket.writableEnded) socket.destroy();
    const { server } = this;
    this.server = undefined;
    const cut = setTimeout(() => {
      for (const socket of this.open) socket.destroy(); // of a peer that hangs, or died without a word
    }, LINGER_MS);
    if (server?.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    if (this.open.size === 0) clearTimeout(cut);
    else cut.unref();
  }

  private async bind(server: Server): Promise<number> {
    const listen = (port: number) =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, host: this.address, exclusive: true, ipv6Only: true }, () => {
          server.off('error', reject);
          resolve();
        });
      });
    try {
      await listen(this.port);
    } catch (error) {
      if (!isRefusedPort(error)) throw error;
      const family = this.address === ANY.IPv6 ? 'IPv6' : 'IPv4';
      const taken = portTaken('TCP', family, this.port, error);
      if (family === 'IPv6') throw taken;
      this.log.error(taken.message, { code: taken.code, remedy: taken.remedy });
      await listen(0);
    }
    server.on('error', (error) => this.log.warn('pool session listener', { reason: error.message }));
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  /** Handshakes under way are few: when there are too many, the oldest goes of whoever has most of them. */
  private admit(socket: Socket, handlers: PeerSocketHandlers): void {
    socket.setNoDelay(true);
    const key = keyOf(socket);
    this.halfOpen.set(key, socket);
    socket.once('close', () => this.halfOpen.delete(key));
    if (this.halfOpen.size <= MAX_HALF_OPEN) return;
    handlers.dropped('session-too-many');
    const [greedyKey, greedy] = this.oldestOfGreediest();
    this.halfOpen.delete(greedyKey); // its `close` comes only after other calls have been let in
    greedy?.destroy();
  }

  /** A flood from one host pushes out its own handshakes, not those of members. */
  private oldestOfGreediest(): [key: string, socket: Socket | undefined] {
    const byHost = new Map<string, string[]>();
    for (const [key, { remoteAddress = '' }] of this.halfOpen) {
      const keys = byHost.get(remoteAddress);
      if (keys === undefined) byHost.set(remoteAddress, [key]);
      else keys.push(key);
    }
    const [most] = [...byHost.values()].sort((a, b) => b.length - a.length);
    const key = most?.[0] ?? '';
    return [key, this.halfOpen.get(key)];
  }

  private channel(socket: TLSSocket, remote: Endpoint): Wired {
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    return new Wired(socket, remote);
  }

  private wire(socket: TLSSocket, channel: Wired, events: ChannelEvents, up: boolean): void {
    let isUp = up;
    channel.fell = (how) => {
      if (channel.silent) return;
      channel.silent = true;
      socket.destroy();
      events.down(how);
    };
    socket.on('secureConnect', () => {
      if (!socket.isSessionReused()) return channel.fell('handshake'); // TLS 1.3 says so of every PSK
      isUp = true;
      if (!channel.silent) events.up('');
    });
    socket.on('data', (bytes: Buffer) => {
      if (!channel.silent) events.data(bytes);
    });
    socket.on('error', (error) => channel.fell(isUp ? 'ended' : endOf(error)));
    socket.on('end', () => channel.fell('ended'));
    socket.on('close', () => channel.fell('ended'));
    if (!up) socket.setNoDelay(true);
  }
}

class Wired implements PeerChannel {
  /** Nothing more is reported. */
  silent = false;
  fell: (how: ChannelEnd) => void = ignore;

  constructor(
    private readonly socket: TLSSocket,
    readonly remote: Endpoint,
  ) {}

  send(bytes: Buffer): void {
    if (this.silent || this.socket.destroyed) return;
    this.socket.write(bytes);
    if (this.socket.writableLength > MAX_QUEUED) queueMicrotask(() => this.fell('ended'));
  }

  end(): void {
    this.silent = true;
    this.socket.end();
  }

  destroy(): void {
    this.silent = true;
    this.socket.destroy();
  }
}

function endOf(error: NodeJS.ErrnoException): ChannelEnd {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'ended';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
      return 'unreachable';
    default:
      return 'handshake';
  }
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

function ignore(): void {}
