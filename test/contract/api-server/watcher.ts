import type { IncomingMessage } from 'node:http';
import type { Client, Obj } from './client.ts';

export interface WatchEvent {
  type: string;
  object: Obj & { code?: number; reason?: string; message?: string };
}

const PATIENCE_MS = 8_000;

/** A watch whose events a test takes one by one. */
export class Watcher {
  private readonly events: WatchEvent[] = [];
  private waiting: (() => void) | undefined;
  private ended = false;

  private constructor(private readonly response: IncomingMessage) {
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') this.events.push(JSON.parse(line) as WatchEvent);
      this.waiting?.();
    });
    const end = () => {
      this.ended = true;
      this.waiting?.();
    };
    response.once('close', end).once('error', end).once('end', end);
  }

  static async open(
    client: Client,
    path: string,
    query: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Watcher> {
    return new Watcher(await client.open('GET', path, { query: { watch: 'true', ...query }, headers }));
  }

  get code(): number {
    return this.response.statusCode ?? 0;
  }

  /** @throws Error when no event comes in time or the stream ends first */
  async next(): Promise<WatchEvent> {
    const event = await this.nextOrEnd();
    if (event === undefined) throw new Error('the watch ended');
    return event;
  }

  /** @returns undefined when the server ends the stream */
  async nextOrEnd(): Promise<WatchEvent | undefined> {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (this.events.length === 0 && !this.ended) {
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) throw new Error(`no watch event within ${PATIENCE_MS} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.events.shift();
  }

  /** The next `n` events as `TYPE name`. */
  async take(n: number): Promise<string[]> {
    const out: string[] = [];
    for (let i = 0; i < n; i++) {
      const { type, object } = await this.next();
      out.push(`${type} ${object.metadata.name}`);
    }
    return out;
  }

  close(): void {
    this.response.destroy();
  }
}
