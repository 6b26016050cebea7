import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { LbError } from '@openyurt/nodepool-types';
import type { Icmpv6Socket, Icmpv6SocketFactory, Icmpv6SocketStats } from '../ports/icmpv6-socket.ts';
import type { Link } from '../ports/links.ts';
import { SolicitedGroups } from './icmpv6-groups.ts';
import {
  deviceName,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_UNICAST_HOPS,
  SO_BINDTODEVICE,
} from './icmpv6-options.ts';
import { errnoOfRaw, loadRawSocket, openRaw, type RawSocket, type RawSocketModule, setOption } from './icmpv6-raw.ts';

/** RFC 4861 §7.1.2: with any other, a router could have forwarded it, and it is dropped. */
const HOP_LIMIT = 255;
/** Messages that wait while the interface takes no more. */
const QUEUE_MESSAGES = 256;
/** Pause between two looks at whether IPv6 was switched off: each flooded answer could ask. */
const LOOK_MS = 1_000;

/** Opens ICMPv6 sockets through the package raw-socket, which is loaded with the first. */
export class RawIcmpv6SocketFactory implements Icmpv6SocketFactory {
  constructor(private readonly load: () => RawSocketModule = loadRawSocket) {}

  open(link: Link): Icmpv6Socket {
    return new RawIcmpv6Socket(link, this.load());
  }
}

class RawIcmpv6Socket implements Icmpv6Socket {
  private readonly socket: RawSocket;
  private readonly groups: SolicitedGroups;
  private waiting = 0;
  private sent = 0;
  private sendErrors = 0;
  private dropped = 0;
  private lookedMs = Number.NEGATIVE_INFINITY;
  private useless = false;
  private closed = false;
  private errorListener: (error: LbError) => void = () => {};

  constructor(
    readonly link: Link,
    module: RawSocketModule,
  ) {
    if (isSwitchedOff(link)) throw switchedOff(link);
    try {
      this.socket = openSender(link, module);
    } catch (cause) {
      throw refused(link, cause);
    }
    this.socket.on('error', (cause) => this.fail(refused(link, cause)));
    this.groups = new SolicitedGroups(link.index, this.socket, () => openRaw(module));
  }

  join(address: string): void {
    if (this.useless) return;
    try {
      this.groups.join(address);
    } catch (cause) {
      this.fail(isSwitchedOff(this.link) ? switchedOff(this.link) : refused(this.link, cause));
    }
  }

  leave(address: string): void {
    if (!this.useless) this.groups.leave(address);
  }

  /** At once: the library's queue would send one message a turn, while a turn may hold 64 questions. */
  send(message: Buffer, to: string): boolean {
    if (this.useless || !isIPv6(to)) {
      this.sendErrors++;
      return false;
    }
    if (this.waiting > 0) return this.enqueue(message, to);
    try {
      this.socket.wrap.send(message, 0, message.length, to, () => {});
      this.sent++;
      return true;
    } catch (error) {
      if (errnoOfRaw(error) === 'EAGAIN') return this.enqueue(message, to);
      this.onSendError(error);
      return false;
    }
  }

  onError(run: (error: LbError) => void): void {
    this.errorListener = run;
  }

  stats(): Icmpv6SocketStats {
    const { sent, sendErrors, dropped } = this;
    return { sent, sendErrors, dropped, groups: this.groups.size };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.useless = true;
    this.groups.close();
  }

  private enqueue(message: Buffer, to: string): boolean {
    if (this.waiting === QUEUE_MESSAGES) {
      this.dropped++;
      return false;
    }
    this.waiting++;
    this.socket.send(Buffer.from(message), 0, message.length, to, (error) => {
      this.waiting--;
      if (error === null) this.sent++;
      else this.onSendError(error);
    });
    return true;
  }

  /** A destination may be out of reach, or the address of the link not yet checked for duplicates: that passes. */
  private onSendError(error: unknown): void {
    this.sendErrors++;
    const code = errnoOfRaw(error);
    if (code === 'ENODEV' || code === 'ENXIO') this.fail(refused(this.link, error));
    const nowMs = performance.now();
    if (code !== 'ENETUNREACH' || nowMs - this.lookedMs < LOOK_MS) return;
    this.lookedMs = nowMs;
    if (isSwitchedOff(this.link)) this.fail(switchedOff(this.link));
  }

  private fail(error: LbError): void {
    if (this.useless) return;
    this.useless = true;
    this.errorListener(error);
  }
}

/** @throws Error of raw-socket */
function openSender(link: Link, module: RawSocketModule): RawSocket {
  const socket = openRaw(module);
  try {
    setOption(socket, SO_BINDTODEVICE, deviceName(link.name));
    setOption(socket, IPV6_MULTICAST_IF, link.index); // refused if the name meanwhile is another interface's
    setOption(socket, IPV6_MULTICAST_HOPS, HOP_LIMIT);
    setOption(socket, IPV6_UNICAST_HOPS, HOP_LIMIT);
    setOption(socket, IPV6_MULTICAST_LOOP, 0);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function isSwitchedOff({ name }: Link): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, 'latin1').trim() === '1';
  } catch {
    return false; // the interface has another name by now, or /proc is not ours to read: the socket will tell
  }
}

function switchedOff({ name }: Link): LbError {
  return new LbError(
    'LB_LINK_UNUSABLE',
    `no neighbour discovery on ${name}: IPv6 is switched off there`,
    `Switch it on: sysctl -w net.ipv6.conf.${name.replaceAll('.', '/')}.disable_ipv6=0, or take the IPv6 addresses out of the NodePool's ranges.`,
  );
}

function refused({ name }: Link, cause: unknown): LbError {
  const code = errnoOfRaw(cause);
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return new LbError(
        'LB_CAPABILITY_MISSING',
        `may not speak neighbour discovery on ${name}: the capability CAP_NET_RAW is missing`,
        'Give it: in a Pod, securityContext.capabilities.add: ["NET_RAW"]; under systemd, AmbientCapabilities=CAP_NET_RAW.',
        { cause },
      );
    case 'EAFNOSUPPORT':
      return new LbError(
        'LB_LINK_UNUSABLE',
        `no neighbour discovery on ${name}: this kernel runs without IPv6`,
        "Start it without ipv6.disable=1, or take the IPv6 addresses out of the NodePool's ranges.",
        { cause },
      );
    default:
      return new LbError(
        'LB_LINK_UNUSABLE',
        `no neighbour discovery on ${name}: the kernel said ${code}`,
        code === 'EINVAL'
          ? `See that ${name} carries IPv6 (ip -6 address show dev ${name}); it needs an MTU of 1280 or more.`
          : `Look at the interface: ip -6 address show dev ${name}`,
        { cause },
      );
  }
}
