import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Job, Report } from './worker.ts';

/** Asked ahead, so that no worker waits for the next question. */
const AHEAD = 4;

/** Runs the jobs on as many processes as there are cores; no worker outlives the call. */
export async function runJobs(jobs: readonly Job[], each: (report: Report) => void): Promise<void> {
  const waiting = [...jobs];
  const workers = Math.min(availableParallelism(), jobs.length);
  await Promise.all(Array.from({ length: workers }, () => serve(waiting, each)));
}

function serve(waiting: Job[], each: (report: Report) => void): Promise<void> {
  const path = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const child: ChildProcess = fork(path, {
    execArgv: ['--max-semi-space-size=64', '--import', 'tsx'],
    stdio: 'inherit',
  });
  let asked = 0;
  const ask = () => {
    const job = waiting.shift();
    if (job !== undefined) {
      asked++;
      child.send(job);
    }
  };
  return new Promise((resolve, reject) => {
    child.on('message', (report: Report) => {
      asked--;
      each(report);
      ask();
      if (asked === 0) child.disconnect();
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a worker of the simulator ended: ${code}`)),
    );
    for (let i = 0; i < AHEAD; i++) ask();
    if (asked === 0) child.disconnect();
  });
}
