import type { Clock, Timers } from '@openyurt/nodepool-types';

/** The machine's own time. Monotonic time stands still while the machine is suspended, as the kernel's does. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
