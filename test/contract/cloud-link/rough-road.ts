import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** One connection on the road. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** Its other end has vanished without a word. */
  vanished: boolean;
}

/** A road to a server that a test can spoil. New connections fare as the road is when they come. */
export class RoughRoad {
  private readonly pairs = new Set<Pair>();
  private readonly server: Server;
  private port = 0;
  private isHeld = false;
  private isReset = false;
  private delayMs = 0;

  private constructor(private readonly upstream: URL) {
    this.server = createServer((near) => this.join(near));
  }

  static async to(upstream: string): Promise<RoughRoad> {
    const road = new RoughRoad(new URL(upstream));
    await road.listen();
    return road;
  }

  get url(): string {
    return `${this.upstream.protocol}//127.0.0.1:${this.port}`;
  }

  /** Nothing comes through, and nothing is refused: packets are dropped. */
  blackHole(): void {
    this.isHeld = true;
  }

  /** Each connection is reset when it carries something. */
  resets(): void {
    this.isReset = true;
    for (const { near } of this.pairs) near.resetAndDestroy();
  }

  /** Each piece takes so long, in both directions. */
  delays(ms: number): void {
    this.delayMs = ms;
  }

  /** Connections that stand are forgotten by a router on the way, without a word; new ones are carried. */
  forgetConnections(): void {
    for (const pair of this.pairs) pair.vanished = true;
  }

  /** Nothing listens there. */
  async refuses(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const { near } of this.pairs) near.destroy();
    await closed;
  }

  async heal(): Promise<void> {
    // What was dropped meanwhile was given up by both ends: a TCP that waited longer would come again.
    if (this.isHeld) for (const { near } of this.pairs) near.destroy();
    this.isHeld = false;
    this.isReset = false;
    this.delayMs = 0;
    if (!this.server.listening) await this.listen();
  }

  async close(): Promise<void> {
    if (this.server.listening) await this.refuses();
  }

  private async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  private join(near: Socket): void {
    const far = connect({ host: this.upstream.hostname, port: Number(this.upstream.port) });
    const pair: Pair = { near, far, vanished: false };
    this.pairs.add(pair);
    this.carry(pair, near, far);
    this.carry(pair, far, near);
    for (const end of [near, far]) {
      end.setNoDelay(true).on('error', () => {});
      end.once('close', () => {
        this.pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
  }

  private carry(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (piece: Buffer) => {
      if (this.isReset) pair.near.resetAndDestroy();
      else if (this.isHeld || pair.vanished) return;
      else if (this.delayMs > 0) setTimeout(() => to.destroyed || to.write(piece), this.delayMs);
      else to.write(piece);
    });
    from.on('end', () => {
      if (!this.isHeld && !pair.vanished) setTimeout(() => to.end(), this.delayMs);
    });
  }
}
