import type { LbError } from '@openyurt/nodepool-types';
import type { Contact } from '../ports/announcement-feed.ts';
import type { Answer, ApiClient } from './api-client.ts';
import { badAnswer, isHubOffline, noAnswer } from './api-failure.ts';

/** A cheap question has a cheap answer; the sooner a silent cut is doubted the better. */
const DEADLINE_MS = 2_000;
const HEALTH = '/healthz';
const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

export interface Sign {
  readonly contact: Contact;
  /** Why it is not `answered`. */
  readonly error?: LbError;
  /** The server asks to be left alone for this long. */
  readonly retryAfterMs?: number;
}

/**
 * Whether the API itself answers, asked so that no cache on the way can answer in its place: `GET /healthz` with 200 `ok`
 * (a YurtHub says 400 when it is offline). Where that path is closed to us, a SelfSubjectReview that comes back with who we
 * are; offline a YurtHub echoes it without.
 */
export class ApiPresence {
  constructor(
    private readonly client: ApiClient,
    private readonly version: string,
    private readonly deadlineMs = DEADLINE_MS,
  ) {}

  /** Never throws. */
  async ask(): Promise<Sign> {
    try {
      const ask = { path: HEALTH, userAgent: `yurtlb-speaker/${this.version}` };
      const { url, status, text, retryAfterMs } = await this.client.ask({
        ...ask,
        deadlineMs: this.deadlineMs,
        brief: true,
      });
      if (status === 200 && text.trim() === 'ok') return { contact: 'answered' };
      const error = badAnswer(url, status, text);
      if (isHubOffline(status, text)) return { contact: 'hub-offline', error };
      const isClosed = status === 401 || status === 403 || status === 404;
      if (isClosed && (await this.isReviewed())) return { contact: 'answered' };
      return { contact: 'unknown', error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    } catch (cause) {
      return { contact: 'unknown', error: noAnswer(HEALTH, cause) };
    }
  }

  private async isReviewed(): Promise<boolean> {
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    // An agent of its own: what a YurtHub caches of the answer must not meet our lists.
    const userAgent = `yurtlb-review/${this.version}`;
    const ask = { method: 'POST', path: REVIEW, userAgent, body, deadlineMs: this.deadlineMs, brief: true } as const;
    return namesUser(await this.client.ask(ask));
  }
}

function namesUser({ status, text }: Answer): boolean {
  if (status !== 201) return false;
  try {
    const { status: review } = JSON.parse(text) as { status?: { userInfo?: { username?: unknown } } };
    return typeof review?.userInfo?.username === 'string' && review.userInfo.username !== '';
  } catch {
    return false;
  }
}
