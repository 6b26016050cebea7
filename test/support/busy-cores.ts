import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { atExit } from './at-exit.ts';

/** One process on each core that computes without end: what else runs gets its share, and waits for it. */
export class BusyCores {
  private readonly forget: () => void;

  private constructor(private readonly children: readonly ChildProcess[]) {
    this.forget = atExit(() => this.close());
  }

  static start(): BusyCores {
    const program = 'for (;;);';
    const spin = () => spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, '-e', program], { stdio: 'ignore' });
    return new BusyCores(Array.from({ length: availableParallelism() }, spin));
  }

  close(): void {
    for (const child of this.children) child.kill('SIGKILL');
    this.forget();
  }
}
