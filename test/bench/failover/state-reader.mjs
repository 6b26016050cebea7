// Runs in a node's namespace: for each line on standard input, prints the speaker's state page as one JSON line, or null.
// Kept running, because starting a process for each look would load the machine that is measured.
import { createInterface } from 'node:readline';

createInterface({ input: process.stdin }).on('line', async () => {
  let page = null;
  try {
    page = await (await fetch('http://127.0.0.1:10372/state', { signal: AbortSignal.timeout(2000) })).json();
  } catch {
    // not up, or hung
  }
  process.stdout.write(`${JSON.stringify(page)}\n`);
});
