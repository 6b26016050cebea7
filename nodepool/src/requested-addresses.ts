import { LbError } from './errors.ts';
import { formatIpAddress, type IpAddress, type IpFamily, parseIpAddress } from './ip-address.ts';
import type { IpRange } from './ip-range.ts';
import type { ServiceObject } from './kube-objects.ts';
import type { RequestProblem } from './load-balancer-request.ts';
import { REQUESTED_IP_ANNOTATION_PREFIX, REQUESTED_IPS_ANNOTATION } from './names.ts';
import { quote } from './problem.ts';
import type { ControllerWarning } from './reasons.ts';
import { type AnnotationText, annotation, metallbAnnotation } from './service-annotations.ts';
import { specialMeaning } from './special-ranges.ts';

/** The addresses a Service asks for by name, and what is wrong with the asking. */
export interface RequestedAddresses {
  readonly byPool: ReadonlyMap<string, readonly IpAddress[]>;
  readonly anywhere: readonly IpAddress[];
  readonly problems: readonly RequestProblem[];
}

/** More than a Service in a thousand NodePools needs. */
const MAX_PIECES = 1024;

interface Asked {
  readonly source: AnnotationText;
  readonly piece: string;
}

/**
 * Gathers `loadBalancerIP-<nodepool>`, `loadBalancerIPs`, MetalLB's `loadBalancerIPs` and `spec.loadBalancerIP`.
 * A NodePool with any mistake gets no entry in `byPool`, only its problems: half a request is not what was asked for.
 *
 * @param families the Service's, which an address must be of: kube-proxy ignores others
 */
export function decodeRequestedAddresses(service: ServiceObject, families: readonly IpFamily[]): RequestedAddresses {
  const problems: RequestProblem[] = [];
  const byPool = new Map<string, readonly IpAddress[]>();
  for (const [pool, asked] of askedByPool(service, problems)) {
    const { addresses, faults } = readAddresses(asked, families);
    for (const message of faults) problems.push({ reason: 'BadAddressAnnotation', message, nodePool: pool });
    if (faults.length === 0) byPool.set(pool, addresses);
  }
  const { addresses, faults } = readAddresses(askedAnywhere(service, problems), families);
  for (const message of faults) problems.push({ reason: anywhereReason(message), message });
  return { byPool, anywhere: faults.length === 0 ? addresses : [], problems };
}

function askedByPool(service: ServiceObject, problems: RequestProblem[]): Map<string, Asked[]> {
  const asked = new Map<string, Asked[]>();
  const add = (pool: string, one: Asked) => {
    const list = asked.get(pool);
    if (list === undefined) asked.set(pool, [one]);
    else list.push(one);
  };
  for (const key of Object.keys(service.metadata.annotations ?? {}).sort()) {
    if (!key.startsWith(REQUESTED_IP_ANNOTATION_PREFIX)) continue;
    const source = annotation(service, key);
    if (source === undefined) continue;
    const pool = key.slice(REQUESTED_IP_ANNOTATION_PREFIX.length);
    for (const piece of pieces(source, problems, pool)) add(pool, { source, piece });
  }
  const source = annotation(service, REQUESTED_IPS_ANNOTATION);
  if (source === undefined) return asked;
  for (const piece of pieces(source, problems)) {
    const equals = piece.indexOf('=');
    const pool = piece.slice(0, equals).trim();
    if (equals >= 0 && pool !== '') {
      add(pool, { source, piece: piece.slice(equals + 1).trim() });
    } else {
      const message = `${say(source)}: ${quote(piece)} names no NodePool. Write <nodepool>=<address>, separated by commas.`;
      problems.push({ reason: 'BadAddressAnnotation', message });
    }
  }
  return asked;
}

/** Splits at commas. Somebody's annotation of 256 KiB must cost neither time nor memory to speak of. */
function pieces(source: AnnotationText, problems: RequestProblem[], nodePool?: string): readonly string[] {
  const all = source.text.split(',', MAX_PIECES + 1);
  if (all.length <= MAX_PIECES) return all.map((piece) => piece.trim());
  const message = `${say(source)}: has more than ${MAX_PIECES} entries. Remove those that are not needed.`;
  problems.push({ reason: 'BadAddressAnnotation', message, ...(nodePool === undefined ? {} : { nodePool }) });
  return [];
}

function askedAnywhere(service: ServiceObject, problems: RequestProblem[]): Asked[] {
  const asked: Asked[] = [];
  const metallb = metallbAnnotation(service, 'loadBalancerIPs');
  if (metallb !== undefined) {
    for (const piece of pieces(metallb, problems)) asked.push({ source: metallb, piece });
  }
  const field: unknown = service.spec?.loadBalancerIP;
  if (typeof field === 'string' && field.trim() !== '') {
    asked.push({ source: { key: LOAD_BALANCER_IP_FIELD, text: field }, piece: field.trim() });
  }
  return asked;
}

const LOAD_BALANCER_IP_FIELD = 'spec.loadBalancerIP';

/** Which of the two "anywhere" sources a message speaks of; every message begins with its source. */
function anywhereReason(message: string): ControllerWarning {
  return message.startsWith(LOAD_BALANCER_IP_FIELD) ? 'BadLoadBalancerIP' : 'BadAddressAnnotation';
}

function readAddresses(asked: readonly Asked[], families: readonly IpFamily[]) {
  const taken = new Map<IpFamily, { address: IpAddress; source: AnnotationText }>();
  const faults: string[] = [];
  for (const { source, piece } of asked) {
    try {
      const address = parseIpAddress(piece);
      const before = taken.get(address.family);
      const meaning = specialMeaning(single(address, piece));
      if (meaning !== undefined) {
        faults.push(
          `${say(source)}: asks for ${piece}, but no Service can have ${meaning}. Ask for an address of the LAN of its NodePool.`,
        );
      } else if (!families.includes(address.family)) {
        faults.push(
          `${say(source)}: ${piece} is ${address.family}, but the Service's ipFamilies are ${families.join(', ')}. Remove it, or add the family to spec.ipFamilies.`,
        );
      } else if (before === undefined) {
        taken.set(address.family, { address, source });
      } else if (before.address.value !== address.value) {
        const first = formatIpAddress(before.address);
        const where = before.source.key === source.key ? '' : ` (the first in ${before.source.key})`;
        faults.push(
          `${say(source)}: asks for two ${address.family} addresses, ${first} and ${formatIpAddress(address)}${where}. Keep one per family.`,
        );
      }
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      faults.push(`${say(source)}: ${quote(piece)} is not an IP address. ${error.remedy}`);
    }
  }
  const addresses = [...taken.values()].map(({ address }) => address);
  return { addresses: addresses.sort((a, b) => a.family.localeCompare(b.family)), faults };
}

function single({ family, value }: IpAddress, text: string): IpRange {
  return { family, first: value, last: value, text };
}

function say({ key, text }: AnnotationText): string {
  return key === LOAD_BALANCER_IP_FIELD ? `${key} ${quote(text)}` : `annotation ${key} ${quote(text)}`;
}
