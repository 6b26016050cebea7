import { type Clock, CONTROLLER_LEASE, type Log, type Random } from '@openyurt/nodepool-types';
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

const SYSTEM_CLOCK: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

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
  #isFailing = false;

  constructor(
    private readonly client: Pick<ApiClient, 'request'>,
    private readonly options: LeaseOptions,
    private readonly log: Log,
    private readonly random: Random,
    private readonly clock: Clock = SYSTEM_CLOCK,
  ) {}

  /** Whether we may write: we hold the Lease and renewed it recently enough. */
  get isHeld(): boolean {
    return this.#leftMs > 0;
  }

  /** How long we may go on writing, in milliseconds; none when we don't hold the Lease. */
  get #leftMs(): number {
    return this.#renewedMs + this.options.renewMs - this.clock.monotonicMs();
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

  /**
   * Renews until `signal` fires; then resolves. Resolves early, with false, when the Lease was lost: at the latest
   * `renewMs` after the last renewal, whatever requests are under way, so that what was begun ends before another leads.
   */
  async hold(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await pause(Math.min(this.options.retryMs, Math.max(0, this.#leftMs)), signal);
      if (signal.aborted) return true;
      if (this.isHeld) await this.#try(signal);
      if (!this.isHeld || (this.#lease !== undefined && !this.#isOurs(this.#lease))) {
        this.#renewedMs = Number.NEGATIVE_INFINITY;
        return false;
      }
    }
    return true;
  }

  /** Gives the Lease up, so that another replica need not wait for it to run out. */
  async release(): Promise<void> {
    const lease = this.#lease;
    if (!this.isHeld || lease === undefined || !this.#isOurs(lease)) return;
    this.#renewedMs = Number.NEGATIVE_INFINITY;
    try {
      await this.#giveUp(lease).catch(async (error) => {
        if (!isStatus(error, 409)) throw error;
        // the renewal that was cut off when we were asked to stop was done all the same
        const now = await this.#get();
        if (now !== undefined && this.#isOurs(now)) await this.#giveUp(now);
      });
    } catch (error) {
      this.log.warn('lease not released', { err: error instanceof Error ? error.message : String(error) });
    }
  }

  #giveUp(lease: Lease): Promise<Lease> {
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#now() };
    return this.#put({ ...lease, spec });
  }

  async #try(signal: AbortSignal): Promise<boolean> {
    try {
      const current = this.isHeld && this.#lease !== undefined ? this.#lease : await this.#get(signal);
      if (current !== undefined) this.#note(current);
      if (current !== undefined && this.#isAnothers(current)) return false;
      const sentMs = this.clock.monotonicMs();
      this.#note(await this.#put(this.#ours(current), signal));
      this.#renewedMs = sentMs;
      if (this.#isFailing) this.log.info('lease reached again');
      this.#isFailing = false;
      return true;
    } catch (error) {
      // somebody wrote it, or deleted it: then it is read, or made anew. (A POST that gets 404 misses its namespace.)
      const changed = isStatus(error, 409) || (isStatus(error, 404) && this.#lease !== undefined);
      if (changed) this.#lease = await this.#get(signal).catch(() => this.#lease);
      else if (!signal.aborted) this.#complain(error);
      return false;
    }
  }

  /** Once for each outage. */
  #complain(error: unknown): void {
    const fields = { err: error instanceof Error ? error.message : String(error), held: this.isHeld };
    if (this.#isFailing) this.log.debug('lease not reached', fields);
    else this.log.warn('lease not reached', fields);
    this.#isFailing = true;
  }

  #isOurs({ spec }: Lease): boolean {
    return spec?.holderIdentity === this.options.identity;
  }

  #now(): string {
    return microTime(new Date(this.clock.wallMs()));
  }

  #isAnothers({ spec }: Lease): boolean {
    const holder = spec?.holderIdentity;
    if (!holder || holder === this.options.identity) return false;
    const durationMs = (spec?.leaseDurationSeconds ?? 0) * 1000 || this.options.durationMs;
    return this.clock.monotonicMs() - this.#seenAtMs < durationMs;
  }

  #note(lease: Lease): void {
    const { holderIdentity, renewTime, leaseTransitions } = lease.spec ?? {};
    const says = JSON.stringify([holderIdentity, renewTime, leaseTransitions]);
    this.#lease = lease;
    if (says === this.#seen) return;
    this.#seen = says;
    this.#seenAtMs = this.clock.monotonicMs();
  }

  #ours(current: Lease | undefined): Lease {
    const now = this.#now();
    const same = current !== undefined && this.#isOurs(current);
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

  /** No longer than we may go on writing. */
  #deadlineMs(ms: number): number {
    return this.isHeld ? Math.max(1, Math.min(ms, Math.floor(this.#leftMs))) : ms;
  }

  get #path(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.options.namespace}/leases`;
  }

  async #get(signal?: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.client.request<Lease>({
        method: 'GET',
        path: `${this.#path}/${CONTROLLER_LEASE}`,
        deadlineMs: this.#deadlineMs(this.options.renewMs),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async #put(lease: Lease, signal?: AbortSignal): Promise<Lease> {
    const isNew = lease.metadata.resourceVersion === undefined;
    return this.client.request<Lease>({
      method: isNew ? 'POST' : 'PUT',
      path: isNew ? this.#path : `${this.#path}/${CONTROLLER_LEASE}`,
      body: lease,
      deadlineMs: this.#deadlineMs(Math.max(1000, this.options.renewMs / 2)),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}
