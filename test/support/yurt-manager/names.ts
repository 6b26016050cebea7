/**
 * OpenYurt's words, written out and not imported: a slip in the product's own list would otherwise fit on both sides.
 * Sources: pkg/apis/network/well_known_labels_annotations.go and pkg/yurtmanager/controller/loadbalancerset.
 */
export const SELECTOR = 'service.openyurt.io/nodepool-labelselector';
export const SERVICE_NAME = 'openyurt.io/service-name';
export const POOL_NAME = 'openyurt.io/pool-name';
export const MANAGED_BY = 'poolservice.openyurt.io/managed-by';
export const CONTROLLER = 'load-balancer-set-controller';
export const FINALIZER = 'poolservice.openyurt.io/resources';
/** Prefix of the Service's annotations and labels that are copied from PoolServices. */
export const AGGREGATED = 'aggregated.';
