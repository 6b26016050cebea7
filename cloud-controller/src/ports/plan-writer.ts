import type { LoadBalancerIngress, PoolServiceObject, ServiceObject } from '@openyurt/nodepool-types';

/** A condition as it shall stand; the writer keeps or sets its transition time. */
export interface ConditionToWrite {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration?: number;
  readonly reason: string;
  readonly message: string;
}

export interface WantedStatus {
  readonly ingress: readonly LoadBalancerIngress[];
  /** All of ours: one of our types that is not among them is taken off. */
  readonly conditions: readonly ConditionToWrite[];
}

/**
 * The only hand that writes to the cluster, besides Events and the Lease. Each write carries the resourceVersion it was
 * decided on.
 *
 * @throws ApiError; 409 when the object changed meanwhile, 404 when it is gone. Another Error where no answer came
 */
export interface PlanWriter {
  writeService(service: ServiceObject, wanted: WantedStatus, signal: AbortSignal): Promise<void>;
  writePoolService(poolService: PoolServiceObject, wanted: WantedStatus, signal: AbortSignal): Promise<void>;
  /** Takes our conditions off a Service that is no LoadBalancer any more; does nothing when the Service is gone. */
  clearFormer(key: string, signal: AbortSignal): Promise<void>;
}

/** Whether the API answered the write, by a refusal: it may take the next one. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'status' in error && typeof error.status === 'number';
}
