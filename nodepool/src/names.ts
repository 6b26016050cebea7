/** Each label, annotation, finalizer, class, namespace and port of the product, once. */

/** `spec.loadBalancerClass` of the Services that are ours (OpenYurt proposal 20231121). */
export const LOAD_BALANCER_CLASS = 'service.openyurt.io/vip';

// OpenYurt's own names (pkg/projectinfo, pkg/apis/network, pkg/apis/apps).
/** Node label: the NodePool the node belongs to. Also the label that says whose addresses a ConfigMap holds. */
export const NODE_POOL_LABEL = 'apps.openyurt.io/nodepool';
export const EDGE_WORKER_LABEL = 'openyurt.io/is-edge-worker';
/** Service annotation: a label selector on NodePool objects, `region=east,tier in (shop)`. */
export const NODE_POOL_SELECTOR_ANNOTATION = 'service.openyurt.io/nodepool-labelselector';
/** Service annotation: where kube-proxy at the edge may find endpoints (YurtHub filter servicetopology). */
export const TOPOLOGY_KEYS_ANNOTATION = 'openyurt.io/topologyKeys';
/** Service annotation: `"true"` hides a LoadBalancer Service from the edge's kube-proxy (YurtHub filter discardcloudservice). */
export const DISCARD_ANNOTATION = 'svc.openyurt.io/discard';
/** Service annotation: NodePools whose kube-proxy sees the Service (YurtHub filter nodeportisolation): list, `*`, `-pool`. */
export const LISTEN_ANNOTATION = 'nodeport.openyurt.io/listen';
/** PoolService labels and finalizer of yurt-manager's LoadBalancerSet. */
export const POOL_SERVICE_SERVICE_LABEL = 'openyurt.io/service-name';
export const POOL_SERVICE_POOL_LABEL = 'openyurt.io/pool-name';
export const POOL_SERVICE_MANAGED_BY_LABEL = 'poolservice.openyurt.io/managed-by';
export const LOAD_BALANCER_SET_CONTROLLER = 'load-balancer-set-controller';
export const LOAD_BALANCER_SET_FINALIZER = 'poolservice.openyurt.io/resources';

// Ours.
/** Service annotation: the address pool to take from, inside each NodePool. */
export const ADDRESS_POOL_ANNOTATION = 'service.openyurt.io/address-pool';
/** Service annotation prefix: the rest is a NodePool's name, the value `ip[,ip]`. */
export const REQUESTED_IP_ANNOTATION_PREFIX = 'service.openyurt.io/loadBalancerIP-';
/** Service annotation: `<nodepool>=ip,…`: the same for NodePool names too long for an annotation key. */
export const REQUESTED_IPS_ANNOTATION = 'service.openyurt.io/loadBalancerIPs';
/** Service annotation: Services with the same key may share an address. */
export const SHARING_KEY_ANNOTATION = 'service.openyurt.io/allow-shared-ip';
/** Service annotation: `"true"` hands foreign ingress entries to the NodePools whose ranges hold them. */
export const ADOPT_ANNOTATION = 'service.openyurt.io/adopt';
/** Service annotation: `"off"` keeps the speakers from asking the Service's endpoints whether they live while the cloud is away. */
export const ENDPOINT_PROBE_ANNOTATION = 'service.openyurt.io/endpoint-probe';
/** ConfigMap annotation: `"true"` lets a change take addresses from Services that use them. */
export const ALLOW_RENUMBER_ANNOTATION = 'service.openyurt.io/allow-renumber';
/** Service condition type. */
export const ADDRESSES_ALLOCATED_CONDITION = 'service.openyurt.io/AddressesAllocated';
/** Service condition type: a host of a site uses one of the Service's addresses. Absent where none does. */
export const ADDRESS_CONFLICT_CONDITION = 'service.openyurt.io/AddressConflict';
/** Every condition type of ours. */
export const OUR_CONDITIONS: readonly string[] = [ADDRESSES_ALLOCATED_CONDITION, ADDRESS_CONFLICT_CONDITION];
/** MetalLB's annotation prefixes, read as aliases of ours: `address-pool`, `allow-shared-ip`, `loadBalancerIPs`. */
export const METALLB_PREFIXES = ['metallb.io/', 'metallb.universe.tf/'] as const;

/** Kubernetes names we read. */
export const EXCLUDE_NODE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** Node taint: an operator says that the node is down for good. */
export const OUT_OF_SERVICE_TAINT = 'node.kubernetes.io/out-of-service';

export const SYSTEM_NAMESPACE = 'yurtlb-system';
export const REPORTS_NAMESPACE = 'yurtlb-reports';
export const POOL_KEY_SECRET = 'yurtlb-pool-key';
export const CONTROLLER_LEASE = 'yurtlb-controller';

/** Ports of the speaker: local API and health on loopback, the pool session on TCP and UDP. */
export const LOCAL_API_PORT = 10371;
export const HEALTH_PORT = 10372;
export const SESSION_PORT = 10373;
/** LAN hellos, IPv4 (administratively scoped, RFC 2365). */
export const HELLO_GROUP_V4 = '239.255.103.73';
