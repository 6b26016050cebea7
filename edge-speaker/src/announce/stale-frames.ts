import type { Clock } from '@openyurt/nodepool-types';

/** A process that has read nothing for so long, and finds a frame as old, stood still. */
const STALE_MS = 100;

/**
 * Tells the frames of one socket that waited because this process stood still (SIGSTOP, a frozen node, a starved CPU) from
 * those that wait in line during a flood: behind those lies no pause, for the process reads all the while. A process that
 * goes on reads its sockets before its timers: what is old must be known before it doubts itself.
 *
 * The kernel stamps frames with the wall clock. It is asked at the first frame after a pause and as long as older ones follow,
 * so a clock that is set makes nobody deaf: at most the frame is lost that was on its way meanwhile.
 */
export class StaleFrames {
  private readMs: number;
  /** Wall milliseconds at which the process went on; undefined: nothing that waits is older. */
  private wokenMs: number | undefined;

  constructor(private readonly clock: Clock) {
    this.readMs = clock.monotonicMs();
  }

  /** Asked once for each frame, in their order. @param arrivedMs at the kernel, wall milliseconds */
  isStale(arrivedMs: number): boolean {
    const now = this.clock.monotonicMs();
    const paused = now - this.readMs > STALE_MS;
    this.readMs = now;
    if (!paused && this.wokenMs === undefined) return false;
    const wallMs = this.clock.wallMs();
    if (paused && wallMs - arrivedMs > STALE_MS) this.wokenMs = wallMs;
    // A clock that shows less than then was set back.
    if (this.wokenMs !== undefined && (arrivedMs >= this.wokenMs || wallMs < this.wokenMs)) this.wokenMs = undefined;
    return this.wokenMs !== undefined;
  }
}
