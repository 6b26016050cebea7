// Generated from crds/poolservices.yaml by "npm run generate". Do not edit.
import type { ObjectMeta } from '../kube-objects.ts';

/**
 * One LoadBalancer Service in one NodePool. Its labels openyurt.io/service-name and openyurt.io/pool-name say which.
 */
export interface PoolServiceV1Alpha1 {
  /**
   * The API group and version of this object.
   */
  apiVersion?: string;
  /**
   * PoolService.
   */
  kind?: string;
  metadata: ObjectMeta;
  /**
   * What the load balancer of the NodePool needs to know.
   */
  spec?: {
    /**
     * The Service's load balancer class; the controller of that class fills the status.
     */
    loadBalancerClass?: string;
  };
  /**
   * What the controller of the class did. LoadBalancerSet copies it into the Service.
   */
  status?: {
    /**
     * The Service's addresses in this NodePool.
     */
    loadBalancer?: {
      /**
       * One entry for each address.
       *
       * Items: One address.
       */
      ingress?: {
        /**
         * The address.
         */
        ip?: string;
        /**
         * The NodePool's name.
         */
        hostname?: string;
        /**
         * VIP where kube-proxy may short-cut traffic to the address, Proxy where it may not.
         */
        ipMode?: string;
        /**
         * The Service's ports with their faults, if any.
         *
         * Items: One port.
         */
        ports?: {
          /**
           * The port's number.
           */
          port: number;
          /**
           * One of TCP, UDP, SCTP.
           */
          protocol: string;
          /**
           * What is wrong with the port, in one CamelCase word.
           */
          error?: string;
        }[];
      }[];
    };
    /**
     * Goes into the Service's annotations under the prefix "aggregated.".
     */
    aggregateToAnnotations?: {
      [k: string]: string;
    };
    /**
     * Goes into the Service's labels under the prefix "aggregated.".
     */
    aggregateToLabels?: {
      [k: string]: string;
    };
    /**
     * State of the Service in this NodePool.
     *
     * Items: One aspect of the state.
     */
    conditions?: {
      /**
       * What it is about, in CamelCase.
       */
      type: string;
      /**
       * Whether it holds.
       */
      status: 'True' | 'False' | 'Unknown';
      /**
       * The metadata.generation that it is about.
       */
      observedGeneration?: number;
      /**
       * When the status last changed.
       */
      lastTransitionTime: string;
      /**
       * One CamelCase word for programs.
       */
      reason: string;
      /**
       * A sentence for people.
       */
      message: string;
    }[];
  };
}
