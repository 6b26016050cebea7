import { createHash } from 'node:crypto';
import type { EventSink, ReportedEvent } from '../ports/announcement-feed.ts';
import type { ApiClient } from './api-client.ts';

/** k8s.io/kubernetes pkg/apis/core/validation NoteLengthLimit: of `len`, which counts bytes. */
const MOST_NOTE_BYTES = 1024;

/** Writes events.k8s.io/v1 Events. An agent of its own: what a YurtHub caches of them must not meet our lists. */
export class EventWriter implements EventSink {
  constructor(
    private readonly client: ApiClient,
    private readonly nodeName: string,
    private readonly version: string,
  ) {}

  async send(event: ReportedEvent): Promise<boolean> {
    const { name, namespace, regarding } = aboutOf(event);
    const body = JSON.stringify({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200)}.${this.mark(event)}`, namespace },
      eventTime: microTime(event.atWallMs),
      ...seriesOf(event),
      reportingController: 'service.openyurt.io/yurtlb-speaker',
      reportingInstance: `yurtlb-speaker-${this.nodeName}`.slice(0, 128),
      type: event.type,
      reason: event.reason,
      action: event.action,
      note: cutToBytes(event.note, MOST_NOTE_BYTES),
      regarding,
    });
    const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    try {
      const answer = await this.client.ask({
        method: 'POST',
        path,
        body,
        userAgent: `yurtlb-event/${this.version}`,
        brief: true,
      });
      if (answer.status === 403 || answer.status === 404 || answer.status === 422) return true; // never will be taken
      if (answer.status === 409) return true; // it was taken before, and that answer was lost
      return answer.status === 201 && uidOf(answer.text) !== undefined;
    } catch {
      return false;
    }
  }

  /** The same for each try to send one Event, so that the API keeps it once. */
  private mark({ reason, note, atWallMs, count = 1 }: ReportedEvent): string {
    const words = JSON.stringify([this.nodeName, reason, note, atWallMs, count]);
    return createHash('sha256').update(words).digest('hex').slice(0, 16);
  }
}

/** Of what the Event is, and where it lies. A Node has no namespace and, for its Events, its name as UID, as the kubelet has it. */
function aboutOf(event: ReportedEvent) {
  if ('nodeName' in event) {
    const { nodeName: name } = event;
    return { name, namespace: 'default', regarding: { apiVersion: 'v1', kind: 'Node', name, uid: name } };
  }
  const [namespace = '', name = ''] = event.serviceKey.split('/');
  const uid = event.serviceUid;
  return { name, namespace, regarding: { apiVersion: 'v1', kind: 'Service', namespace, name, uid } };
}

/** An Event that happened once has none: the API refuses a series of one. */
function seriesOf({ atWallMs, lastWallMs = atWallMs, count = 1 }: ReportedEvent) {
  return count < 2 ? {} : { series: { count, lastObservedTime: microTime(lastWallMs) } };
}

/** The longest beginning of `text` with at most `most` bytes of UTF-8, no character torn. */
export function cutToBytes(text: string, most: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= most) return text;
  let end = most;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--; // a byte inside a character (RFC 3629 §3)
  return bytes.toString('utf8', 0, end);
}

/** RFC 3339 with the six digits that MicroTime asks for. */
function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}

/** The echo of an offline YurtHub carries none. */
function uidOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { metadata?: { uid?: string } }).metadata?.uid;
  } catch {
    return undefined;
  }
}
