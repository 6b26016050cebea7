import type {
  ConfigMapObject,
  NodeObject,
  NodePoolObject,
  PoolServiceObject,
  ServiceObject,
} from '@openyurt/nodepool-types';
import type { Shape } from './shape.ts';

/** An object of a kind that the controller reads. */
export type WorldObject =
  | { readonly kind: 'Service'; readonly object: ServiceObject }
  | { readonly kind: 'PoolService'; readonly object: PoolServiceObject }
  | { readonly kind: 'NodePool'; readonly object: NodePoolObject }
  | { readonly kind: 'ConfigMap'; readonly object: ConfigMapObject }
  | { readonly kind: 'Node'; readonly object: NodeObject };

export type WorldKind = WorldObject['kind'];

export interface KindFacts {
  /** Another group's kind of the same name is another kind: Knative has Services too. */
  readonly apiVersion: RegExp;
  readonly isNamespaced: boolean;
  readonly shape: Shape;
}

/** RFC 1123, as apimachinery/pkg/util/validation has it. A name is printed as part of a command line. */
const NAME: Shape = {
  form: /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/,
  is: 'a name',
  remedy: 'Use a-z, 0-9, "-" and ".", and a letter or digit at both ends.',
};
const METADATA: Shape = {
  fields: {
    name: NAME,
    namespace: NAME,
    uid: 'text',
    creationTimestamp: 'text',
    deletionTimestamp: 'text',
    generation: 'number',
    labels: 'texts',
    annotations: 'texts',
    finalizers: { listOf: 'text' },
  },
  required: ['name'],
};
const INGRESS: Shape = { listOf: { fields: { ip: 'text', hostname: 'text', ipMode: 'text' } } };
const CONDITIONS: Shape = {
  listOf: { fields: { type: 'text', status: 'text', reason: 'text', message: 'text' }, required: ['type'] },
};
const LOAD_BALANCER_STATUS: Shape = {
  fields: { loadBalancer: { fields: { ingress: INGRESS } }, conditions: CONDITIONS },
};

const SERVICE_SPEC: Shape = {
  fields: {
    type: { oneOf: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] },
    loadBalancerClass: 'text',
    loadBalancerIP: 'text',
    selector: 'texts',
    ports: {
      listOf: { fields: { port: 'port', protocol: { oneOf: ['TCP', 'UDP', 'SCTP'] } }, required: ['port'] },
    },
    ipFamilies: { listOf: { oneOf: ['IPv4', 'IPv6'] } },
    ipFamilyPolicy: { oneOf: ['SingleStack', 'PreferDualStack', 'RequireDualStack'] },
    externalTrafficPolicy: { oneOf: ['Cluster', 'Local'] },
  },
};

const whole = (fields: Readonly<Record<string, Shape>>): Shape => ({
  fields: { metadata: METADATA, ...fields },
  required: ['metadata'],
});

export const KINDS: Readonly<Record<WorldKind, KindFacts>> = {
  Service: {
    apiVersion: /^v1$/,
    isNamespaced: true,
    shape: whole({ spec: SERVICE_SPEC, status: LOAD_BALANCER_STATUS }),
  },
  PoolService: {
    apiVersion: /^network\.openyurt\.io\//,
    isNamespaced: true,
    shape: whole({ spec: { fields: { loadBalancerClass: 'text' } }, status: LOAD_BALANCER_STATUS }),
  },
  NodePool: { apiVersion: /^apps\.openyurt\.io\//, isNamespaced: false, shape: whole({}) },
  ConfigMap: { apiVersion: /^v1$/, isNamespaced: true, shape: whole({ data: 'texts' }) },
  Node: {
    apiVersion: /^v1$/,
    isNamespaced: false,
    shape: whole({
      status: { fields: { addresses: { listOf: { fields: { type: 'text', address: 'text' } } } } },
    }),
  },
};

/** @returns undefined: another kind */
export function worldKind(apiVersion: string, kind: string): WorldKind | undefined {
  if (!Object.hasOwn(KINDS, kind)) return undefined;
  const known = kind as WorldKind;
  return KINDS[known].apiVersion.test(apiVersion) ? known : undefined;
}
