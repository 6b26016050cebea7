import type { LbError } from '@openyurt/nodepool-types';
import { type CloudLink, type Contact, onContact, startLink } from './cloud-link.ts';

/** After an outage the cloud takes this long to hear that the site's nodes live; until then nothing it took away counts. */
export const SETTLE_MS = 30_000;
/** Reasons told in one spell; a server that words each failure anew is not followed. */
const MOST_REASONS = 20;

/** The link changed. `error`: why it is not connected, where that is known. */
export interface LinkTurn {
  readonly before: CloudLink['kind'];
  readonly after: CloudLink['kind'];
  /** How long the state before had lasted. */
  readonly forMs: number;
  readonly error: LbError | undefined;
}

/** What one contact brought that is worth a word. `news`: the same state, for a reason not told yet in this spell. */
export interface ContactOutcome {
  readonly turn?: LinkTurn;
  readonly news?: LbError;
}

/** The road to the cloud with its history: since when, why not, and each reason told once until the state changes. */
export class CloudWatch {
  link: CloudLink;
  /** When the API last answered. */
  contactMs: number | undefined;
  /** The last request that failed, also while all is well again. */
  failure: { readonly error: LbError; readonly atMs: number } | undefined;
  private readonly told = new Set<string>();
  private everConnected = false;
  private trustFromMs = Number.NEGATIVE_INFINITY;

  /** @param goesOn the cloud was away when the process before this one ended */
  constructor(
    nowMs: number,
    private readonly goesOn = false,
  ) {
    this.link = startLink(nowMs);
  }

  /** @param error why the contact failed */
  contact(contact: Contact, error: LbError | undefined, nowMs: number): ContactOutcome {
    if (contact === 'answered') this.contactMs = nowMs;
    else if (error !== undefined) this.failure = { error, atMs: nowMs };
    const before = this.link;
    this.link = onContact(before, contact, nowMs);
    const after = this.link.kind;
    if (after === before.kind) return error !== undefined && this.isNews(error) ? { news: error } : {};
    // From doubt to offline is the same spell, with the same reasons.
    if (before.kind === 'connected' || after === 'connected') this.told.clear();
    if (error !== undefined) this.isNews(error);
    // A doubt that lasts is an outage to the cloud: it calls the node dead all the same.
    const isLong = nowMs - before.sinceMs >= SETTLE_MS;
    const wasLong = before.kind === 'doubtful' && (this.everConnected ? isLong : this.goesOn);
    if (before.kind === 'offline' || wasLong) this.trustFromMs = nowMs + SETTLE_MS;
    if (after === 'connected') this.everConnected = true;
    return { turn: { before: before.kind, after, forMs: nowMs - before.sinceMs, error } };
  }

  /** A list or watch got an answer that is none. @returns whether to say so: while the cloud is away nobody expects better */
  refused(error: LbError, nowMs: number): boolean {
    this.failure = { error, atMs: nowMs };
    return this.link.kind === 'connected' && this.isNews(error);
  }

  /** Whether what the cloud takes away counts. */
  trusts(nowMs: number): boolean {
    return this.link.kind === 'connected' && nowMs >= this.trustFromMs;
  }

  /** When {@link trusts} turns true by itself. */
  trustDueMs(nowMs: number): number | undefined {
    return this.link.kind === 'connected' && this.trustFromMs > nowMs ? this.trustFromMs : undefined;
  }

  private isNews({ message }: LbError): boolean {
    if (this.told.has(message) || this.told.size >= MOST_REASONS) return false;
    this.told.add(message);
    return true;
  }
}
