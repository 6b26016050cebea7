/** One request as the server saw it. */
export interface LoggedRequest {
  method: string;
  /** without the query */
  path: string;
  query: string;
  userAgent: string;
  /** 0 while unanswered or cut off */
  code: number;
  /** from the last byte of the head to the end of the answer; a watch counts until it ends */
  ms: number;
  isWatch: boolean;
}

/** The latest requests, for tests that count them. Bounded; `dropped` says how many are no longer in it. */
export class RequestLog {
  private entries: LoggedRequest[] = [];
  dropped = 0;

  constructor(private readonly limit: number) {}

  add(entry: LoggedRequest): void {
    this.entries.push(entry);
    if (this.entries.length < 2 * this.limit) return;
    this.dropped += this.limit;
    this.entries = this.entries.slice(this.limit);
  }

  clear(): void {
    this.entries = [];
    this.dropped = 0;
  }

  /** @param line matched against `METHOD path`, e.g. `/^PATCH .*\/services\/.*\/status$/` */
  matching(line: RegExp): LoggedRequest[] {
    return this.entries.filter((e) => line.test(`${e.method} ${e.path}`));
  }

  get all(): readonly LoggedRequest[] {
    return this.entries;
  }
}
