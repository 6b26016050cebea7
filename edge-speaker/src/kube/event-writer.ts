import type { EventSink, ServiceEvent } from '../ports/announcement-feed.ts';
import type { ApiClient } from './api-client.ts';

/** Writes events.k8s.io/v1 Events. An agent of its own: what a YurtHub caches of them must not meet our lists. */
export class EventWriter implements EventSink {
  constructor(
    private readonly client: ApiClient,
    private readonly nodeName: string,
    private readonly version: string,
  ) {}

  async send(event: ServiceEvent): Promise<boolean> {
    const [namespace = '', name = ''] = event.serviceKey.split('/');
    const body = JSON.stringify({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: `${name.slice(0, 200)}.`, namespace },
      eventTime: microTime(event.atWallMs),
      reportingController: 'service.openyurt.io/yurtlb-speaker',
      reportingInstance: `yurtlb-speaker-${this.nodeName}`.slice(0, 128),
      type: event.type,
      reason: event.reason,
      action: event.action,
      note: event.note.slice(0, 1024),
      regarding: { apiVersion: 'v1', kind: 'Service', namespace, name, uid: event.serviceUid },
    });
    const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    try {
      const answer = await this.client.ask({ method: 'POST', path, body, userAgent: `yurtlb-event/${this.version}` });
      if (answer.status === 403 || answer.status === 404 || answer.status === 422) return true; // never will be taken
      return answer.status === 201 && uidOf(answer.text) !== undefined;
    } catch {
      return false;
    }
  }
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
