import { isIPv4 } from 'node:net';

/** Gives out whole numbers from a range, rising and going round, so that a freed one rests for a while. */
class Pool {
  private readonly used = new Set<number>();
  private next = 0;
  constructor(
    private readonly first: number,
    private readonly size: number,
  ) {}

  /** @returns a free number, not yet marked; undefined when none is left */
  pick(besides: ReadonlySet<number> = new Set()): number | undefined {
    for (let i = 0; i < this.size; i++) {
      const n = this.first + ((this.next + i) % this.size);
      if (this.used.has(n) || besides.has(n)) continue;
      this.next = (n - this.first + 1) % this.size;
      return n;
    }
    return undefined;
  }
  has(n: number): boolean {
    return this.used.has(n);
  }
  covers(n: number): boolean {
    return n >= this.first && n < this.first + this.size;
  }
  take(n: number): void {
    if (this.covers(n)) this.used.add(n);
  }
  give(n: number): void {
    this.used.delete(n);
  }
}

/** Node ports in use, `first` to `last` both included. */
export class NodePorts extends Pool {
  constructor(first: number, last: number) {
    super(first, last - first + 1);
  }
}

const MOST_ADDRESSES = 2 ** 20;

/** The addresses Services get inside the cluster, out of one CIDR. The first one is the API server's own. */
export class ClusterIps {
  readonly family: 'IPv4' | 'IPv6';
  private readonly pool: Pool;
  private readonly prefix: string;

  /** @throws RangeError for a CIDR that is neither `a.b.c.d/n` (n ≤ 28) nor `…::/n` (n from 96 to 124) */
  constructor(readonly cidr: string) {
    const [address = '', bits = ''] = cidr.split('/');
    const prefixBits = Number(bits);
    this.family = isIPv4(address) ? 'IPv4' : 'IPv6';
    const hostBits = (this.family === 'IPv4' ? 32 : 128) - prefixBits;
    const good =
      this.family === 'IPv4' ? prefixBits <= 28 : address.endsWith('::') && prefixBits >= 96 && prefixBits <= 124;
    if (!good) throw new RangeError(`cannot serve cluster addresses from ${cidr}`);
    this.prefix = address;
    const base = this.family === 'IPv4' ? numberOf(address) : 0;
    this.pool = new Pool(base + 1, Math.min(2 ** hostBits - 2, MOST_ADDRESSES));
  }

  pick(): string | undefined {
    const n = this.pool.pick();
    return n === undefined ? undefined : this.text(n);
  }
  has(ip: string): boolean {
    return this.pool.has(this.number(ip));
  }
  covers(ip: string): boolean {
    return this.pool.covers(this.number(ip));
  }
  take(ip: string): void {
    this.pool.take(this.number(ip));
  }
  give(ip: string): void {
    this.pool.give(this.number(ip));
  }

  private text(n: number): string {
    if (this.family === 'IPv4') return [24, 16, 8, 0].map((s) => Math.floor(n / 2 ** s) % 256).join('.');
    const high = Math.floor(n / 0x10000);
    const low = (n % 0x10000).toString(16);
    return high === 0 ? `${this.prefix}${low}` : `${this.prefix}${high.toString(16)}:${low}`;
  }

  /** @returns NaN for an address of the other family or another prefix */
  private number(ip: string): number {
    if (this.family === 'IPv4') return isIPv4(ip) ? numberOf(ip) : Number.NaN;
    if (!ip.startsWith(this.prefix)) return Number.NaN;
    const words = ip.slice(this.prefix.length).split(':');
    return words.reduce((sum, w) => sum * 0x10000 + Number.parseInt(w, 16), 0);
  }
}

function numberOf(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
