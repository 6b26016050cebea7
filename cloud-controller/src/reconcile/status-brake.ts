import type { KubeObject, Log, ServiceObject } from '@openyurt/nodepool-types';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { WantedStatus } from '../ports/plan-writer.ts';
import { WriteBrake } from './write-brake.ts';

export interface StatusBrakeDeps {
  readonly events: EventRecorder;
  readonly log: Log;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Has the Service looked at again after so many milliseconds. */
  readonly later: (service: string, ms: number) => void;
}

/** Slows down the writing of a status that another controller undoes, and says so on the Service. */
export class StatusBrake {
  readonly #brake: WriteBrake;

  constructor(private readonly deps: StatusBrakeDeps) {
    this.#brake = new WriteBrake(deps.nowMs);
  }

  /** @param ours without entries of others, which may change each time @returns false: not now; the Service is looked at again in time */
  mayWrite(object: KubeObject, service: string, ours: WantedStatus): boolean {
    const waitMs = this.#brake.waitMs(idOf(object), textOf(ours));
    if (waitMs > 0) this.deps.later(service, waitMs);
    return waitMs === 0;
  }

  wrote(object: KubeObject, service: ServiceObject, ours: WantedStatus): void {
    if (!this.#brake.wrote(idOf(object), textOf(ours))) return;
    const { events, log } = this.deps;
    const { kind, metadata } = object;
    const what = `${kind} ${metadata.namespace}/${metadata.name}`;
    const note = `Another controller undoes the status of ${what} each time it is written, so it is written less often now. Where that is yurt-manager's LoadBalancerSet, set --loadbalancerset=auto; else give the Service to one of the two.`;
    log.warn('status undone again and again', { object: what });
    events.record(service, { type: 'Warning', reason: 'StatusOverwritten', note });
  }
}

/** One made anew begins anew. */
function idOf({ kind, metadata: { namespace, name, uid } }: KubeObject): string {
  return `${kind} ${namespace}/${name} ${uid}`;
}

/** What somebody else would undo. */
function textOf({ ingress, conditions }: WantedStatus): string {
  const says = conditions.map(({ type, status, reason }) => [type, status, reason]);
  return JSON.stringify([ingress.map(({ ip, hostname }) => [ip, hostname]), says]);
}
