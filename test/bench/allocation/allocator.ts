import type { KubeObject } from '@openyurt/nodepool-types';

/** A controller that gives addresses to Services, as a process. */
export interface Allocator {
  readonly name: string;
  /** What it gives addresses to; it is created under many names. */
  readonly service: KubeObject;
  /** How many entries a Service has in its status when all is done. */
  readonly entries: number;
  /** Where it serves its metrics. */
  readonly metrics: string;
  /** What its Events say of who made them. */
  readonly eventSource: string;
  readonly pid: number;
  /** @param metrics what it serves, or nothing @returns whether it works by now */
  isUp(metrics: string): boolean;
  start(): Promise<void>;
  /** Resolves when the process is gone. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** When the process that runs began to lead, ms since the Unix epoch, by its log; undefined where it does not say, or not yet. */
  leadsSinceMs(): number | undefined;
  /** Why it does not run; undefined while it does. */
  readonly problem: string | undefined;
}

/** As many as here have no node ports: Kubernetes has 2,768 of them. */
export function withoutNodePorts(service: KubeObject): KubeObject {
  const { spec } = service as KubeObject & { spec?: object };
  return { ...service, spec: { ...spec, allocateLoadBalancerNodePorts: false } } as KubeObject;
}
