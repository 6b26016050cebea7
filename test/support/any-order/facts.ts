import {
  ADDRESS_POOL_ANNOTATION,
  ADDRESSES_ALLOCATED_CONDITION,
  ALLOW_RENUMBER_ANNOTATION,
  type Condition,
  type ConfigMapObject,
  LOAD_BALANCER_CLASS,
  NODE_POOL_LABEL,
  NODE_POOL_SELECTOR_ANNOTATION,
  type NodeObject,
  type NodePoolObject,
  REQUESTED_IP_ANNOTATION_PREFIX,
  REQUESTED_IPS_ANNOTATION,
  type ServiceObject,
  SHARING_KEY_ANNOTATION,
} from '@openyurt/nodepool-types';
import { type ConfigText, readConfig } from './config-text.ts';
import { type Family, familyOf } from './family.ts';

// The objects read by the words of docs/reference, with nothing of the product but its names and its way to write an
// address: who judges the controller must not share its mistakes.

/** The objects of a cluster at one moment, as the API shows them. */
export interface Seen {
  readonly services: readonly ServiceObject[];
  readonly configMaps: readonly ConfigMapObject[];
  readonly nodePools: readonly NodePoolObject[];
  readonly nodes: readonly NodeObject[];
}

/** One address in a status. */
export interface Entry {
  /** A NodePool; empty: it names none. */
  readonly site: string;
  readonly ip: string;
}

export interface ServiceFacts {
  readonly key: string;
  readonly uid: string;
  readonly version: string | undefined;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly created: number;
  readonly isOurs: boolean;
  /** Those it wants addresses of, in its order. */
  readonly families: readonly Family[];
  readonly policy: string;
  /** `TCP/80` */
  readonly ports: readonly string[];
  readonly sharingKey: string | undefined;
  readonly isLocal: boolean;
  readonly pods: string;
  readonly selector: string | undefined;
  readonly addressPool: string | undefined;
  /** By NodePool, then wherever a range holds it. */
  readonly asksIn: ReadonlyMap<string, readonly string[]>;
  readonly asksAnywhere: readonly string[];
  readonly entries: readonly Entry[];
  readonly condition: Condition | undefined;
}

export interface Facts {
  readonly services: ReadonlyMap<string, ServiceFacts>;
  /** NodePools, by name, with their labels. */
  readonly sites: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** By NodePool; `unreadable`: its text is none. */
  readonly configs: ReadonlyMap<string, { readonly text: ConfigText | 'unreadable'; readonly mayRenumber: boolean }>;
  readonly nodes: ReadonlySet<string>;
}

export function readFacts({ services, configMaps, nodePools, nodes }: Seen): Facts {
  return {
    services: new Map(services.map((object) => [keyOf(object), readService(object)])),
    sites: new Map(nodePools.map(({ metadata }) => [metadata.name ?? '', metadata.labels ?? {}])),
    configs: new Map(
      configMaps.map(({ metadata, data = {} }) => [
        metadata.labels?.[NODE_POOL_LABEL] ?? '',
        { text: readConfig(data), mayRenumber: metadata.annotations?.[ALLOW_RENUMBER_ANNOTATION] === 'true' },
      ]),
    ),
    nodes: new Set(nodes.flatMap(({ status }) => (status?.addresses ?? []).map(({ address }) => address))),
  };
}

function keyOf({ metadata }: ServiceObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function readService(object: ServiceObject): ServiceFacts {
  const { metadata, spec = {}, status = {} } = object;
  const { annotations = {}, labels = {} } = metadata;
  const all = (spec.ipFamilies ?? []).filter((one): one is Family => one === 'IPv4' || one === 'IPv6');
  const isOurs = spec.type === 'LoadBalancer' && spec.loadBalancerClass === LOAD_BALANCER_CLASS;
  return {
    key: keyOf(object),
    uid: metadata.uid ?? '',
    version: metadata.resourceVersion,
    namespace: metadata.namespace ?? '',
    labels,
    created: Date.parse(metadata.creationTimestamp ?? '') / 1000,
    isOurs,
    families: spec.ipFamilyPolicy === 'SingleStack' ? all.slice(0, 1) : all,
    policy: spec.ipFamilyPolicy ?? '',
    ports: (spec.ports ?? []).map(({ protocol = 'TCP', port }) => `${protocol}/${port}`),
    sharingKey: annotations[SHARING_KEY_ANNOTATION],
    isLocal: spec.externalTrafficPolicy === 'Local',
    pods: JSON.stringify(spec.selector ?? {}),
    selector: annotations[NODE_POOL_SELECTOR_ANNOTATION],
    addressPool: annotations[ADDRESS_POOL_ANNOTATION],
    asksIn: readAsksIn(annotations),
    asksAnywhere: [
      ...listOf(annotations['metallb.universe.tf/loadBalancerIPs']),
      ...(spec.loadBalancerIP ? [spec.loadBalancerIP] : []),
    ],
    entries: (status.loadBalancer?.ingress ?? []).map(({ ip = '', hostname = '' }) => ({ site: hostname, ip })),
    condition: status.conditions?.find(({ type }) => type === ADDRESSES_ALLOCATED_CONDITION),
  };
}

function readAsksIn(annotations: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>();
  const add = (site: string, ip: string) => void all.set(site, [...(all.get(site) ?? []), ip]);
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(REQUESTED_IP_ANNOTATION_PREFIX)) continue;
    for (const ip of listOf(value)) add(key.slice(REQUESTED_IP_ANNOTATION_PREFIX.length), ip);
  }
  for (const piece of listOf(annotations[REQUESTED_IPS_ANNOTATION])) {
    const [site = '', ip = ''] = piece.split('=');
    add(site, ip);
  }
  return all;
}

function listOf(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((piece) => piece !== '');
}

/** The forms that the commands use: `key`, `key=value`, `key in (a,b)`. */
export function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  const among = /^(\S+) in \((.*)\)$/.exec(selector);
  if (among !== null) return (among[2] ?? '').split(',').includes(labels[among[1] ?? ''] ?? '');
  const [key = '', value] = selector.split('=');
  return value === undefined ? key in labels : labels[key] === value;
}

/** The Service's addresses in one NodePool. */
export function heldIn({ entries }: ServiceFacts, site: string, family?: Family): readonly string[] {
  return entries
    .filter((entry) => entry.site === site && (family === undefined || familyOf(entry.ip) === family))
    .map(({ ip }) => ip);
}
