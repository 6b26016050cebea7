/** An answer of the API server that is no success: a metav1.Status, or whatever stood in its place. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** HTTP status. */
    readonly status: number,
    /** metav1.StatusReason, such as `Conflict`; empty when the body was no Status. */
    readonly reason: string,
    message: string,
    /** From `Retry-After`, in milliseconds. */
    readonly retryAfterMs: number | undefined,
  ) {
    super(message);
  }

  static from(status: number, retryAfter: string | undefined, body: string, what: string): ApiError {
    const seconds = Number(retryAfter);
    const retryAfterMs = retryAfter !== undefined && seconds >= 0 ? seconds * 1000 : undefined;
    const { reason, message } = readStatus(body);
    return new ApiError(status, reason, `${what}: ${status} ${message || reason || body.slice(0, 200)}`, retryAfterMs);
  }
}

export function isStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof ApiError && statuses.includes(error.status);
}

function readStatus(body: string): { reason: string; message: string } {
  try {
    const status: unknown = JSON.parse(body);
    if (typeof status !== 'object' || status === null) return { reason: '', message: '' };
    const { reason, message } = status as { reason?: unknown; message?: unknown };
    return {
      reason: typeof reason === 'string' ? reason : '',
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    return { reason: '', message: '' };
  }
}
