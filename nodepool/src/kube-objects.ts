import type { NodePoolV1Beta1, NodePoolV1Beta2 } from './generated/node-pool.ts';
import type { PoolServiceV1Alpha1 } from './generated/pool-service.ts';

/** The fields of Kubernetes objects that the product reads. Everything may be absent: a decoder says what must not be. */
export interface ObjectMeta {
  name?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: { kind: string; name: string; uid: string }[];
}

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

/** metav1.Condition */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration?: number;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

export interface IngressPort {
  port: number;
  protocol: string;
  error?: string;
}

/** core/v1 LoadBalancerIngress */
export interface LoadBalancerIngress {
  ip?: string;
  hostname?: string;
  ipMode?: string;
  ports?: IngressPort[];
}

export interface ServicePort {
  name?: string;
  protocol?: string;
  port: number;
  nodePort?: number;
}

export interface ServiceObject extends KubeObject {
  spec?: {
    type?: string;
    loadBalancerClass?: string;
    loadBalancerIP?: string;
    selector?: Record<string, string>;
    ports?: ServicePort[];
    ipFamilies?: string[];
    ipFamilyPolicy?: string;
    externalTrafficPolicy?: string;
    trafficDistribution?: string;
  };
  status?: { loadBalancer?: { ingress?: LoadBalancerIngress[] }; conditions?: Condition[] };
}

export interface ConfigMapObject extends KubeObject {
  data?: Record<string, string>;
}

export interface NodeObject extends KubeObject {
  spec?: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
  status?: { addresses?: { type: string; address: string }[] };
}

/** discovery.k8s.io/v1 EndpointSlice */
export interface EndpointSliceObject extends KubeObject {
  addressType?: string;
  endpoints?: {
    addresses?: string[];
    conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
    nodeName?: string;
    hints?: { forZones?: { name: string }[] };
  }[];
  ports?: { name?: string; port?: number; protocol?: string }[];
}

/** apps.openyurt.io NodePool, of either served version. */
export type NodePoolObject = NodePoolV1Beta1 | NodePoolV1Beta2;

/** network.openyurt.io PoolService. */
export type PoolServiceObject = PoolServiceV1Alpha1;
