// Network namespaces need root. Without root, a user namespace of one's own gives it: `unshare -Urnm`, and a tmpfs over
// /run so that `ip netns` has its folder. The test runner and the demo call reexecInUserNamespaceIfNeeded() first.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';

const PREPARE = 'mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/netns && ip link set lo up && exec "$0" "$@"';

/** @returns {string} '' when the command ends 0, else the last line of what it said */
function complaint(command, args) {
  const run = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (run.status === 0) return '';
  return run.error?.message ?? run.stderr.trim().split('\n').at(-1) ?? `${command} failed`;
}

/** @returns {{ok: true} | {ok: false, reason: string, remedy: string}} whether a Site can stand here, in this process */
export function canMakeSites() {
  if (process.platform !== 'linux') {
    return {
      ok: false,
      reason: `network namespaces are Linux; this is ${process.platform}`,
      remedy: 'Run it on Linux.',
    };
  }
  for (const tool of ['ip', 'bridge', 'nsenter', 'setpriv', 'unshare']) {
    const missing = complaint(tool, [tool === 'ip' || tool === 'bridge' ? '-Version' : '--version']);
    if (missing !== '') {
      return {
        ok: false,
        reason: `the command ${tool} is missing`,
        remedy: 'Run: apt-get install -y iproute2 util-linux',
      };
    }
  }
  if (process.getuid() !== 0) {
    const refused = complaint('unshare', ['-Urnm', 'true']);
    return refused === ''
      ? {
          ok: false,
          reason: 'this process is not root',
          remedy: 'Start it through npm, which enters a user namespace.',
        }
      : {
          ok: false,
          reason: `this process is not root and may not make a user namespace (${refused})`,
          remedy:
            'Run as root, or allow it: sysctl kernel.unprivileged_userns_clone=1 (or apparmor_restrict_unprivileged_userns=0)',
        };
  }
  const refused = complaint('unshare', ['-nm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']);
  return refused === ''
    ? { ok: true }
    : {
        ok: false,
        reason: `this process may not make network namespaces (${refused})`,
        remedy: 'Run with CAP_SYS_ADMIN and CAP_NET_ADMIN (docker run --privileged).',
      };
}

/**
 * Goes on in this process where it is root, or where nothing helps (canMakeSites() then says why). Otherwise runs the same
 * command line again in a user namespace, passes signals on, and ends with its exit code: the promise never resolves.
 */
export async function reexecInUserNamespaceIfNeeded() {
  if (process.platform !== 'linux' || process.getuid() === 0 || !existsSync('/proc/self/ns/user')) return;
  if (complaint('unshare', ['-Urnm', 'sh', '-c', 'mount -t tmpfs tmpfs /run']) !== '') return;
  if (complaint('ip', ['-Version']) !== '') return;
  const args = ['-Urnm', 'sh', '-c', PREPARE, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  await new Promise((_, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
