import { styleText } from 'node:util';

/** Where the story is told: a terminal gets colour and a line that moves, anything else plain lines. */
export interface Stage {
  write(text: string): void;
  readonly isTerminal: boolean;
}

/** What a step found: the sentence for the timeline, and lines of detail under it. */
export interface Finding {
  readonly said: string;
  readonly detail?: readonly string[];
}

/** A step whose check on the wire did not hold. */
export class StepFailed extends Error {}

type Style = Parameters<typeof styleText>[0];

/** Tells the steps of a story with the times they took, and keeps count of what did not hold. */
export class Timeline {
  #failed = 0;
  readonly #startedMs: number;

  constructor(
    private readonly stage: Stage,
    private readonly nowMs: () => number,
  ) {
    this.#startedMs = nowMs();
  }

  get failed(): number {
    return this.#failed;
  }

  heading(text: string): void {
    this.stage.write(`\n${this.#paint('bold', text)}\n`);
  }

  line(text = ''): void {
    this.stage.write(`${text}\n`);
  }

  /**
   * Runs one step and tells how it went. `doing` is shown while it works.
   *
   * @returns whether it held; a failure is told and counted, not thrown, so that the story can clean up after itself
   */
  async step(doing: string, run: (progress: (text: string) => void) => Promise<Finding>): Promise<boolean> {
    const begunMs = this.nowMs();
    const moving = this.stage.isTerminal ? setInterval(() => this.#working(doing, begunMs), 120) : undefined;
    let now = doing;
    try {
      const { said, detail = [] } = await run((text) => {
        now = text;
        if (!this.stage.isTerminal) this.stage.write(`         … ${text}\n`);
      });
      this.#tell(this.#paint('green', '✔'), said, detail);
      return true;
    } catch (error) {
      this.#failed++;
      this.#tell(this.#paint('red', '✖'), this.#paint('red', now), causes(error));
      return false;
    } finally {
      clearInterval(moving);
    }
  }

  #working(doing: string, begunMs: number): void {
    const dots = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
    const turn = dots[Math.floor((this.nowMs() - begunMs) / 120) % dots.length] ?? '·';
    this.stage.write(`\r\x1b[K${this.#at()} ${this.#paint('cyan', turn)} ${this.#paint('dim', doing)}`);
  }

  #tell(mark: string, said: string, detail: readonly string[]): void {
    const clear = this.stage.isTerminal ? '\r\x1b[K' : '';
    this.stage.write(`${clear}${this.#at()} ${mark} ${said}\n`);
    for (const text of detail) this.stage.write(`           ${this.#paint('dim', text)}\n`);
  }

  #at(): string {
    return `${((this.nowMs() - this.#startedMs) / 1000).toFixed(1).padStart(6)} s`;
  }

  #paint(style: Style, text: string): string {
    return this.stage.isTerminal ? styleText(style, text, { validateStream: false }) : text;
  }
}

function causes(error: unknown): string[] {
  if (error instanceof StepFailed) return error.message.split('\n');
  return String(error instanceof Error ? (error.stack ?? error.message) : error).split('\n');
}

/** Columns as kubectl prints them. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
