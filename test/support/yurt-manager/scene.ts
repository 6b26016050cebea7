import type { Cluster } from '../controller/cluster.ts';
import type { YurtManager } from './load-balancer-set.ts';
import type { PoolServices } from './pool-services.ts';

/** A Service `web` that selects NodePool `pa` by `site=pa`, unless a row says otherwise; yurt-manager runs. */
export interface Scene {
  readonly cluster: Cluster;
  readonly poolServices: PoolServices;
  readonly manager: YurtManager;
  /** Waits until the addresses in the Service's status read so, in this order. */
  shows(name: string, ...ips: string[]): Promise<void>;
  becomes(what: string, holds: () => Promise<boolean>): Promise<void>;
  annotation(name: string, key: string): Promise<string | undefined>;
}

export interface Row {
  /** The line of the observations, and what it says. */
  readonly name: string;
  readonly run: (scene: Scene) => Promise<void>;
}
