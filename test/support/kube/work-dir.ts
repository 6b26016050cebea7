import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../at-exit.ts';
import { isAlive } from '../is-alive.ts';

const PREFIX = 'yurtlb-kube-';
const forget = new Map<string, () => void>();

/** A folder for one control plane, in memory where there is /dev/shm; gone when this process exits. */
export function makeWorkDir(): string {
  const root = inMemory() ? '/dev/shm' : tmpdir();
  sweep(root);
  const dir = mkdtempSync(join(root, `${PREFIX}${process.pid}-`));
  forget.set(
    dir,
    atExit(() => removeWorkDir(dir)),
  );
  return dir;
}

export function removeWorkDir(dir: string): void {
  forget.get(dir)?.();
  forget.delete(dir);
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}

function inMemory(): boolean {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A run that was SIGKILLed left 60 MB of memory behind: its folder names a process that is no more. */
function sweep(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (!Number.isNaN(pid) && !isAlive(pid)) removeWorkDir(join(root, name));
  }
}
