import { REQUESTED_IP_ANNOTATION_PREFIX, REQUESTED_IPS_ANNOTATION } from '@openyurt/nodepool-types';
import type { ServiceInForce } from './in-force.ts';

/** How long the part of an annotation's key after the slash may be: IsQualifiedName in apimachinery/pkg/util/validation. */
const MAX_NAME = 63;
const NAME_PREFIX = REQUESTED_IP_ANNOTATION_PREFIX.slice(REQUESTED_IP_ANNOTATION_PREFIX.indexOf('/') + 1);

/**
 * The annotations with which a Service asks for what it has. NodePools whose names are too long for a key of their own
 * stand together in `loadBalancerIPs`; what that annotation asks for in NodePools where nothing is held stays in it.
 */
export function pinAnnotations({ service, held }: ServiceInForce): Record<string, string> {
  const annotations: Record<string, string> = {};
  const together: string[] = [];
  for (const { nodePool, addresses } of held) {
    if (NAME_PREFIX.length + nodePool.length <= MAX_NAME) {
      annotations[REQUESTED_IP_ANNOTATION_PREFIX + nodePool] = addresses.join(',');
    } else together.push(...addresses.map((address) => `${nodePool}=${address}`));
  }
  const before = service.metadata.annotations?.[REQUESTED_IPS_ANNOTATION];
  const pools = new Set(held.map(({ nodePool }) => nodePool));
  const pieces = (before ?? '').split(',').filter((piece) => piece.trim() !== '');
  const others = pieces.filter((piece) => !pools.has((piece.split('=', 1)[0] ?? '').trim()));
  const changes = others.length < pieces.length;
  // emptied it counts as absent; left as it is it might ask for a second address of a family
  if (together.length > 0 || changes) annotations[REQUESTED_IPS_ANNOTATION] = [...others, ...together].join(',');
  return annotations;
}
