import type { Log } from '@openyurt/nodepool-types';

/** A time in which lists and watches of one kind fail. Said when it begins and when it ends: six kinds that repeat it for hours would bury everything else. */
export class Outage {
  /** Milliseconds since the epoch. */
  #sinceMs: number | undefined;

  constructor(private readonly log: Log) {}

  failed(message: string, fields: Record<string, unknown>): void {
    if (this.#sinceMs === undefined) this.log.warn(message, fields);
    else this.log.debug(message, fields);
    this.#sinceMs ??= Date.now();
  }

  /** A list came, or an event of the watch. */
  ended(path: string): void {
    if (this.#sinceMs === undefined) return;
    this.log.info('listing and watching again', { path, downMs: Date.now() - this.#sinceMs });
    this.#sinceMs = undefined;
  }
}
