import type { KubeObject } from './kube-objects.ts';
import { DISCARD_ANNOTATION, LISTEN_ANNOTATION } from './names.ts';
import { quote } from './problem.ts';

/** Why the edge's kube-proxy does not see a Service, so that nobody would forward what we attract. */
export interface HiddenService {
  readonly reason: 'DiscardedAtEdge' | 'NotListening';
  readonly message: string;
}

/**
 * Whether YurtHub takes a LoadBalancer Service out of what the NodePool's kube-proxy gets.
 *
 * @see openyurt pkg/yurthub/filter/discardcloudservice: the annotation must be exactly "true"
 * @see openyurt pkg/yurthub/filter/nodeportisolation: an annotation that is present and names nothing hides it everywhere
 */
export function hiddenAtEdge(service: KubeObject, nodePool: string): HiddenService | undefined {
  const annotations = service.metadata.annotations ?? {};
  if (annotations[DISCARD_ANNOTATION] === 'true') {
    const message = `annotation ${DISCARD_ANNOTATION} is "true": YurtHub hides this Service from kube-proxy at the edge. Remove it to announce the Service.`;
    return { reason: 'DiscardedAtEdge', message };
  }
  const listen: unknown = annotations[LISTEN_ANNOTATION];
  if (typeof listen !== 'string' || listensIn(listen, nodePool)) return undefined;
  const message = `annotation ${LISTEN_ANNOTATION} ${quote(listen)} leaves NodePool ${nodePool} out: YurtHub hides this Service from its kube-proxy. Add ${nodePool} to announce the Service there.`;
  return { reason: 'NotListening', message };
}

/** The list `pool,-pool,*`: the first word about a pool counts, and a pool that no word is about follows `*`. */
function listensIn(listen: string, nodePool: string): boolean {
  const verdicts = new Map<string, boolean>();
  for (const written of listen.split(',')) {
    const word = written.trim();
    const negated = word.startsWith('-');
    const pool = negated ? word.slice(1) : word;
    if (pool !== '' && !verdicts.has(pool)) verdicts.set(pool, !negated);
  }
  return verdicts.get(nodePool) ?? verdicts.get('*') ?? false;
}
