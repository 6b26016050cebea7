const QUIET_MS = 10_000; // between lines where there is no terminal to redraw

let shownMs = 0;

/** One line that is redrawn on a terminal, and told now and then elsewhere. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (performance.now() - shownMs > QUIET_MS) {
    shownMs = performance.now();
    process.stderr.write(`${text}\n`);
  }
}

/** A line that stays. */
export function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(text);
}
