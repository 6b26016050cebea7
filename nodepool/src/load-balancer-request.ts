import type { IpAddress, IpFamily } from './ip-address.ts';
import type { LoadBalancerIngress } from './kube-objects.ts';
import type { LabelSelector } from './label-selector.ts';
import type { ControllerWarning } from './reasons.ts';

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** One port of a Service as kube-proxy keys it. */
export interface PortKey {
  readonly protocol: Protocol;
  readonly port: number;
}

/** A user's mistake on one Service: becomes a Warning Event and a condition reason, never an exception. */
export interface RequestProblem {
  readonly reason: ControllerWarning;
  readonly message: string;
  /** The NodePool it concerns; absent: all of them. */
  readonly nodePool?: string;
  /** true: only said, the NodePools are served all the same; absent: what it concerns gets nothing new. */
  readonly advisory?: true;
}

/** What a Service of our class asks for, decoded from the API object. */
export interface LoadBalancerRequest {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** `metadata.labels`, which address pools may select by. */
  readonly labels: Readonly<Record<string, string>>;
  readonly uid: string;
  readonly generation: number | undefined;
  readonly createdMs: number;
  /** In the Service's order; never empty. */
  readonly families: readonly IpFamily[];
  readonly familyPolicy: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  readonly ports: readonly PortKey[];
  /** NodePools by label; absent: every NodePool that has auto-assign addresses. */
  readonly nodePoolSelector: LabelSelector | undefined;
  /** Address pool by name, inside each NodePool. */
  readonly addressPool: string | undefined;
  /** Addresses asked for in one NodePool. */
  readonly requestedByPool: ReadonlyMap<string, readonly IpAddress[]>;
  /** Addresses asked for wherever the ranges hold them (`spec.loadBalancerIP`, MetalLB's loadBalancerIPs). */
  readonly requestedAnywhere: readonly IpAddress[];
  readonly sharingKey: string | undefined;
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** `spec.selector` in canonical text, for "same selector" under policy Local. */
  readonly podSelector: string;
  readonly adopt: boolean;
  /** `status.loadBalancer.ingress` as it stands. */
  readonly ingress: readonly LoadBalancerIngress[];
  readonly problems: readonly RequestProblem[];
}
