/** Each sample wakes the process: a tenth as often as the heartbeats do. */
const EVERY_MS = 1000;

/** Measures how late a timer comes, once a second: how long a frame or a heartbeat may have waited. @returns the way to stop */
export function watchLoopLag(observe: (seconds: number) => void): () => void {
  let dueMs = performance.now() + EVERY_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    observe(Math.max(0, now - dueMs) / 1000);
    dueMs = now + EVERY_MS;
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
