/** What the catalogue has yet to take: long work in steps, and what came meanwhile behind it, in the order in which it came. */
export class CatalogueIntake {
  private readonly waiting: Iterator<void>[] = [];
  private running = false;

  /**
   * @param later runs what can wait until what is due has run
   * @param onError told of work that threw; the work behind it goes on, for nothing that is only shown may end the speaker
   */
  constructor(
    private readonly later: (run: () => void) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Work in steps; its first step comes at once where nothing waits. */
  take(work: Iterator<void>): void {
    this.waiting.push(work);
    if (!this.running) this.step();
  }

  /** A short thing, done at once where nothing waits. */
  run(work: () => void): void {
    this.take({
      next: () => {
        work();
        return { done: true, value: undefined };
      },
    });
  }

  private step(): void {
    this.running = true;
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      if (this.isDone(first)) this.waiting.shift();
      else {
        this.later(() => this.step());
        return;
      }
    }
    this.running = false;
  }

  private isDone(work: Iterator<void>): boolean {
    try {
      return work.next().done === true;
    } catch (error) {
      this.onError(error);
      return true;
    }
  }
}
