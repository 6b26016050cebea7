import { canonicalIp } from './ip-address.ts';
import type { NodeObject } from './kube-objects.ts';
import { EXCLUDE_NODE_LABEL, NODE_POOL_LABEL, OUT_OF_SERVICE_TAINT } from './names.ts';

/** What cloud and edge need to know of a Node. Ready is not among it: the cloud's opinion of a site it cannot reach is void. */
export interface NodeFacts {
  readonly name: string;
  /** Absent: no API server has seen the object. */
  readonly uid?: string;
  /** Absent: the node is in no NodePool. */
  readonly nodePool: string | undefined;
  /** Canonical texts, in the order of the object. */
  readonly internalIps: readonly string[];
  /** Counted by presence of the label, whatever its value, as Kubernetes does. */
  readonly excluded: boolean;
  /** Cordoned, or marked out of service: hands its addresses over while another member offers them. */
  readonly unschedulable: boolean;
}

/** Canonical texts of the addresses that are the Node's own, inside and outside, in the order of the object. */
export function nodeAddresses({ status }: NodeObject): readonly string[] {
  const own = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP');
  return own.map(({ address }) => canonicalIp(address)).filter((ip) => ip !== undefined);
}

export function decodeNode({ metadata, spec, status }: NodeObject): NodeFacts {
  const labels = metadata.labels ?? {};
  const ips = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
  return {
    name: metadata.name ?? '',
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    nodePool: labels[NODE_POOL_LABEL] || undefined,
    internalIps: ips.map(({ address }) => canonicalIp(address)).filter((ip) => ip !== undefined),
    excluded: Object.hasOwn(labels, EXCLUDE_NODE_LABEL),
    unschedulable: spec?.unschedulable === true || (spec?.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE_TAINT),
  };
}
