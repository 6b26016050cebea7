import type { Step } from './commands.ts';
import type { Seen } from './facts.ts';
import type { Change } from './people.ts';

/** A cluster with a controller, of whatever kind. */
export interface Driver {
  /** `--release-cooldown` */
  readonly restMs: number;
  readonly nowMs: number;
  /** Begins what the step says. */
  play(step: Step, changes: readonly Change[]): Promise<void>;
  /**
   * Reads the objects when all is quiet.
   *
   * @param isRight while it says no, and there is still time, it may be that not all is quiet
   */
  quiet(isRight: (seen: Seen) => boolean): Promise<Seen>;
}
