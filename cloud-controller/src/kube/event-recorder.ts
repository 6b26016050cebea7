import { randomBytes } from 'node:crypto';
import type { KubeObject, Log } from '@openyurt/nodepool-types';
import type { EventRecorder, EventText } from '../ports/event-recorder.ts';
import { ApiError, isStatus } from './api-error.ts';
import type { ApiClient } from './client.ts';

interface Said {
  readonly path: string;
  readonly name: string;
  count: number;
  /** Monotonic milliseconds of the last one. */
  lastMs: number;
}

interface Waiting {
  readonly about: KubeObject;
  readonly event: EventText;
  readonly at: string;
}

/** A range that comes late gives ten thousand waiting Services their addresses faster than Events are taken. */
const MAX_WAITING = 20_000;
const MAX_SAID = 4096;
/** The same text about the same object within this time is a series, not a new Event. */
const SERIES_MS = 600_000;
/** In bytes, and an Event with a longer one is refused: ValidateEventCreate in pkg/apis/core/validation/events.go. */
const MAX_NOTE = 1024;
const MAX_INSTANCE = 128;
const CONTROLLER = 'service.openyurt.io/yurtlb-controller';

/** Writes events.k8s.io/v1 Events in the background: merged into series, paced, and dropped past a bound. */
export class ApiEventRecorder implements EventRecorder {
  readonly #waiting: Waiting[] = [];
  readonly #said = new Map<string, Said>();
  #working: Promise<void> | undefined;
  #dropped = 0;
  readonly #refused = new Set<number>();

  constructor(
    private readonly client: ApiClient,
    /** This replica's name. */
    private readonly instance: string,
    private readonly log: Log,
    private readonly emitted: (event: EventText) => void,
    private readonly signal: AbortSignal,
  ) {}

  record(about: KubeObject, event: EventText): void {
    this.emitted(event);
    if (this.#waiting.length >= MAX_WAITING) {
      if (this.#dropped++ % 100 === 0) this.log.warn('events dropped', { dropped: this.#dropped });
      return;
    }
    this.#waiting.push({ about, event, at: microTime(new Date()) });
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** Resolves when everything recorded so far was sent or given up. */
  async flush(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (this.signal.aborted) return;
      try {
        await this.#send(next);
      } catch (error) {
        this.#complain(error);
      }
    }
  }

  /** An API that is away is said elsewhere. One that refuses (a missing role, a text it does not take) is said once each. */
  #complain(error: unknown): void {
    const status = error instanceof ApiError ? error.status : 0;
    const fields = { err: error instanceof Error ? error.message : String(error) };
    if (status < 400 || status > 499 || status === 429 || this.#refused.has(status)) {
      this.log.debug('event not written', fields);
      return;
    }
    this.#refused.add(status);
    this.log.warn('event not written', fields);
  }

  async #send({ about, event, at }: Waiting): Promise<void> {
    const note = cutToBytes(event.note, MAX_NOTE);
    const { uid = '', name = '', namespace } = about.metadata;
    const key = [uid, event.type, event.reason, note].join('\n');
    const nowMs = performance.now();
    const before = this.#said.get(key);
    if (before !== undefined && nowMs - before.lastMs < SERIES_MS) {
      before.count++;
      before.lastMs = nowMs;
      if (await this.#countUp(before, at)) return;
    }
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace ?? 'default'}/events`;
    const said: Said = {
      path,
      name: `${name.slice(0, 200).replace(/[^a-z0-9]+$/, '')}.${randomBytes(8).toString('hex')}`,
      count: 1,
      lastMs: nowMs,
    };
    await this.client.request({
      method: 'POST',
      path,
      body: this.#body(about, event, note, at, said.name),
      signal: this.signal,
    });
    this.#said.set(key, said);
    const oldest = this.#said.size > MAX_SAID ? this.#said.keys().next().value : undefined;
    if (oldest !== undefined) this.#said.delete(oldest);
  }

  /** @returns false when the Event is gone: they live for an hour */
  async #countUp({ path, name, count }: Said, lastObservedTime: string): Promise<boolean> {
    const body = { series: { count, lastObservedTime } };
    try {
      await this.client.request({ method: 'PATCH', path: `${path}/${name}`, body, signal: this.signal });
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
  }

  #body(about: KubeObject, event: EventText, note: string, eventTime: string, name: string): unknown {
    const { namespace, uid, resourceVersion } = about.metadata;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace: namespace ?? 'default' },
      eventTime,
      type: event.type,
      reason: event.reason,
      action: 'Allocate',
      note,
      reportingController: CONTROLLER,
      reportingInstance: cutToBytes(this.instance, MAX_INSTANCE),
      regarding: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name: about.metadata.name,
        ...(namespace === undefined ? {} : { namespace }),
        uid,
        resourceVersion,
      },
    };
  }
}

/** The text, or its beginning and an ellipsis, in at most `max` bytes of UTF-8. */
export function cutToBytes(text: string, max: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return text;
  let end = max - 3;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--; // not inside a character
  return `${bytes.toString('utf8', 0, end)}…`;
}

/** metav1.MicroTime */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
