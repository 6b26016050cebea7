import { cpus, loadavg, release, totalmem } from 'node:os';

/** What a reader must know to compare figures. */
export function machineLine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const load = loadavg()
    .map((one) => one.toFixed(2))
    .join(' ');
  return `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${memory}; Linux ${release()}, Node ${process.version}; load ${load}`;
}
