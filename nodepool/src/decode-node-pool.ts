import type { NodePoolObject } from './kube-objects.ts';

/** What selection needs to know of a NodePool object, of any served version. */
export interface NodePoolFacts {
  readonly name: string;
  readonly uid: string;
  /** Its own labels, which `service.openyurt.io/nodepool-labelselector` selects on; not those it puts on nodes. */
  readonly labels: Readonly<Record<string, string>>;
  /** Being deleted: LoadBalancerSet leaves it out, and so does the product. */
  readonly deleting: boolean;
}

export function decodeNodePool({ metadata }: NodePoolObject): NodePoolFacts {
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    labels: metadata.labels ?? {},
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
