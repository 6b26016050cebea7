import type { Announcement, IpFamily, ServiceObject, SpeakerWarning } from '@openyurt/nodepool-types';
import { type EndpointPlaces, forwarding, type NodePlace } from './forwarding.ts';

/** Whether any of some endpoints takes connections, as far as this node has asked. */
export type EndpointsWord = 'not-asked' | 'alive' | 'dead';

/** What decides which addresses this node may offer now. */
export interface CandidateWorld extends NodePlace {
  readonly nodePool: string;
  /** The node carries `node.kubernetes.io/exclude-from-external-load-balancers`. */
  readonly excluded: boolean;
  serviceOf(serviceKey: string): ServiceObject | undefined;
  endpointsOf(serviceKey: string, family: IpFamily): EndpointPlaces;
  /** The name of the link that fits the address and is up; undefined: there is none. */
  linkFor(address: string): string | undefined;
  /** Whether another host was seen to own the address lately. */
  inConflict(address: string): boolean;
  /** What is known of the endpoints that an offer of the address would rest on. */
  lifeOf(address: string): EndpointsWord;
}

/** Why an address that the NodePool has is not offered by this node; the name is the metric label. */
export type NotOffered = 'node-excluded' | 'no-endpoint-on-this-node' | 'endpoints-not-known' | 'no-link' | 'conflict';

/** One address of the NodePool and what this node makes of it. Services that share it go together. */
export interface Candidate {
  readonly address: string;
  /** Sorted keys and UIDs of the Services that hold it. */
  readonly serviceKeys: readonly string[];
  readonly serviceUids: readonly string[];
  /** The highest resourceVersion among them. */
  readonly resourceVersion: bigint;
  /** Where it would be announced; absent: nowhere now. */
  readonly link?: string;
  /** Absent: it is offered. */
  readonly notOffered?: NotOffered;
  /** No endpoint in the whole NodePool serves it. */
  readonly unserved: boolean;
  /** Keys of the Services whose endpoints make this node one that forwards. */
  readonly restsOn: readonly string[];
  /** Of those endpoints. `dead`: it is offered, and a member with a live one goes before. */
  readonly endpoints: EndpointsWord;
}

/** Something a Service's owner should hear. */
export interface ServiceNote {
  readonly serviceKey: string;
  readonly reason: SpeakerWarning;
  readonly message: string;
}

export interface Candidates {
  /** By address. */
  readonly byAddress: ReadonlyMap<string, Candidate>;
  /** Those that no endpoint in the NodePool serves. */
  readonly unserved: ReadonlySet<string>;
  readonly notes: readonly ServiceNote[];
}

/** A Service that holds an address. */
export interface Holder {
  readonly announcement: Announcement;
  readonly service: ServiceObject;
}

/**
 * Whether this node may offer the address now, and why not. Pure; nothing is remembered between two calls.
 *
 * @param held at least one
 */
export function judgeAddress(address: string, held: readonly Holder[], world: CandidateWorld): Candidate {
  const verdicts = held.map(({ service, announcement }) =>
    forwarding(service, world.endpointsOf(announcement.serviceKey, announcement.family), world),
  );
  let resourceVersion = 0n;
  for (const { announcement } of held) {
    if (announcement.resourceVersion > resourceVersion) resourceVersion = announcement.resourceVersion;
  }
  const link = world.linkFor(address);
  const candidate = {
    ...(link === undefined ? {} : { link }),
    address,
    serviceKeys: held.map(({ announcement }) => announcement.serviceKey).sort(),
    serviceUids: held.map(({ announcement }) => announcement.serviceUid).sort(),
    resourceVersion,
    unserved: verdicts.every((verdict) => verdict === 'unserved'),
    restsOn: held
      .filter((_, i) => verdicts[i] === 'forwards')
      .map(({ announcement }) => announcement.serviceKey)
      .sort(),
    endpoints: world.lifeOf(address),
  };
  const notOffered = refusal(candidate, verdicts, world);
  return notOffered === undefined ? candidate : { ...candidate, notOffered };
}

function refusal(
  { address, link }: Pick<Candidate, 'address' | 'link'>,
  verdicts: readonly ReturnType<typeof forwarding>[],
  world: CandidateWorld,
): NotOffered | undefined {
  if (world.excluded) return 'node-excluded';
  if (!verdicts.some((verdict) => verdict === 'forwards' || verdict === 'unserved')) {
    return verdicts.includes('no-endpoint-on-this-node') ? 'no-endpoint-on-this-node' : 'endpoints-not-known';
  }
  if (link === undefined) return 'no-link';
  return world.inConflict(address) ? 'conflict' : undefined;
}
