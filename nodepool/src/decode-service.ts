import { LbError } from './errors.ts';
import type { IpFamily } from './ip-address.ts';
import type { ServiceObject } from './kube-objects.ts';
import { type LabelSelector, parseLabelSelector } from './label-selector.ts';
import type { LoadBalancerRequest, PortKey, Protocol, RequestProblem } from './load-balancer-request.ts';
import {
  ADDRESS_POOL_ANNOTATION,
  ADOPT_ANNOTATION,
  LOAD_BALANCER_CLASS,
  NODE_POOL_SELECTOR_ANNOTATION,
  SHARING_KEY_ANNOTATION,
} from './names.ts';
import { quote } from './problem.ts';
import { decodeRequestedAddresses } from './requested-addresses.ts';
import { annotation, annotationOrAlias } from './service-annotations.ts';

export type ServiceOwnership = 'ours' | 'foreign' | 'not-a-load-balancer';

/**
 * Whose Service it is. Foreign ones are never touched, not even by an Event.
 *
 * @param classless whether Services without `spec.loadBalancerClass` are ours too (`--classless`)
 */
export function serviceOwnership(
  service: ServiceObject,
  { classless }: { readonly classless: boolean },
): ServiceOwnership {
  if (service.spec?.type !== 'LoadBalancer') return 'not-a-load-balancer';
  const loadBalancerClass = service.spec.loadBalancerClass ?? '';
  return loadBalancerClass === LOAD_BALANCER_CLASS || (loadBalancerClass === '' && classless) ? 'ours' : 'foreign';
}

/** `namespace/name`, the key of a Service everywhere. */
export function serviceKey(service: ServiceObject): string {
  return `${service.metadata.namespace ?? ''}/${service.metadata.name ?? ''}`;
}

/** What a Service asks for. Never throws: a user's mistake is one of `problems`, which name the text and the fix. */
export function decodeService(service: ServiceObject): LoadBalancerRequest {
  const { metadata } = service;
  const spec = service.spec ?? {};
  const families = decodeFamilies(spec.ipFamilies);
  const requested = decodeRequestedAddresses(service, families);
  const selector = decodeSelector(service);
  const adopt = decodeAdopt(service);
  return {
    key: serviceKey(service),
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    labels: metadata.labels ?? {},
    uid: metadata.uid ?? '',
    generation: metadata.generation,
    createdMs: Date.parse(metadata.creationTimestamp ?? '') || 0,
    families,
    familyPolicy: decodeFamilyPolicy(spec.ipFamilyPolicy, families),
    ports: decodePorts(spec.ports),
    nodePoolSelector: selector.value,
    addressPool: annotationOrAlias(service, ADDRESS_POOL_ANNOTATION, 'address-pool')?.text,
    requestedByPool: requested.byPool,
    requestedAnywhere: requested.anywhere,
    sharingKey: annotationOrAlias(service, SHARING_KEY_ANNOTATION, 'allow-shared-ip')?.text,
    externalTrafficPolicy: decodeTrafficPolicy(service),
    podSelector: canonicalSelector(spec.selector),
    adopt: adopt.value,
    ingress: service.status?.loadBalancer?.ingress ?? [],
    problems: [...selector.problems, ...requested.problems, ...adopt.problems],
  };
}

/** `spec.externalTrafficPolicy`; what the API server left out is Cluster. */
export function decodeTrafficPolicy(service: ServiceObject): 'Cluster' | 'Local' {
  return service.spec?.externalTrafficPolicy === 'Local' ? 'Local' : 'Cluster';
}

function decodeFamilies(written: readonly string[] | undefined): readonly IpFamily[] {
  const families = [...new Set(written ?? [])].filter((family) => family === 'IPv4' || family === 'IPv6');
  return families.length > 0 ? families : ['IPv4'];
}

function decodeFamilyPolicy(
  written: string | undefined,
  families: readonly IpFamily[],
): LoadBalancerRequest['familyPolicy'] {
  if (written === 'SingleStack' || written === 'PreferDualStack' || written === 'RequireDualStack') return written;
  return families.length > 1 ? 'RequireDualStack' : 'SingleStack';
}

function decodePorts(written: readonly { protocol?: string; port: number }[] | undefined): readonly PortKey[] {
  const ports = new Map<string, PortKey>();
  for (const { protocol = 'TCP', port } of written ?? []) {
    if (isProtocol(protocol)) ports.set(`${protocol}/${port}`, { protocol, port });
  }
  return [...ports.values()];
}

function isProtocol(text: string): text is Protocol {
  return text === 'TCP' || text === 'UDP' || text === 'SCTP';
}

/** An unparsable selector concerns every NodePool: nobody can tell which ones were meant. */
function decodeSelector(service: ServiceObject): { value: LabelSelector | undefined; problems: RequestProblem[] } {
  const found = annotation(service, NODE_POOL_SELECTOR_ANNOTATION);
  if (found === undefined) return { value: undefined, problems: [] };
  try {
    return { value: parseLabelSelector(found.text), problems: [] };
  } catch (error) {
    if (!(error instanceof LbError)) throw error;
    const what = error.message.slice(`${error.code}: `.length);
    const message = `annotation ${found.key}: ${what}. ${error.remedy}`;
    return { value: undefined, problems: [{ reason: 'BadSelector', message }] };
  }
}

function decodeAdopt(service: ServiceObject): { value: boolean; problems: RequestProblem[] } {
  const found = annotation(service, ADOPT_ANNOTATION);
  if (found === undefined || found.text === 'false') return { value: false, problems: [] };
  if (found.text === 'true') return { value: true, problems: [] };
  const message = `annotation ${found.key} ${quote(found.text)} is neither "true" nor "false" and counts as "false". Write "true" to adopt the addresses in the status.`;
  return { value: false, problems: [{ reason: 'BadAdoptAnnotation', message, advisory: true }] };
}

/** Sorted `key=value,…`; label values hold no commas, so equal texts are equal selectors. Empty: no selector. */
function canonicalSelector(selector: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}
