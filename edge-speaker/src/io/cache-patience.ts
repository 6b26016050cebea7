import type { Timers } from '@openyurt/nodepool-types';

/** Work on a disk, one piece at a time, each waited for no longer than it is worth: a dead disk answers never. */
export class Patience {
  private running: Promise<unknown> | undefined;
  private overdue = false;

  constructor(private readonly timers: Timers) {}

  /** Work is under way, waited for or given up on: a thread of the process is in a call of the system. */
  get busy(): boolean {
    return this.running !== undefined;
  }

  /** A piece of work was given up on and is still under way. */
  get stuck(): boolean {
    return this.overdue;
  }

  /** @returns its result, or `late` where it takes longer than `ms`, or where an earlier piece is still under way */
  async within<T>(ms: number, work: () => Promise<T>): Promise<{ readonly done: T } | 'late'> {
    if (this.running !== undefined) return 'late';
    const running = work();
    this.running = running;
    const over = running.then(
      () => this.end(),
      () => this.end(),
    );
    let cancel = () => {};
    const late = new Promise<'late'>((resolve) => {
      cancel = this.timers.after(ms, () => {
        this.overdue = true;
        resolve('late');
      });
    });
    try {
      const first = await Promise.race([running.then((done) => ({ done })), late]);
      if (first !== 'late') await over;
      return first;
    } finally {
      cancel();
    }
  }

  private end(): void {
    this.running = undefined;
    this.overdue = false;
  }
}
