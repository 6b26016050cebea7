import {
  type AddressConfig,
  type AddressPool,
  DEFAULT_SITE_CONFIG,
  decodeService,
  LOAD_BALANCER_CLASS,
  type LoadBalancerIngress,
  type LoadBalancerRequest,
  parseIpRange,
  parseLabelSelector,
  type ServiceObject,
} from '@openyurt/nodepool-types';
import { AddressBook } from '../../../cloud-controller/src/ipam/address-book.ts';
import { NONE_EVICTED, planService, type ServicePlan } from '../../../cloud-controller/src/plan/plan-service.ts';
import type { PlanWorld, Site } from '../../../cloud-controller/src/plan/select-pools.ts';

export interface PoolSpec {
  readonly name?: string;
  readonly addresses: readonly string[];
  readonly auto?: boolean;
  readonly avoidBuggy?: boolean;
  readonly priority?: number;
  readonly namespaces?: readonly string[];
  /** In the text form of Kubernetes. */
  readonly selectors?: readonly string[];
}

export function config(pools: readonly PoolSpec[], outside = false): AddressConfig {
  return {
    pools: pools.map(
      ({ name = 'default', addresses, auto = true, avoidBuggy = false, ...rest }): AddressPool => ({
        name,
        ranges: addresses.map(parseIpRange),
        autoAssign: auto,
        avoidBuggyIps: avoidBuggy,
        priority: rest.priority ?? 0,
        namespaces: rest.namespaces ?? [],
        serviceSelectors: (rest.selectors ?? []).map(parseLabelSelector),
      }),
    ),
    site: { ...DEFAULT_SITE_CONFIG, allowOutsideRanges: outside },
  };
}

export interface ServiceSpec {
  readonly name?: string;
  readonly namespace?: string;
  readonly ports?: readonly (number | string)[];
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly spec?: ServiceObject['spec'];
  readonly ingress?: readonly LoadBalancerIngress[];
  readonly createdSecond?: number;
}

export function service({
  name = 'web',
  namespace = 'default',
  ports = [80],
  annotations = {},
  labels = {},
  spec = {},
  ingress = [],
  createdSecond = 0,
}: ServiceSpec): ServiceObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace,
      uid: namespace === 'default' ? `uid-${name}` : `uid-${namespace}-${name}`,
      resourceVersion: '1',
      creationTimestamp: new Date(1_700_000_000_000 + createdSecond * 1000).toISOString(),
      annotations,
      labels,
    },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: LOAD_BALANCER_CLASS,
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: ports.map((port) => {
        const [number = '', protocol = 'TCP'] = String(port).split('/');
        return { port: Number(number), protocol };
      }),
      ...spec,
    },
    status: { loadBalancer: { ingress: [...ingress] } },
  };
}

/** A cluster in memory: NodePools, their configuration, and Services planned one by one as the controller would. */
export class World {
  readonly book = new AddressBook();
  readonly sites = new Map<string, Site>();
  readonly known = new Set<string>();
  readonly evicted = new Map<string, ServicePlan['evicted']>();

  site(
    name: string,
    pools: readonly PoolSpec[] | Site['config'],
    labels: Record<string, string> = {},
    outside = false,
  ): this {
    const state = typeof pools === 'string' ? pools : 'in-force';
    this.sites.set(name, { name, labels, config: state });
    this.known.add(name);
    this.book.configure(name, typeof pools === 'string' ? undefined : config(pools, outside));
    return this;
  }

  plan(spec: ServiceSpec, chosen?: readonly string[]): ServicePlan {
    return this.planRequest(decodeService(service(spec)), chosen);
  }

  planRequest(request: LoadBalancerRequest, chosen?: readonly string[]): ServicePlan {
    const world: PlanWorld = { book: this.book, sites: this.sites, isNodePool: (name) => this.known.has(name), chosen };
    const plan = planService(request, world, this.evicted.get(request.key) ?? NONE_EVICTED);
    this.evicted.set(request.key, plan.evicted);
    return plan;
  }
}

/** `<nodepool>=<ip>`; entries of others as `!<ip>`. */
export function said(plan: ServicePlan): string[] {
  return plan.ingress.map(({ ip, hostname, ipMode }) => (ipMode === 'VIP' ? `${hostname}=${ip}` : `!${ip}`));
}

/** `<nodepool>:<reason>`, `*` for the whole Service; advisory ones in parentheses. */
export function reasons(plan: ServicePlan): string[] {
  return plan.problems.map(({ nodePool = '*', reason, advisory }) =>
    advisory ? `(${nodePool}:${reason})` : `${nodePool}:${reason}`,
  );
}
