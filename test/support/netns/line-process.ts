import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PATIENCE } from '../patience.ts';

/** A child that prints one JSON value per line: keeps them, and lets a test wait for one. */
export class LineProcess<Line> {
  readonly lines: Line[] = [];
  private readonly waiting = new Set<() => void>();
  private complaint = '';

  constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {
    if (child.stdout === null || child.stderr === null) throw new Error(`${name} was started without pipes`);
    createInterface({ input: child.stdout }).on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);
      this.wake();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaint += text;
    });
    child.on('close', () => this.wake());
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error(`${this.name} did not start`);
    return pid;
  }

  /** Writes one JSON value and a line feed to its standard input. */
  tell(value: unknown): void {
    this.child.stdin?.write(`${JSON.stringify(value)}\n`);
  }

  /**
   * Resolves with the first line that `matches`, looking from the line numbered `from` on.
   *
   * @throws Error naming `what` after `timeoutMs`, or when the child ended
   */
  until<Found extends Line>(
    what: string,
    matches: (line: Line) => line is Found,
    { timeoutMs = 10_000, from = 0 }: { timeoutMs?: number; from?: number } = {},
  ): Promise<Found> {
    let seen = from;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.waiting.delete(check);
        settle();
      };
      const fail = (why: string) => finish(() => reject(new Error(`${this.name}: ${what} ${why}${this.complaint}`)));
      const check = () => {
        for (; seen < this.lines.length; seen++) {
          const line = this.lines[seen];
          if (line !== undefined && matches(line)) return finish(() => resolve(line));
        }
        if (this.hasEnded) fail('did not come before the end. ');
      };
      const timer = setTimeout(() => fail(`did not come within ${timeoutMs} ms. `), timeoutMs * PATIENCE);
      this.waiting.add(check);
      check();
    });
  }

  /** Closes its standard input and waits for its end. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.child, 'close');
    this.child.stdin?.end();
    await ended;
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private wake(): void {
    for (const check of [...this.waiting]) check();
  }
}
