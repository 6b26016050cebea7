import { type Condition, type LoadBalancerIngress, OUR_CONDITIONS } from '@openyurt/nodepool-types';
import { sameCondition, type WantedCondition } from './condition.ts';

/** What an object's status holds and what it shall hold. */
export interface StatusView {
  readonly ingress: readonly LoadBalancerIngress[];
  readonly conditions: readonly Condition[];
}

export interface StatusChange {
  readonly ingress: boolean;
  readonly conditions: boolean;
  /** Texts of ours that appeared and went away, `address in NodePool name`. */
  readonly given: readonly string[];
  readonly taken: readonly string[];
}

/** What a write would change. The same ingress in another order, or spelled otherwise, is a change too. */
export function diffStatus(
  now: StatusView,
  ingress: readonly LoadBalancerIngress[],
  conditions: readonly WantedCondition[],
): StatusChange {
  const changes = (type: string): boolean => {
    const ours = (all: readonly WantedCondition[]) => all.find((one) => one.type === type);
    return !sameCondition(ours(now.conditions), ours(conditions));
  };
  const had = now.ingress.map(say);
  const has = ingress.map(say);
  return {
    ingress: ingress.length !== now.ingress.length || !ingress.every((entry, at) => sameEntry(entry, now.ingress[at])),
    conditions: OUR_CONDITIONS.some(changes),
    given: has.filter((text) => !had.includes(text)),
    taken: had.filter((text) => !has.includes(text)),
  };
}

function sameEntry(a: LoadBalancerIngress, b: LoadBalancerIngress | undefined): boolean {
  return b !== undefined && a.ip === b.ip && a.hostname === b.hostname && a.ipMode === b.ipMode;
}

function say({ ip, hostname }: LoadBalancerIngress): string {
  return `${ip ?? '(no address)'} in ${hostname ?? '(no NodePool)'}`;
}
