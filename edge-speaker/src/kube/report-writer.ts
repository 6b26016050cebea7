import {
  encodeNodeReport,
  LbError,
  NODE_POOL_LABEL,
  NODE_REPORT_KEY,
  REPORTS_NAMESPACE,
} from '@openyurt/nodepool-types';
import type { NodeWord, ReportOutcome, ReportSink } from '../ports/report-sink.ts';
import type { Answer, ApiClient, Ask } from './api-client.ts';
import { badAnswer, noAnswer } from './api-failure.ts';

const PATH = `/api/v1/namespaces/${REPORTS_NAMESPACE}/configmaps`;

/**
 * Writes the node's report: one ConfigMap, patched, and created where there is none. An agent of its own: what a YurtHub
 * caches of the answers must not meet our lists.
 */
export class ReportWriter implements ReportSink {
  constructor(
    private readonly client: ApiClient,
    private readonly version: string,
  ) {}

  async write(word: NodeWord): Promise<ReportOutcome> {
    const text = word.report && encodeNodeReport(word.report);
    try {
      const patched = await this.patch(word, text);
      if (patched.status !== 404) return outcomeOf(patched, text);
      if (text === undefined) return { kind: 'taken' }; // there is nothing to take back
      const created = await this.create(word, text);
      // It was made meanwhile: by this very request, whose answer was lost, or by hand.
      return outcomeOf(created.status === 409 ? await this.patch(word, text) : created, text);
    } catch (cause) {
      return { kind: 'failed', error: noAnswer(PATH, cause) };
    }
  }

  /** RFC 7396: null takes a key away, so a node that left its NodePool says nothing any more. */
  private patch(word: NodeWord, text: string | undefined): Promise<Answer> {
    const labels = { [NODE_POOL_LABEL]: word.report?.nodePool ?? null };
    const body = { metadata: { labels, ...ownersOf(word) }, data: { [NODE_REPORT_KEY]: text ?? null } };
    const path = `${PATH}/${encodeURIComponent(word.nodeName)}`;
    return this.ask({ method: 'PATCH', path, body: JSON.stringify(body), contentType: 'application/merge-patch+json' });
  }

  private create(word: NodeWord, text: string): Promise<Answer> {
    const labels = { [NODE_POOL_LABEL]: word.report?.nodePool };
    const metadata = { name: word.nodeName, namespace: REPORTS_NAMESPACE, labels, ...ownersOf(word) };
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [NODE_REPORT_KEY]: text } };
    return this.ask({ method: 'POST', path: PATH, body: JSON.stringify(body) });
  }

  private ask(ask: Omit<Ask, 'userAgent'>): Promise<Answer> {
    return this.client.ask({ ...ask, userAgent: `yurtlb-report/${this.version}` });
  }
}

/** The garbage collector deletes the report together with the Node of that UID. */
function ownersOf({ nodeName: name, nodeUid: uid }: NodeWord) {
  return uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] };
}

function outcomeOf({ url, status, text: body, retryAfterMs }: Answer, text: string | undefined): ReportOutcome {
  if ((status === 200 || status === 201) && isKept(body, text)) return { kind: 'taken' };
  const error = badAnswer(url, status, body);
  const refused = (remedy: string): ReportOutcome => ({
    kind: 'refused',
    error: new LbError('LB_API_REFUSED', error.message.replace(/^\w+: /, ''), remedy),
  });
  switch (status) {
    case 403:
    case 404:
      return refused(
        `The cloud learns nothing of conflicts seen here. Apply manifests/: the namespace ${REPORTS_NAMESPACE} and the Role in it.`,
      );
    case 413:
    case 422:
      return refused(`The cloud learns nothing of conflicts seen here. Delete that ConfigMap: it is made anew.`);
    default:
      return { kind: 'failed', error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
}

/** A YurtHub offline gives back what was sent, without a UID, or the object as it was before, with the report of before. */
function isKept(body: string, text: string | undefined): boolean {
  try {
    const object = JSON.parse(body) as { metadata?: { uid?: unknown }; data?: Record<string, unknown> | null };
    return typeof object.metadata?.uid === 'string' && object.data?.[NODE_REPORT_KEY] === text;
  } catch {
    return false;
  }
}
