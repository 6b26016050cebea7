import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { Controller } from '../../../cloud-controller/src/controller.ts';
import { Credentials } from '../../../cloud-controller/src/kube/credentials.ts';
import { openLog } from '../../../cloud-controller/src/observe/log.ts';
import { parseOptions } from '../../../cloud-controller/src/options.ts';
import { ApiServer, type ApiServerOptions } from '../api-server/api-server.ts';
import { kubeconfigText } from '../api-server/kubeconfig.ts';
import { Cluster } from './cluster.ts';

/** A process that is killed leaves its Lease behind: it runs out soon. */
const FAST = ['--health-address=127.0.0.1:0', '--lease-duration=2s', '--lease-renew=1500ms', '--lease-retry=100ms'];
/** One in this process gives it back, and must not lose it when the machine stands still for seconds. */
const PATIENT = ['--health-address=127.0.0.1:0', '--lease-duration=30s', '--lease-renew=25s', '--lease-retry=100ms'];

export interface RunningController {
  readonly exit: Promise<number>;
  /** As SIGTERM would. */
  stop(): Promise<number>;
}

/** A controller in this process, quiet unless it errs. */
export function runController(kubeconfig: string, ...args: string[]): RunningController {
  const level = process.env.TEST_LOG ?? 'error';
  const options = parseOptions(
    ['--kubeconfig', kubeconfig, `--log-level=${level}`, ...without(PATIENT, args), ...args],
    {},
  );
  if (options === undefined) throw new Error('no help wanted');
  const stop = new AbortController();
  const controller = new Controller(options, Credentials.load(kubeconfig), openLog(options.logLevel, 'text'));
  const exit = controller.run(stop.signal);
  return {
    exit,
    stop: () => {
      stop.abort();
      return exit;
    },
  };
}

/** The options that `args` do not give. */
function without(options: readonly string[], args: readonly string[]): string[] {
  return options.filter((option) => !args.some((arg) => arg.split('=')[0] === option.split('=')[0]));
}

const SHIM = fileURLToPath(new URL('../../../cloud-controller/bin/yurtlb.mjs', import.meta.url));

/** A controller as a process of its own, the way operators start it. */
export class ControllerProcess {
  readonly child: ChildProcess;
  stderr = '';

  constructor(kubeconfig: string, ...args: string[]) {
    const all = ['controller', '--kubeconfig', kubeconfig, ...without(FAST, args), ...args];
    this.child = spawn(process.execPath, [SHIM, ...all], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** @returns the exit code, or the signal's name */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    }
    return child.exitCode ?? child.signalCode ?? 'unknown';
  }
}

export interface Sandbox {
  readonly server: ApiServer;
  readonly cluster: Cluster;
  stop(): Promise<void>;
}

/** Our own API server in this process, with OpenYurt's kinds. */
export async function startSandbox(options: ApiServerOptions = {}): Promise<Sandbox> {
  const crds = ['nodepools', 'poolservices'].map((name) =>
    parse(readFileSync(new URL(`../../../nodepool/crds/${name}.yaml`, import.meta.url), 'utf8')),
  );
  const server = await ApiServer.start({ crds, ...options });
  const dir = mkdtempSync(join(tmpdir(), 'yurtlb-test-'));
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(server.url));
  const cluster = new Cluster(kubeconfig);
  await cluster.prepare();
  return {
    server,
    cluster,
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
