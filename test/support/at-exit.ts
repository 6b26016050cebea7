const waiting = new Set<() => void>();
let watching = false;

/**
 * Runs when this process ends, also by an uncaught exception or a signal that can be caught. `run` is synchronous, and may
 * find its work done. One listener serves all: Node takes many for a leak.
 *
 * @returns the way to forget it, for what was closed before
 */
export function atExit(run: () => void): () => void {
  watch();
  waiting.add(run);
  return () => void waiting.delete(run);
}

/** The newest first: what was made on top of others goes before them. */
function runAll(): void {
  for (const run of [...waiting].reverse()) run();
  waiting.clear();
}

/** Signals end the process only where nobody else listens for them. */
function watch(): void {
  if (watching) return;
  watching = true;
  process.on('exit', runAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = () => {
      runAll();
      if (process.listenerCount(signal) > 1) return;
      process.off(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
}
