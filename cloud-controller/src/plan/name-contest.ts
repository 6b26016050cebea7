import type { SiteProblem } from './problem-text.ts';

/** A Service for which LoadBalancerSet wants a PoolService, and the NodePool. */
export interface Claim {
  /** `namespace/name` */
  readonly service: string;
  readonly nodePool: string;
}

const REASON = 'NameContested';
const CLAIM = /Service (\S+) in NodePool (\S+?)(?=,| and |:)/g;

/**
 * LoadBalancerSet names PoolServices `<service>-<nodepool>`, so two Services can come to one name; it then relabels that
 * one some 70 times a second. Says it in the same words to whoever of them looks.
 */
export function nameContest(poolService: string, claims: readonly Claim[]): SiteProblem {
  const who = claims.map(({ service, nodePool }) => `Service ${service} in NodePool ${nodePool}`).join(' and ');
  return {
    nodePool: undefined,
    reason: 'NameContested',
    message: `PoolService ${poolService} is that of ${who}: LoadBalancerSet gives both this name and relabels it without end. It gets no address. Rename one of the Services, or select other NodePools.`,
  };
}

export function isContestMessage({ reason }: { readonly reason: string }): boolean {
  return reason === REASON;
}

/** Who they are, read back from a condition's message. */
export function readContest(message: string): Claim[] {
  return [...message.matchAll(CLAIM)].map(([, service = '', nodePool = '']) => ({ service, nodePool }));
}
