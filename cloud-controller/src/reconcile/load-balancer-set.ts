import {
  isManagedPoolService,
  LOAD_BALANCER_SET_FINALIZER,
  NODE_POOL_SELECTOR_ANNOTATION,
  OUR_CONDITIONS,
  type PoolServiceObject,
  type ServiceObject,
} from '@openyurt/nodepool-types';

export type LoadBalancerSetMode = 'auto' | 'on' | 'off';

/** Whose the status of a Service is. Undecided: LoadBalancerSet may be about to show itself; ask again in a moment. */
export type StatusOwner = 'ours' | 'load-balancer-set' | 'undecided';

/** What it is told of the cluster besides objects. */
export interface LoadBalancerSetGround {
  /** Whether the API serves PoolServices: without them LoadBalancerSet does not start. */
  isServed(): boolean;
  /** Monotonic. */
  nowMs(): number;
}

/** How long its finalizer is waited for on the first Service that it would take; it comes some 13 ms after the Service. */
const GRACE_MS = 1_000;
/** When to look again at a Service whose owner is undecided. */
export const ASK_AGAIN_MS = GRACE_MS + 20;

/**
 * Whether yurt-manager's LoadBalancerSet runs. It owns the status of every Service with a class and a NodePool
 * selector: two writers would fight, so there we fill its PoolServices and never write the Service.
 */
export class LoadBalancerSet {
  /** Objects that carry its finalizer or its label. */
  readonly #signs = new Set<string>();
  /** Since when a Service of its kind is there and no sign of it. */
  #askedMs: number | undefined;
  /** It had its time and gave no sign. */
  #isAbsent = false;

  constructor(
    private readonly mode: LoadBalancerSetMode,
    private readonly ground: LoadBalancerSetGround,
  ) {}

  get runs(): boolean {
    return this.mode === 'on' || (this.hasShown && this.ground.isServed());
  }

  /** Whether something of it is there, under auto: all that is left may be finalizers, the CRD gone with yurt-manager. */
  get hasShown(): boolean {
    return this.mode === 'auto' && this.#signs.size > 0;
  }

  /**
   * @param isGone the object is no longer there
   * @returns true when it is the first sign that it runs, or was the last
   */
  notice(object: ServiceObject | PoolServiceObject, isGone = false): boolean {
    const { namespace, name, finalizers } = object.metadata;
    const key = `${object.kind} ${namespace}/${name}`;
    const isSign =
      !isGone && (finalizers?.includes(LOAD_BALANCER_SET_FINALIZER) === true || isManagedPoolService(object));
    const before = this.#signs.size > 0;
    if (isSign) this.#signs.add(key);
    else this.#signs.delete(key);
    if (before === this.#signs.size > 0) return false;
    this.#askedMs = undefined;
    this.#isAbsent = false;
    return this.mode === 'auto';
  }

  /** Whose status this is. A Service without class (`--classless`) is never its business. */
  ownerOf(service: ServiceObject): StatusOwner {
    if (!isOfItsKind(service) || this.mode === 'off') return 'ours';
    if (this.runs) return 'load-balancer-set';
    if (!this.ground.isServed() || this.#isAbsent) return 'ours';
    this.#askedMs ??= this.ground.nowMs();
    // it would have put its finalizer on a Service that we have written, long ago
    this.#isAbsent = isWrittenByUs(service) || this.ground.nowMs() - this.#askedMs >= GRACE_MS;
    return this.#isAbsent ? 'ours' : 'undecided';
  }

  /** Whether the status of this Service is its business for sure. */
  owns(service: ServiceObject): boolean {
    return this.runs && this.ownerOf(service) === 'load-balancer-set';
  }
}

/** A class and a selector that is not empty; blanks are not empty to it (OpenYurt's predicate.go). */
export function isOfItsKind({ metadata, spec }: ServiceObject): boolean {
  const selector = metadata.annotations?.[NODE_POOL_SELECTOR_ANNOTATION] ?? '';
  return spec?.loadBalancerClass !== undefined && selector !== '';
}

/** Whether its status was ever ours to write. */
export function isWrittenByUs({ status }: ServiceObject): boolean {
  return status?.conditions?.some(({ type }) => OUR_CONDITIONS.includes(type)) ?? false;
}
