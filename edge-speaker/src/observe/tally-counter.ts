import { Counter, type Registry } from 'prom-client';

/** A counter with one label that costs one map look-up per count: it stands in the path of every ARP answer. */
export class TallyCounter {
  private readonly tally = new Map<string, number>();

  constructor(name: string, help: string, label: string, registry: Registry) {
    const { tally } = this;
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, n] of tally) this.inc({ [label]: value }, n);
      },
    });
  }

  count(value: string): void {
    this.tally.set(value, (this.tally.get(value) ?? 0) + 1);
  }
}
