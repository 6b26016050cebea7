import type { RawPoolKey } from '../../edge-speaker/src/ports/pool-key-source.ts';
import type { Member } from './member.ts';
import type { Process } from './process.ts';

/** The way between two members that had a session when it closed. */
interface Parting {
  readonly processes: readonly [Process | undefined, Process | undefined];
  readonly keys: readonly RawPoolKey[];
}

/** Who lost whom: processes that had a session find each other by its keys, sooner than strangers do. */
export class Parted {
  private readonly pairs = new Map<string, Parting>();

  constructor(private readonly site: { readonly keys: readonly RawPoolKey[] }) {}

  closed(a: Member, b: Member): void {
    if (!sees(a, b) || !sees(b, a)) this.pairs.delete(keyOf(a, b));
    else this.pairs.set(keyOf(a, b), { processes: [a.process, b.process], keys: this.site.keys });
  }

  /** Asked when the way opens: both still have the keys of their session. */
  isQuick(a: Member, b: Member): boolean {
    const parting = this.pairs.get(keyOf(a, b));
    return (
      parting !== undefined &&
      parting.keys === this.site.keys &&
      parting.processes[0] === a.process &&
      parting.processes[1] === b.process
    );
  }
}

function sees(a: Member, b: Member): boolean {
  return a.session?.members().some(({ node, state }) => node === b.node && state === 'alive') === true;
}

function keyOf(a: Member, b: Member): string {
  return `${a.index} ${b.index}`;
}
