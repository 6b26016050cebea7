import { sum } from './prometheus.ts';

/** What the API server has done since it began, by its own metrics. */
export interface ServerCounts {
  /** Writes of a Service's status that succeeded, whoever sent them. */
  readonly statusWrites: number;
  /** Writes of a Service's status that it refused: somebody else had been first. */
  readonly conflicts: number;
  /** Events made, the API server's own among them. */
  readonly events: number;
  /** Of its process, all threads. */
  readonly cpuMs: number;
}

const WRITES = ['PATCH', 'PUT', 'APPLY', 'POST'];

/** @param text of the API server's `/metrics` */
export function serverCounts(text: string): ServerCounts {
  const status = { resource: 'services', subresource: 'status', verb: WRITES };
  return {
    statusWrites: sum(text, 'apiserver_request_total', { ...status, code: '200' }),
    conflicts: sum(text, 'apiserver_request_total', { ...status, code: '409' }),
    events: sum(text, 'apiserver_request_total', { resource: 'events', verb: 'POST', code: '201' }),
    cpuMs: sum(text, 'process_cpu_seconds_total') * 1000,
  };
}

export function since(before: ServerCounts, now: ServerCounts): ServerCounts {
  return {
    statusWrites: now.statusWrites - before.statusWrites,
    conflicts: now.conflicts - before.conflicts,
    events: now.events - before.events,
    cpuMs: now.cpuMs - before.cpuMs,
  };
}
