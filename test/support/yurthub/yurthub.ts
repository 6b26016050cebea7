import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { nowMs } from '../until.ts';
import { HubRun } from './hub-run.ts';
import { type Health, hostAndPort, type YurtHubOptions } from './options.ts';

export type { Health, YurtHubOptions } from './options.ts';

/** A change of what the hub believes. */
export interface HealthChange {
  health: Health;
  /** monotonic ms, comparable between processes */
  atMs: number;
}

/**
 * A small YurtHub in this process: a reverse proxy before an API server that behaves as the real one was seen to, its times
 * scaled by one factor. It is not told of an outage: it probes. Held to the observed facts by test/contract/yurthub. Not
 * there: the election of leader hubs, the filters for kubelet and kube-proxy, HTTPS towards the clients, caching of protobuf answers.
 */
export class YurtHub {
  /** told after each change of health and when it becomes ready */
  onChange: (now: { health: Health; ready: boolean }) => void = () => {};
  /** every belief since the first start, the oldest first */
  readonly changes: HealthChange[] = [];
  private run: HubRun | undefined;
  private address: AddressInfo | undefined;
  private adminAddress: AddressInfo | undefined;
  private agents: readonly string[];
  private lives = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: YurtHubOptions) {
    this.agents = options.cacheAgents ?? [];
  }

  /** e.g. `http://127.0.0.1:10261`; stays the same over restarts */
  get url(): string {
    return urlOf(this.address);
  }

  /** the second port's; empty where there is none */
  get adminUrl(): string {
    return this.adminAddress === undefined ? '' : urlOf(this.adminAddress);
  }

  /** `unknown` also while stopped */
  get health(): Health {
    return this.run?.prober.health ?? 'unknown';
  }

  /** answers something else than 503 */
  get isReady(): boolean {
    return this.run?.ready === true;
  }

  /** Resolves when the port is open; see {@link ready}. @throws the system's error when it is taken */
  async start(): Promise<void> {
    if (this.run !== undefined) throw new Error('this hub runs');
    const { listen, adminListen, seed = 1 } = this.options;
    const run = new HubRun(this.options, seed + this.lives++, this.agents, () => this.changed());
    this.run = run;
    const again = (asked: string, known: AddressInfo | undefined) =>
      known === undefined ? asked : `[${hostAndPort(asked).host}]:${known.port}`;
    const admin = adminListen === undefined ? undefined : again(adminListen, this.adminAddress);
    [this.address, this.adminAddress] = await run.start(again(listen, this.address), admin);
  }

  /** As a crash: connections are hung up on, then refused. The disk cache stays. */
  async stop(): Promise<void> {
    const { run } = this;
    this.run = undefined;
    await run?.stop();
  }

  /** @param wipe the cache on the disk is gone too */
  async restart({ wipe = false }: { wipe?: boolean } = {}): Promise<void> {
    await this.stop();
    if (wipe) this.wipe();
    await this.start();
  }

  wipe(): void {
    rmSync(this.options.cacheDir, { recursive: true, force: true });
  }

  /** Effective at once, and for later lives. */
  setCacheAgents(agents: readonly string[]): void {
    this.agents = agents;
    this.run?.cache.setAgents(agents);
  }

  /** @param renews false: 40 s later the hub calls the cloud unhealthy though it is there; forgotten by a restart */
  setKubelet(renews: boolean): void {
    this.run?.prober.setKubelet(renews);
  }

  /** @throws Error when it does not come to this in time */
  async until(health: Health, withinMs = 30_000): Promise<void> {
    await this.comesTo(health, () => this.health === health, withinMs);
  }

  /** Waits until it answers something else than 503. @throws Error when it does not in time */
  async ready(withinMs = 30_000): Promise<void> {
    await this.comesTo('ready', () => this.isReady, withinMs);
  }

  private async comesTo(what: string, holds: () => boolean, withinMs: number): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    while (!holds()) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw new Error(`the hub is ${this.health}, not ${what}, after ${withinMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  private changed(): void {
    if (this.changes.at(-1)?.health !== this.health) this.changes.push({ health: this.health, atMs: nowMs() });
    this.onChange({ health: this.health, ready: this.isReady });
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** Starts a hub; resolves when its port is open. */
export async function startYurtHub(options: YurtHubOptions): Promise<YurtHub> {
  const hub = new YurtHub(options);
  try {
    await hub.start();
  } catch (error) {
    await hub.stop();
    throw error;
  }
  return hub;
}

function urlOf(address: AddressInfo | undefined): string {
  if (address === undefined) throw new Error('the hub has not listened yet');
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
