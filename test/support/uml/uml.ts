import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { atExit } from '../at-exit.ts';
import { bundleChildPrograms } from '../build/child-programs.mjs';
import type { Check } from '../require.ts';

/** Where Debian puts the modules of its User Mode Linux kernel. */
const MODULES = '/usr/lib/uml/modules';
const root = fileURLToPath(new URL('../../../', import.meta.url));
const init = fileURLToPath(new URL('init.sh', import.meta.url));

/** Whether this machine's kernel makes interfaces of these kinds (`bond`, `vlan`); false also where nobody may make any. */
export function kernelMakes(kinds: readonly string[]): boolean {
  const lines = kinds.map((kind) =>
    kind === 'vlan' ? 'link add link lower name made type vlan id 5' : `link add made type ${kind}`,
  );
  const script = ['ip link add lower type veth', ...lines.map((line) => `ip ${line} && ip link delete made`)].join(
    ' && ',
  );
  return spawnSync('unshare', ['-n', 'sh', '-c', script], { stdio: 'ignore' }).status === 0;
}

/** Whether a kernel of its own can be started here, as a process: no virtual machine, no privilege. */
export function canRunUml(): Check {
  const missing = spawnSync('linux.uml', ['--version']).error !== undefined || !existsSync(MODULES);
  const noLoader = !existsSync('/usr/sbin/modprobe') && !existsSync('/sbin/modprobe');
  if (!missing && !noLoader && readdirSync(MODULES).length > 0) return { ok: true };
  return { ok: false, reason: 'User Mode Linux is missing. Run: apt-get install -y user-mode-linux kmod' };
}

/**
 * Runs one test file in a User Mode Linux kernel on this machine's files. What it prints is shown as it comes.
 *
 * @param file from the repository's folder
 * @param modules what the kernel loads first
 * @returns the exit code of mocha; undefined: the kernel ended without a word
 */
export async function runInUml(file: string, modules: readonly string[]): Promise<number | undefined> {
  const bundles = await bundleChildPrograms({ suite: file }); // tsx would take half of the time in there
  const settings = [`REPO=${root}`, `NODE=${process.execPath}`, `BUNDLES=${bundles}`, `MODULES=${modules.join()}`];
  const machine = ['mem=640M', 'rootfstype=hostfs', 'rootflags=/', 'rw', `init=${init}`, 'con=null', 'con0=null,fd:1'];
  const kernel = ['linux.uml', ...machine, 'quiet', 'loglevel=1', ...settings];
  // What it forks lives in a process namespace of its own, and goes with its first process, also when this one is killed.
  const alone = ['--pdeathsig', 'KILL', 'unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn('setpriv', [...alone, ...kernel], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true, // its threads are processes: the group ends as one
  });
  const kill = () => {
    rmSync(bundles, { recursive: true, force: true });
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  const forget = atExit(kill);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    process.stdout.write(text);
  });
  try {
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  } finally {
    forget();
    rmSync(bundles, { recursive: true, force: true });
  }
  const code = /ended with (\d+)/.exec(said)?.[1];
  return code === undefined ? undefined : Number(code);
}
