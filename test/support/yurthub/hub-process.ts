import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { childProgram } from '../child-program.ts';
import { LineProcess } from '../netns/line-process.ts';
import type { Order } from './main.ts';
import type { Health, YurtHubOptions } from './options.ts';

/** Starts a command where the hub is to run, e.g. `(...words) => site.spawn(ns, ...words)`. */
export type SpawnThere = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

interface Listening {
  url: string;
  adminUrl: string;
  pid: number;
}

interface Change {
  health: Health;
  ready: boolean;
  /** of the machine's monotonic clock */
  atMs: number;
}

type Line = Listening | Change;

/** The small YurtHub in a process of its own. Start it again with the same options after {@link kill}: a restart. */
export class HubProcess {
  private constructor(
    readonly url: string,
    readonly adminUrl: string,
    private readonly child: ChildProcess,
    private readonly process: LineProcess<Line>,
  ) {}

  /** Resolves when its port is open. The options lie beside the cache folder meanwhile. @throws Error when it ends before */
  static async start(spawn: SpawnThere, options: YurtHubOptions): Promise<HubProcess> {
    const file = `${options.cacheDir}.options.json`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(options), { mode: 0o600 });
    const child = spawn(process.execPath, [...childProgram('yurthub/main'), file], { stdio: ['pipe', 'pipe', 'pipe'] });
    const lines = new LineProcess<Line>(`yurthub ${options.nodeName ?? ''}`, child);
    const { url, adminUrl } = await lines.until('listening', (l): l is Listening => 'url' in l, { timeoutMs: 30_000 });
    return new HubProcess(url, adminUrl, child, lines);
  }

  get health(): Health {
    return this.changes.at(-1)?.health ?? 'unknown';
  }

  get isReady(): boolean {
    return this.changes.at(-1)?.ready === true;
  }

  /** since its start, the oldest first */
  get changes(): Change[] {
    return this.process.lines.filter((l): l is Change => 'health' in l);
  }

  /** Waits until the hub believes this. @throws Error when it does not come to it in time */
  async until(health: Health, withinMs = 30_000): Promise<void> {
    if (this.health === health) return;
    const from = this.process.lines.length;
    const fits = (l: Line): l is Change => 'health' in l && l.health === health;
    await this.process.until(health, fits, { timeoutMs: withinMs, from });
  }

  /** Waits until it answers something else than 503. */
  async ready(withinMs = 30_000): Promise<void> {
    await this.process.until('ready', (l): l is Change => 'ready' in l && l.ready, { timeoutMs: withinMs });
  }

  order(order: Order): void {
    this.process.tell(order);
  }

  /** Ends it; SIGKILL: as a crash. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}
