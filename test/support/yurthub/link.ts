import { connect, createServer, type Server, type Socket } from 'node:net';

/** First retransmission of TCP after this, then each time twice as long. */
const FIRST_RETRY_S = 0.2;

/**
 * A wire between the hub and the API server that a test can cut: bytes are then held without a word, and after the return
 * they come with the next retransmission TCP would make, as after a silent drop of packets. For one process; in network
 * namespaces cut the real one.
 */
export class UpstreamLink {
  private readonly lines = new Set<Line>();
  private isCut = false;

  private constructor(private readonly server: Server) {}

  /** @param upstream `http://host:port` @param scale as the hub's */
  static async start(upstream: string, scale: number): Promise<UpstreamLink> {
    const to = new URL(upstream);
    const server = createServer();
    const link = new UpstreamLink(server);
    server.on('connection', (near) => {
      const line = new Line(near, () => connect({ host: to.hostname, port: Number(to.port) }), scale);
      for (const old of link.lines) if (old.isOver) link.lines.delete(old);
      link.lines.add(line);
      if (link.isCut) line.hold();
      else line.release();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the link is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** From now on nothing comes through, and nothing is refused. */
  cut(): void {
    this.isCut = true;
    for (const line of this.lines) line.hold();
  }

  restore(): void {
    this.isCut = false;
    for (const line of this.lines) line.release();
  }

  /** Hangs up on everybody, as a router that forgot its connections. */
  reset(): void {
    for (const line of this.lines) line.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.reset();
    await closed;
  }
}

/** One connection. While the wire is cut neither end learns that the other has left. */
class Line {
  private readonly up: Direction;
  private far: Socket | undefined;
  private down: Direction | undefined;
  private held = false;

  constructor(
    private readonly near: Socket,
    private readonly dial: () => Socket,
    private readonly scale: number,
  ) {
    this.up = new Direction(near, scale);
    near.on('error', () => near.destroy()).setNoDelay(true);
    near.once('close', () => this.held || this.destroy());
  }

  get isOver(): boolean {
    return this.near.destroyed && this.far?.destroyed !== false;
  }

  hold(): void {
    this.held = true;
    this.up.hold();
    this.down?.hold();
  }

  release(): void {
    this.held = false;
    if (this.near.destroyed || this.far?.destroyed === true) {
      this.destroy();
      return;
    }
    if (this.far === undefined) this.join();
    this.up.release();
    this.down?.release();
  }

  destroy(): void {
    this.near.destroySoon();
    this.far?.destroySoon();
  }

  private join(): void {
    const far = this.dial();
    far.on('error', () => this.held || this.near.destroy()).setNoDelay(true);
    far.once('close', () => this.held || this.destroy());
    this.far = far;
    this.up.leadTo(far);
    this.down = new Direction(far, this.scale);
    this.down.leadTo(this.near);
  }
}

/** The bytes of one end, on their way to the other. */
class Direction {
  private readonly waiting: Buffer[] = [];
  private heldSinceMs: number | undefined;
  private holding = false;
  private timer: NodeJS.Timeout | undefined;
  private to: Socket | undefined;

  constructor(
    from: Socket,
    private readonly scale: number,
  ) {
    from.on('data', (chunk: Buffer) => {
      if (!this.holding && this.to !== undefined && this.waiting.length === 0) this.to.write(chunk);
      else {
        this.heldSinceMs ??= performance.now();
        this.waiting.push(chunk);
      }
    });
  }

  leadTo(to: Socket): void {
    this.to = to;
  }

  hold(): void {
    this.holding = true;
    clearTimeout(this.timer);
  }

  release(): void {
    this.holding = false;
    if (this.heldSinceMs === undefined) return;
    const ageMs = performance.now() - this.heldSinceMs;
    let retryMs = 0;
    for (let step = FIRST_RETRY_S * 1000 * this.scale; retryMs < ageMs; step *= 2) retryMs += step;
    this.timer = setTimeout(() => this.flush(), retryMs - ageMs);
  }

  private flush(): void {
    for (const chunk of this.waiting.splice(0)) if (this.to?.destroyed === false) this.to.write(chunk);
    this.heldSinceMs = undefined;
  }
}
