import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from './status-error.ts';

const REASONS = {
  403: 'Forbidden',
  409: 'Conflict',
  422: 'Invalid',
  500: 'InternalError',
  502: 'InternalError',
  503: 'InternalError',
  504: 'InternalError',
} as const;

/** What a fault does to the requests it meets. */
export type FaultKind =
  | { kind: 'error'; code: keyof typeof REASONS }
  | { kind: 'too-many'; retryAfterSeconds: number }
  | { kind: 'hang' }
  | { kind: 'hang-up' }
  | { kind: 'truncate' }
  | { kind: 'delay'; ms: number };

export interface FaultRule {
  fault: FaultKind;
  /** `METHOD path`, as in the request log; absent: every request */
  only?: RegExp;
  /** absent: until cleared */
  times?: number;
}

/** Misbehaviour a test asks for. Rules are looked at in the order they were set; one request can meet a delay and another. */
export class Faults {
  private rules: FaultRule[] = [];
  private readonly hanging = new Set<ServerResponse>();

  /** @returns takes this rule back */
  set(fault: FaultKind, narrow: { only?: RegExp; times?: number } = {}): () => void {
    const rule: FaultRule = { fault, ...narrow };
    this.rules.push(rule);
    return () => {
      this.rules = this.rules.filter((r) => r !== rule);
    };
  }

  /** Ends every fault; requests that hang are hung up on. */
  clear(): void {
    this.rules = [];
    for (const response of this.hanging) response.destroy();
    this.hanging.clear();
  }

  /**
   * @returns false when the request has met its end here
   * @throws StatusError for the faults that answer in the server's own voice
   */
  async admit(request: IncomingMessage, response: ServerResponse, line: string): Promise<boolean> {
    for (const rule of [...this.rules]) {
      if (rule.only !== undefined && !rule.only.test(line)) continue;
      if (rule.times !== undefined && --rule.times <= 0) this.rules = this.rules.filter((r) => r !== rule);
      const { fault } = rule;
      switch (fault.kind) {
        case 'delay':
          await sleep(fault.ms);
          break;
        case 'error':
          throw new StatusError(fault.code, REASONS[fault.code], `an error was asked for (${fault.code})`);
        case 'too-many': {
          const details = { retryAfterSeconds: fault.retryAfterSeconds };
          const headers = { 'Retry-After': String(fault.retryAfterSeconds) };
          throw new StatusError(429, 'TooManyRequests', 'too many requests, please try again later', details, headers);
        }
        case 'hang':
          this.hanging.add(response);
          response.once('close', () => this.hanging.delete(response));
          return false;
        case 'hang-up':
          request.socket.destroy();
          return false;
        case 'truncate':
          truncate(response);
          break;
      }
    }
    return true;
  }
}

/** Sends the head and half of the body, then hangs up. */
function truncate(response: ServerResponse): void {
  const end = response.end.bind(response);
  response.end = ((chunk?: unknown) => {
    if (typeof chunk !== 'string') return end();
    const half = Buffer.from(chunk).subarray(0, Math.floor(Buffer.byteLength(chunk) / 2));
    response.write(half, () => response.destroy());
    return response;
  }) as typeof response.end;
}
