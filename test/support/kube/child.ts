import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

const TAIL_LINES = 15;

/** A long-running program of the control plane. */
export interface ChildSpec {
  name: string;
  command: string;
  args: readonly string[];
  /** network namespace known to `ip netns`; ours when absent */
  netns?: string | undefined;
  logFile: string;
}

/** The words that run `command` in `netns`. */
export function inNetns(netns: string | undefined, command: string, args: readonly string[]): [string, string[]] {
  return netns === undefined ? [command, [...args]] : ['ip', ['netns', 'exec', netns, command, ...args]];
}

/** A running program; it dies with this process, however this process ends. */
export class Child {
  private constructor(
    readonly spec: ChildSpec,
    private readonly process: ChildProcess,
    private readonly ended: Promise<void>,
  ) {}

  static start(spec: ChildSpec): Child {
    const log = openSync(spec.logFile, 'a');
    const [command, args] = inNetns(spec.netns, spec.command, spec.args);
    // The kernel's parent-death signal also covers a SIGKILL of ours, which no exit hook sees. It survives exec.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], { stdio: ['ignore', log, log] });
    closeSync(log);
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve()); // setpriv itself missing: `problem` tells
    });
    return new Child(spec, child, ended);
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Why it does not run any more, with the end of its log; undefined while it runs. */
  get problem(): string | undefined {
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined) return `${this.spec.name}: no setpriv: install the package util-linux`;
    if (exitCode === null && signalCode === null) return undefined;
    return `${this.spec.name} ended with ${signalCode ?? exitCode}:\n${this.logTail()}`;
  }

  /** Sends the signal and waits for the end; a program that is gone already is fine. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.process.pid === undefined) return;
    this.process.kill(signal);
    await this.ended;
  }

  hasLogged(words: string): boolean {
    return readFileSync(this.spec.logFile, 'utf8').includes(words);
  }

  logTail(): string {
    return readFileSync(this.spec.logFile, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  }
}
