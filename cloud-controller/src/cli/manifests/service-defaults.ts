import type { IpFamily, ServiceObject } from '@openyurt/nodepool-types';

/**
 * A Service with the families that the API server would give it (pkg/registry/core/service/storage/alloc.go,
 * initIPFamilyFields).
 *
 * @param families of the cluster's Services, the primary first
 * @returns a text: why it would refuse the Service
 */
export function withFamilies(service: ServiceObject, families: readonly IpFamily[]): ServiceObject | string {
  const { spec = {} } = service;
  const named = spec.ipFamilies ?? [];
  const policy = spec.ipFamilyPolicy ?? (named.length > 1 ? 'RequireDualStack' : 'SingleStack');
  const unknown = named.find((family) => !families.some((one) => one === family));
  if (unknown !== undefined) return `asks for ${unknown}, and the Services of this cluster are ${families.join(', ')}`;
  const [first = families[0] ?? 'IPv4'] = named;
  const others = [...named, ...families].filter((family) => family !== first).slice(0, 1);
  if (policy === 'RequireDualStack' && others.length === 0) {
    return `is RequireDualStack, and the Services of this cluster are ${families.join(', ')} alone`;
  }
  const ipFamilies = policy === 'SingleStack' ? [first] : [first, ...others];
  return { ...service, spec: { ...spec, ipFamilyPolicy: policy, ipFamilies } };
}

/** What the API server would refuse of a change. @returns undefined: nothing */
export function refusedChange(live: ServiceObject, next: ServiceObject): string | undefined {
  const [before, after] = [live.spec?.loadBalancerClass, next.spec?.loadBalancerClass];
  const stays = live.spec?.type === 'LoadBalancer' && next.spec?.type === 'LoadBalancer';
  return stays && before !== after
    ? `changes spec.loadBalancerClass from ${before ?? 'none'} to ${after ?? 'none'}, which the API server refuses`
    : undefined;
}
