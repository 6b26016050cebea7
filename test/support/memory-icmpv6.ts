import type { LbError } from '@openyurt/nodepool-types';
import type {
  Icmpv6Socket,
  Icmpv6SocketFactory,
  Icmpv6SocketStats,
} from '../../edge-speaker/src/ports/icmpv6-socket.ts';
import type { Link } from '../../edge-speaker/src/ports/links.ts';

/** ICMPv6 sockets in memory: what was said on each link, and the addresses whose groups are joined. */
export class MemoryIcmpv6 implements Icmpv6SocketFactory {
  readonly messages: { readonly message: Buffer; readonly to: string; readonly linkIndex: number }[] = [];
  /** Addresses joined now, in order. */
  readonly joined: string[] = [];
  /** When set, `open` is refused with it. */
  refusal: LbError | undefined;
  /** When set, the next `join` ends its socket with it. */
  joinRefusal: LbError | undefined;
  /** When set, the next `send` is refused and ends its socket with it. */
  sendRefusal: LbError | undefined;
  /** The kernel takes no message: the link's own address is tentative. */
  tentative = false;
  opened = 0;
  private readonly sockets = new Set<MemoryIcmpv6Socket>();

  open(link: Link): Icmpv6Socket {
    if (this.refusal !== undefined) throw this.refusal;
    const socket = new MemoryIcmpv6Socket(link, this, this.sockets);
    this.sockets.add(socket);
    this.opened++;
    return socket;
  }

  /** What the kernel does to the sockets of a link that goes away. */
  fail(linkIndex: number, error: LbError): void {
    for (const socket of [...this.sockets]) if (socket.link.index === linkIndex) socket.fail(error);
  }

  get openSockets(): number {
    return this.sockets.size;
  }
}

class MemoryIcmpv6Socket implements Icmpv6Socket {
  private readonly own: string[] = [];
  private sent = 0;
  private errorListener: (error: LbError) => void = () => {};

  constructor(
    readonly link: Link,
    private readonly lan: MemoryIcmpv6,
    private readonly sockets: Set<MemoryIcmpv6Socket>,
  ) {}

  join(address: string): void {
    const { joinRefusal } = this.lan;
    this.lan.joinRefusal = undefined;
    if (joinRefusal !== undefined) this.fail(joinRefusal);
    else for (const list of [this.own, this.lan.joined]) list.push(address);
  }

  leave(address: string): void {
    for (const list of [this.own, this.lan.joined]) {
      const at = list.indexOf(address);
      if (at >= 0) list.splice(at, 1);
    }
  }

  send(message: Buffer, to: string): boolean {
    const { sendRefusal } = this.lan;
    this.lan.sendRefusal = undefined;
    if (sendRefusal !== undefined) this.fail(sendRefusal);
    if (sendRefusal !== undefined || this.lan.tentative) return false;
    this.sent++;
    this.lan.messages.push({ message: Buffer.from(message), to, linkIndex: this.link.index });
    return true;
  }

  fail(error: LbError): void {
    this.errorListener(error);
  }

  onError(run: (error: LbError) => void): void {
    this.errorListener = run;
  }

  stats(): Icmpv6SocketStats {
    return { sent: this.sent, sendErrors: 0, dropped: 0, groups: new Set(this.own).size };
  }

  close(): void {
    for (const address of [...this.own]) this.leave(address);
    this.sockets.delete(this);
  }
}
