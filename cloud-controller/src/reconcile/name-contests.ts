import {
  ADDRESSES_ALLOCATED_CONDITION,
  decodeService,
  isManagedPoolService,
  nodePoolOfPoolService,
  type PoolServiceObject,
  selectorMatches,
  serviceOfPoolService,
} from '@openyurt/nodepool-types';
import { type Claim, isContestMessage, readContest } from '../plan/name-contest.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import type { Change } from './enqueue-on-change.ts';
import { isOfItsKind } from './load-balancer-set.ts';
import type { Sites } from './sites.ts';

interface Contest {
  readonly namespace: string;
  /** By `service nodepool`: what its labels have said. */
  readonly claims: Map<string, Claim>;
  /** Services that were told. */
  readonly told: Set<string>;
}

/**
 * PoolServices that LoadBalancerSet relabels without end, because two Services come to one name there: `a` in `b-pa` and
 * `a-b` in `pa`. Noticed by the labels, which have named both. It lasts while both Services want it.
 */
export class NameContests {
  readonly #contests = new Map<string, Contest>();

  constructor(
    private readonly cache: WorldCache,
    private readonly sites: Sites,
  ) {}

  /** @returns the Services that may gain by it, where a Service changed or went */
  see({ object, before, isGone = false }: Change): string[] {
    if (object.kind !== 'PoolService') return this.#rivals(`${object.metadata.namespace}/${object.metadata.name}`);
    if (isGone) this.#gone(object);
    const claims = [before, object].flatMap((one) => (one && isManagedPoolService(one) ? (claimOf(one) ?? []) : []));
    const [first, second] = claims;
    if (first !== undefined && second !== undefined && keyOf(first) !== keyOf(second)) this.#note(object, claims);
    return [];
  }

  #gone({ metadata }: PoolServiceObject): void {
    const key = `${metadata.namespace}/${metadata.name}`;
    const contest = this.#contests.get(key);
    if (contest !== undefined && this.#standing(metadata.name ?? '', contest).length < 2) this.#contests.delete(key);
  }

  /** Who wants the PoolService besides each other, in a fixed order; undefined where it is no contest. */
  claims(poolService: PoolServiceObject): readonly Claim[] | undefined {
    const { namespace, name = '' } = poolService.metadata;
    const contest = this.#contests.get(`${namespace}/${name}`) ?? this.#recall(poolService);
    if (contest === undefined) return undefined;
    const standing = this.#standing(name, contest);
    return standing.length < 2 ? undefined : standing;
  }

  /** @returns true the first time that it is asked for this Service */
  tells(poolService: PoolServiceObject, service: string): boolean {
    const told = this.#contests.get(`${poolService.metadata.namespace}/${poolService.metadata.name}`)?.told;
    if (told === undefined || told.has(service)) return false;
    told.add(service);
    return true;
  }

  #rivals(service: string): string[] {
    const rivals = new Set<string>();
    for (const { claims } of this.#contests.values()) {
      const services = [...claims.values()].map((claim) => claim.service);
      if (services.includes(service)) for (const other of services) if (other !== service) rivals.add(other);
    }
    return [...rivals];
  }

  /** After a restart: the condition says who they are, and that they were told. */
  #recall(poolService: PoolServiceObject): Contest | undefined {
    const condition = poolService.status?.conditions?.find(({ type }) => type === ADDRESSES_ALLOCATED_CONDITION);
    if (condition === undefined || !isContestMessage(condition)) return undefined;
    const claims = readContest(condition.message);
    return this.#note(
      poolService,
      claims,
      claims.map(({ service }) => service),
    );
  }

  #note({ metadata }: PoolServiceObject, claims: readonly Claim[], told: readonly string[] = []): Contest {
    const key = `${metadata.namespace}/${metadata.name}`;
    const contest = this.#contests.get(key) ?? {
      namespace: metadata.namespace ?? '',
      claims: new Map<string, Claim>(),
      told: new Set(told),
    };
    for (const claim of claims) contest.claims.set(keyOf(claim), claim);
    this.#contests.set(key, contest);
    return contest;
  }

  #standing(name: string, { namespace, claims }: Contest): Claim[] {
    const standing = [...claims.values()].filter((claim) => this.#stands(name, namespace, claim));
    return standing.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  /** Whether LoadBalancerSet would make a PoolService of this very name for the Service: a label edited by hand is no claim. */
  #stands(name: string, namespace: string, { service, nodePool }: Claim): boolean {
    const object = this.cache.service(service);
    const site = this.sites.all.get(nodePool);
    if (object === undefined || site === undefined || object.metadata.deletionTimestamp !== undefined) return false;
    const selector = isOfItsKind(object) ? decodeService(object).nodePoolSelector : undefined;
    const made = `${namespace}/${name}` === `${service}-${nodePool}`;
    return made && selector !== undefined && selectorMatches(selector, site.labels);
  }
}

function claimOf(poolService: PoolServiceObject): Claim | undefined {
  const service = serviceOfPoolService(poolService);
  const nodePool = nodePoolOfPoolService(poolService);
  return service === undefined || nodePool === undefined ? undefined : { service, nodePool };
}

function keyOf({ service, nodePool }: Claim): string {
  return `${service} ${nodePool}`;
}
