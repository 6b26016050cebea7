import { childProgram } from '../child-program.ts';
import { LineProcess } from './line-process.ts';
import type { Site } from './site.ts';

/** One line of arp-asker.ts. Times are milliseconds since the Unix epoch with fractions, taken by the kernel. */
export type ArpLine =
  | { readonly kind: 'start'; readonly atMs: number; readonly intervalMs: number }
  /** A reply to us. */
  | ArpAnswer
  /** An announcement to everyone, not asked for. */
  | (Claim & { readonly kind: 'gratuitous' });

/** What an ARP packet claims. */
interface Claim {
  readonly atMs: number;
  readonly address: string;
  readonly mac: string;
  /** The Ethernet source, where it is not the MAC in the packet: a frame that names two nodes. */
  readonly source?: string;
}

export interface ArpAnswer extends Claim {
  readonly kind: 'answer';
}

/** A time without an answer. */
export interface Outage {
  readonly address: string;
  /** The last answer before and the first after it. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The time between them, less the interval of asking: 0 for an address that never missed. */
  readonly ms: number;
  readonly macBefore: string;
  readonly macAfter: string;
}

/**
 * The outages in a log, address by address in order of time.
 *
 * @param leastMs shorter ones are left out; default: one interval, so that one late answer is none
 */
export function outages(log: readonly ArpLine[], leastMs?: number): Outage[] {
  const intervalMs = log.find((line) => line.kind === 'start')?.intervalMs ?? 0;
  const least = leastMs ?? intervalMs;
  const last = new Map<string, ArpAnswer>();
  const found: Outage[] = [];
  for (const line of log) {
    if (line.kind !== 'answer') continue;
    const before = last.get(line.address);
    last.set(line.address, line);
    if (before === undefined) continue;
    const ms = Math.max(0, line.atMs - before.atMs - intervalMs);
    if (ms < least || ms === 0) continue;
    const times = { fromMs: before.atMs, toMs: line.atMs, ms };
    found.push({ address: line.address, ...times, macBefore: before.mac, macAfter: line.mac });
  }
  return found;
}

/** Who answered for an address, one entry per change of the answering MAC. */
export function answerers(log: readonly ArpLine[], address: string): ArpAnswer[] {
  const answers = log.filter((line) => line.kind === 'answer').filter((line) => line.address === address);
  return answers.filter((line, i) => line.mac !== answers[i - 1]?.mac);
}

/** Asks for addresses, all of one family, by ARP or NDP from a client's namespace, in a process of its own, until stopped. */
export class ArpClient {
  private constructor(private readonly process: LineProcess<ArpLine>) {}

  /** Resolves once the first questions are out. @throws Error with what the asker said if it did not start */
  static async start(
    site: Site,
    ns: string,
    addresses: readonly string[],
    { intervalMs = 5, link = 'eth0' }: { intervalMs?: number; link?: string } = {},
  ): Promise<ArpClient> {
    const family = addresses[0]?.includes(':') ? 'ndp' : 'arp';
    const args = [...childProgram(`netns/${family}-asker`), link, `${intervalMs}`, ...addresses];
    const child = site.spawn(ns, process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const client = new ArpClient(new LineProcess(`asker in ${ns}`, child));
    await client.until('the start', (line) => line.kind === 'start', { timeoutMs: 50_000 });
    return client;
  }

  /** Everything heard so far. */
  get log(): readonly ArpLine[] {
    return this.process.lines;
  }

  /** Resolves with the first line that `matches`, old ones included from `sinceMs` on. @throws Error naming `what` */
  until(
    what: string,
    matches: (line: ArpLine) => boolean,
    { timeoutMs = 10_000, sinceMs = 0 }: { timeoutMs?: number; sinceMs?: number } = {},
  ): Promise<ArpLine> {
    const wanted = (line: ArpLine): line is ArpLine => line.atMs >= sinceMs && matches(line);
    return this.process.until(what, wanted, { timeoutMs });
  }

  /** The next answer for `address` from `sinceMs` on, of `mac` if given. */
  answer(
    address: string,
    { mac, sinceMs = 0, timeoutMs = 10_000 }: { mac?: string; sinceMs?: number; timeoutMs?: number } = {},
  ): Promise<ArpAnswer> {
    const ours = (line: ArpLine): line is ArpAnswer =>
      line.kind === 'answer' &&
      line.atMs >= sinceMs &&
      line.address === address &&
      (mac === undefined || line.mac === mac);
    return this.process.until(`an answer for ${address}${mac ? ` from ${mac}` : ''}`, ours, { timeoutMs });
  }

  /** Ends the asking. @returns the whole log */
  async stop(): Promise<readonly ArpLine[]> {
    await this.process.stop();
    return this.log;
  }
}
