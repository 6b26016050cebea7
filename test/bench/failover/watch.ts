import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Site } from '../../support/netns/site.ts';
import { type Answer, type Round, type Seen, seen } from './answers.ts';

export const ASK_EVERY_MS = 5;

/** A line of asker.ts: [when all were asked, question], or [when the kernel took the reply in, question, address, MAC]. As in answers.ts. */
export type AskerLine =
  | readonly [atMs: number, question: number]
  | readonly [atMs: number, question: number, address: string, mac: string];

/**
 * A client that asks for addresses all the time; what was answered since the last `mark()` is kept, so that hours of asking
 * stay small.
 */
export class Watch {
  private readonly answers = new Map<string, Answer[]>();
  private readonly asked: Round[] = [];

  private constructor(
    readonly addresses: readonly string[],
    /** Closes its standard input and waits for its end. */
    readonly stop: () => Promise<void>,
  ) {}

  /** Resolves once every question was asked for the first time. */
  static async start(site: Site, ns: string, addresses: readonly string[]): Promise<Watch> {
    const asker = fileURLToPath(new URL('asker.ts', import.meta.url));
    const args = ['--import', 'tsx', asker, 'eth0', `${ASK_EVERY_MS}`, ...addresses];
    const child = site.spawn(ns, process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error('the asker was started without pipes');
    const watch = new Watch(addresses, async () => {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
      stdin.end();
      await ended;
    });
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => watch.take(JSON.parse(line) as AskerLine));
    await once(lines, 'line');
    return watch;
  }

  /** From here on: what came before is forgotten, except each address's last answer. */
  mark(): void {
    const firstMs = Math.min(...[...this.answers.values()].map((all) => all.at(-1)?.atMs ?? 0));
    this.asked.splice(
      0,
      this.asked.findIndex(({ atMs }) => atMs >= firstMs),
    );
    for (const all of this.answers.values()) all.splice(0, Math.max(0, all.length - 1));
  }

  /** What was seen of an address since the mark. */
  seen(address: string): Seen {
    return seen(this.asked, this.of(address), ASK_EVERY_MS);
  }

  /** Which MACs answered for the address in the last `ms` up to now; empty too where an answer is overdue. */
  answering(address: string, ms: number): ReadonlySet<string> {
    const fromMs = Date.now() - ms;
    const all = this.of(address);
    let first = all.length;
    while (first > 0 && (all[first - 1]?.atMs ?? 0) >= fromMs) first--;
    const recent = all.slice(first);
    return recent.length < ms / ASK_EVERY_MS / 2 ? new Set() : new Set(recent.map(({ mac }) => mac));
  }

  /** Whether somebody else than `mac` has answered since then. */
  answeredByOther(address: string, mac: string, sinceMs: number): boolean {
    return this.of(address).some((answer) => answer.atMs >= sinceMs && answer.mac !== mac);
  }

  private of(address: string): readonly Answer[] {
    return this.answers.get(address) ?? [];
  }

  private take([atMs, question, address, mac]: AskerLine): void {
    if (address === undefined || mac === undefined) {
      this.asked.push({ atMs, question });
      return;
    }
    const all = this.answers.get(address) ?? [];
    this.answers.set(address, all);
    all.push({ atMs, mac, question });
  }
}
