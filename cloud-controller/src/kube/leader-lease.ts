import { CONTROLLER_LEASE, type Log, type Random } from '@openyurt/nodepool-types';
import { isStatus } from './api-error.ts';
import { pause } from './backoff.ts';
import type { ApiClient } from './client.ts';
import { microTime } from './event-recorder.ts';

export interface LeaseOptions {
  readonly namespace: string;
  /** Who we are; a restarted process with the same identity takes its own Lease over at once. */
  readonly identity: string;
  /** How long others wait after our last renewal, in milliseconds (whole seconds: the API stores those). */
  readonly durationMs: number;
  /** How long we go on trying to renew before we stop writing; below `durationMs`. */
  readonly renewMs: number;
  /** Pause between tries. */
  readonly retryMs: number;
}

interface Lease {
  apiVersion: 'coordination.k8s.io/v1';
  kind: 'Lease';
  metadata: { name: string; namespace: string; resourceVersion?: string };
  spec?: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number | null;
    acquireTime?: string | null;
    renewTime?: string | null;
    leaseTransitions?: number | null;
  };
}

/**
 * Leader election by Lease, as client-go does it: another's Lease counts from when *we* saw it change, so clocks that
 * differ do no harm.
 */
export class LeaderLease {
  #lease: Lease | undefined;
  /** What the Lease said last, and when (monotonic) it began to say so. */
  #seen = '';
  #seenAtMs = 0;
  /** Monotonic; when the renewal that last succeeded was sent. */
  #renewedMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly client: ApiClient,
    private readonly options: LeaseOptions,
    private readonly log: Log,
    private readonly random: Random,
  ) {}

  /** Whether we may write: we hold the Lease and renewed it recently enough. */
  get isHeld(): boolean {
    return performance.now() - this.#renewedMs < this.options.renewMs;
  }

  /** Resolves when the Lease is ours, or when `signal` fires. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    let said = '';
    while (!signal.aborted) {
      if (await this.#try(signal)) return true;
      const holder = this.#lease?.spec?.holderIdentity ?? '';
      if (holder !== said) this.log.info('waiting for the lease', { holder });
      said = holder;
      await pause(this.options.retryMs * (1 + this.random() * 0.2), signal);
    }
    return false;
  }

  /** Renews until `signal` fires; then resolves. Resolves early, with false, when the Lease was lost. */
  async hold(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await pause(this.options.retryMs, signal);
      if (signal.aborted) return true;
      await this.#try(signal);
      const holder = this.#lease?.spec?.holderIdentity;
      if (!this.isHeld || holder !== this.options.identity) {
        this.#renewedMs = Number.NEGATIVE_INFINITY;
        return false;
      }
    }
    return true;
  }

  /** Gives the Lease up, so that another replica need not wait for it to run out. */
  async release(): Promise<void> {
    const lease = this.#lease;
    if (!this.isHeld || lease?.spec?.holderIdentity !== this.options.identity) return;
    this.#renewedMs = Number.NEGATIVE_INFINITY;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(new Date()) };
    try {
      await this.#put({ ...lease, spec }, undefined);
    } catch (error) {
      this.log.warn('lease not released', { err: error instanceof Error ? error.message : String(error) });
    }
  }

  async #try(signal: AbortSignal): Promise<boolean> {
    const sentMs = performance.now();
    try {
      const current = this.isHeld && this.#lease !== undefined ? this.#lease : await this.#get(signal);
      if (current !== undefined) this.#note(current);
      if (current !== undefined && this.#isAnothers(current)) return false;
      this.#note(await this.#put(this.#ours(current), signal));
      this.#renewedMs = sentMs;
      return true;
    } catch (error) {
      if (isStatus(error, 409)) this.#lease = await this.#get(signal).catch(() => this.#lease);
      else if (!signal.aborted) {
        this.log.warn('lease not renewed', { err: error instanceof Error ? error.message : String(error) });
      }
      return false;
    }
  }

  #isAnothers({ spec }: Lease): boolean {
    const holder = spec?.holderIdentity;
    if (!holder || holder === this.options.identity) return false;
    const durationMs = (spec?.leaseDurationSeconds ?? 0) * 1000 || this.options.durationMs;
    return performance.now() - this.#seenAtMs < durationMs;
  }

  #note(lease: Lease): void {
    const { holderIdentity, renewTime, leaseTransitions } = lease.spec ?? {};
    const says = JSON.stringify([holderIdentity, renewTime, leaseTransitions]);
    this.#lease = lease;
    if (says === this.#seen) return;
    this.#seen = says;
    this.#seenAtMs = performance.now();
  }

  #ours(current: Lease | undefined): Lease {
    const now = microTime(new Date());
    const same = current?.spec?.holderIdentity === this.options.identity;
    const transitions = current?.spec?.leaseTransitions ?? 0;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: current?.metadata ?? { name: CONTROLLER_LEASE, namespace: this.options.namespace },
      spec: {
        holderIdentity: this.options.identity,
        leaseDurationSeconds: Math.max(1, Math.ceil(this.options.durationMs / 1000)),
        acquireTime: (same ? current?.spec?.acquireTime : undefined) ?? now,
        renewTime: now,
        leaseTransitions: current === undefined || same ? transitions : transitions + 1,
      },
    };
  }

  get #path(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.options.namespace}/leases`;
  }

  async #get(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.client.request<Lease>({
        method: 'GET',
        path: `${this.#path}/${CONTROLLER_LEASE}`,
        deadlineMs: this.options.renewMs,
        signal,
      });
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async #put(lease: Lease, signal: AbortSignal | undefined): Promise<Lease> {
    const isNew = lease.metadata.resourceVersion === undefined;
    return this.client.request<Lease>({
      method: isNew ? 'POST' : 'PUT',
      path: isNew ? this.#path : `${this.#path}/${CONTROLLER_LEASE}`,
      body: lease,
      deadlineMs: Math.max(1000, this.options.renewMs / 2),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}
