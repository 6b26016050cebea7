import { pause } from '../../../cloud-controller/src/kube/backoff.ts';
import type { Health } from './options.ts';
import { afterPendingReads, OBSERVED, type Pace } from './timing.ts';
import type { Upstream } from './upstream.ts';

type Outcome = 'good' | 'refused' | 'silent';

/**
 * Looks every 10 s whether the cloud is there: unhealthy after one round of tries that all fail, healthy again after two
 * good rounds. A round that silence drew out past the next beat is followed by another at once, as by a Go ticker.
 */
export class Prober {
  health: Health = 'unknown';
  /** reported after each change */
  onChange: (health: Health) => void = () => {};
  private good = 0;
  private inRound = false;
  private readonly waiting: ((health: Health) => void)[] = [];
  private dueMs: number;
  private wake = new AbortController();
  private kubeletSinceMs: number | undefined;
  private readonly stopping = new AbortController();

  constructor(
    private readonly upstream: Upstream,
    private readonly pace: Pace,
    phaseS: number | undefined,
    private readonly refusedNoticeS: number | undefined,
  ) {
    this.dueMs = performance.now() + pace.ms(phaseS ?? OBSERVED.probeEveryS * pace.draw());
  }

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopping.abort();
    this.wake.abort();
  }

  /** A connection was refused: the next probe comes soon, if the cloud counts as there. */
  hint(): void {
    if (this.health !== 'online' || this.inRound) return;
    const s = this.refusedNoticeS ?? OBSERVED.refusedNoticeS * this.pace.draw();
    this.bring(performance.now() + this.pace.ms(s));
  }

  /** @param renews false: the kubelet stops to renew its lease; 40 s later the hub calls the cloud unhealthy */
  setKubelet(renews: boolean): void {
    this.kubeletSinceMs = renews ? undefined : performance.now();
    if (!renews) this.bring(performance.now() + this.pace.ms(OBSERVED.kubeletSilentS));
  }

  /** What is believed after the round that runs or is due, if there is one. */
  settled(): Promise<Health> {
    if (!this.inRound && this.dueMs > performance.now()) return Promise.resolve(this.health);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private bring(atMs: number): void {
    this.dueMs = Math.min(this.dueMs, atMs);
    this.wake.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const everyMs = this.pace.ms(OBSERVED.probeEveryS);
    let beatMs = this.dueMs;
    const first = await this.attempt(OBSERVED.firstProbeS);
    if (!signal.aborted) this.turn(first === 'good' ? 'online' : 'offline');
    while (!signal.aborted) {
      while (performance.now() < this.dueMs && !signal.aborted) {
        this.wake = new AbortController();
        await pause(this.dueMs - performance.now(), this.wake.signal);
      }
      if (signal.aborted) return;
      while (beatMs <= performance.now()) beatMs += everyMs;
      this.dueMs = beatMs;
      this.inRound = true;
      const good = (await this.round()) && !this.kubeletIsSilent();
      this.inRound = false;
      if (!signal.aborted) this.judge(good);
      for (const tell of this.waiting.splice(0)) tell(this.health);
    }
  }

  private judge(good: boolean): void {
    if (!good) {
      this.good = 0;
      if (this.health === 'online') this.turn('offline');
      return;
    }
    if (this.health === 'online') return;
    if (++this.good >= 2) this.turn('online');
    else this.dueMs = Math.min(this.dueMs, performance.now() + this.pace.ms(OBSERVED.confirmS));
  }

  private turn(health: Health): void {
    this.good = 0;
    this.health = health;
    this.onChange(health);
  }

  private kubeletIsSilent(): boolean {
    const since = this.kubeletSinceMs;
    // the probe that was brought forward to this moment may run a timer's error too early
    return since !== undefined && performance.now() - since >= this.pace.ms(OBSERVED.kubeletSilentS) - 2;
  }

  private async round(): Promise<boolean> {
    for (let i = 0; i < OBSERVED.probeTries && !this.stopping.signal.aborted; i++) {
      const outcome = await this.attempt(OBSERVED.probeTimeoutS);
      if (outcome === 'good') return true;
      if (outcome === 'silent' && i + 1 < OBSERVED.probeTries) {
        await pause(this.pace.ms(OBSERVED.probePauseS), this.stopping.signal);
      }
    }
    return false;
  }

  private async attempt(timeoutS: number): Promise<Outcome> {
    const giveUp = new AbortController();
    const asked = this.upstream.get('/livez', 'yurthub', giveUp.signal).then(
      ({ code }): Outcome => (code < 500 ? 'good' : 'refused'),
      (): Outcome => (giveUp.signal.aborted ? 'silent' : 'refused'),
    );
    const timeout = pause(this.pace.ms(timeoutS), AbortSignal.any([this.stopping.signal, giveUp.signal]));
    const late = timeout.then(afterPendingReads).then(() => 'silent' as const);
    const outcome = await Promise.race([asked, late]);
    giveUp.abort();
    return outcome;
  }
}
