// Generated from crds/nodepools.yaml by "npm run generate". Do not edit.
import type { ObjectMeta } from '../kube-objects.ts';

/**
 * A set of nodes at one place, such as the nodes of one shop. A node belongs to it by its label apps.openyurt.io/nodepool.
 */
export interface NodePoolV1Beta1 {
  /**
   * The API group and version of this object.
   */
  apiVersion?: string;
  /**
   * NodePool.
   */
  kind?: string;
  metadata: ObjectMeta;
  /**
   * What the pool's nodes are to be.
   */
  spec?: {
    /**
     * Kind of pool, Edge or Cloud. Cannot change. yurt-manager sets Edge where it is absent.
     */
    type?: string;
    /**
     * Whether the pool's nodes do without a CNI, so that all their pods use the host's network. Not for Cloud pools. Cannot change.
     */
    hostNetwork?: boolean;
    /**
     * Labels put on every node of the pool; they overwrite those of the same key.
     */
    labels?: {
      [k: string]: string;
    };
    /**
     * Annotations put on every node of the pool; they overwrite those of the same key.
     */
    annotations?: {
      [k: string]: string;
    };
    /**
     * Taints put on every node of the pool.
     *
     * Items: Keeps pods away that do not tolerate it.
     */
    taints?: {
      /**
       * The taint's key.
       */
      key: string;
      /**
       * The taint's value.
       */
      value?: string;
      /**
       * What happens to pods without the toleration, one of NoSchedule, PreferNoSchedule, NoExecute.
       */
      effect: string;
      /**
       * When the taint was added; only written for NoExecute.
       */
      timeAdded?: string;
    }[];
  };
  /**
   * What was last seen of the pool's nodes.
   */
  status?: {
    /**
     * How many nodes of the pool are Ready.
     */
    readyNodeNum?: number;
    /**
     * How many nodes of the pool are not Ready.
     */
    unreadyNodeNum?: number;
    /**
     * Names of the pool's nodes, sorted.
     *
     * Items: A node's name.
     */
    nodes?: string[];
  };
}

/**
 * A set of nodes at one place, such as the nodes of one shop. A node belongs to it by its label apps.openyurt.io/nodepool.
 */
export interface NodePoolV1Beta2 {
  /**
   * The API group and version of this object.
   */
  apiVersion?: string;
  /**
   * NodePool.
   */
  kind?: string;
  metadata: ObjectMeta;
  /**
   * What the pool's nodes are to be.
   */
  spec?: {
    /**
     * Kind of pool, Edge or Cloud. Cannot change. yurt-manager sets Edge where it is absent.
     */
    type?: string;
    /**
     * Whether the pool's nodes do without a CNI, so that all their pods use the host's network. Not for Cloud pools. Cannot change.
     */
    hostNetwork?: boolean;
    /**
     * Labels put on every node of the pool; they overwrite those of the same key.
     */
    labels?: {
      [k: string]: string;
    };
    /**
     * Annotations put on every node of the pool; they overwrite those of the same key.
     */
    annotations?: {
      [k: string]: string;
    };
    /**
     * Taints put on every node of the pool.
     *
     * Items: Keeps pods away that do not tolerate it.
     */
    taints?: {
      /**
       * The taint's key.
       */
      key: string;
      /**
       * The taint's value.
       */
      value?: string;
      /**
       * What happens to pods without the toleration, one of NoSchedule, PreferNoSchedule, NoExecute.
       */
      effect: string;
      /**
       * When the taint was added; only written for NoExecute.
       */
      timeAdded?: string;
    }[];
    /**
     * Whether all nodes of the pool reach each other on layer 2 or 3, so that they can share list and watch. Cannot change.
     */
    interConnectivity?: boolean;
    /**
     * Whether leader YurtHubs are chosen, which read pool-scoped resources for the others.
     */
    enableLeaderElection?: boolean;
    /**
     * How leader YurtHubs are chosen, random or mark (by leaderNodeLabelSelector). yurt-manager sets random where it is absent.
     */
    leaderElectionStrategy?: string;
    /**
     * Labels of the nodes that may lead, under the strategy mark.
     */
    leaderNodeLabelSelector?: {
      [k: string]: string;
    };
    /**
     * How many leader YurtHubs the pool has. yurt-manager sets 1 where it is absent or not positive.
     */
    leaderReplicas?: number;
    /**
     * Resources that the pool reads once through its leaders. yurt-manager always adds Services and EndpointSlices.
     *
     * Items: One resource.
     */
    poolScopeMetadata?: {
      /**
       * API group; empty for the core group.
       */
      group: string;
      /**
       * API version.
       */
      version: string;
      /**
       * Plural name of the resource.
       */
      resource: string;
    }[];
  };
  /**
   * What was last seen of the pool's nodes.
   */
  status?: {
    /**
     * How many nodes of the pool are Ready.
     */
    readyNodeNum?: number;
    /**
     * How many nodes of the pool are not Ready.
     */
    unreadyNodeNum?: number;
    /**
     * Names of the pool's nodes, sorted.
     *
     * Items: A node's name.
     */
    nodes?: string[];
    /**
     * The leader YurtHubs.
     *
     * Items: One leader YurtHub.
     */
    leaderEndpoints?: {
      /**
       * The node it runs on.
       */
      nodeName: string;
      /**
       * The node's internal IP.
       */
      address: string;
    }[];
    /**
     * How many leader YurtHubs there are.
     */
    leaderNum?: number;
    /**
     * When leaders were last chosen.
     */
    leaderLastElectedTime?: string;
    /**
     * State of the pool. The type LeaderReady tells whether leaders are chosen.
     *
     * Items: One aspect of the pool's state.
     */
    conditions?: {
      /**
       * What it is about, such as LeaderReady.
       */
      type?: string;
      /**
       * One of True, False, Unknown.
       */
      status?: string;
      /**
       * When the status last changed.
       */
      lastTransitionTime?: string;
      /**
       * One CamelCase word for programs.
       */
      reason?: string;
      /**
       * A sentence for people.
       */
      message?: string;
    }[];
  };
}
