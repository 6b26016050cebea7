import { ADDRESSES_ALLOCATED_CONDITION, type Condition } from '@openyurt/nodepool-types';
import type { ServicePlan } from './plan-service.ts';
import type { SiteProblem } from './problem-text.ts';

/** A condition without its time: the writer, who has a clock, adds that. */
export type WantedCondition = Omit<Condition, 'lastTransitionTime'>;

/** How many NodePools a message speaks of: a Service may be wanted in a thousand sites, and Kubernetes caps the text. */
const MAX_LISTED = 10;

/** `service.openyurt.io/AddressesAllocated`: True when every selected NodePool has what was asked for. */
export function wantedCondition(plan: ServicePlan, generation: number | undefined): WantedCondition {
  const hard = plan.problems.find((problem) => !problem.advisory);
  const first = hard ?? plan.problems.find((problem) => !problem.isOver);
  return {
    type: ADDRESSES_ALLOCATED_CONDITION,
    status: hard === undefined ? 'True' : 'False',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    reason: first?.reason ?? 'Allocated',
    message: [summary(plan), ...texts(plan)].join(' '),
  };
}

function summary({ holdings }: ServicePlan): string {
  const pools = new Set(holdings.map(({ nodePool }) => nodePool)).size;
  return `${count(holdings.length, 'address', 'addresses')} in ${count(pools, 'NodePool', 'NodePools')}.`;
}

/** How many addresses a condition's message says the Service was given. */
export function readGiven(message: string): number {
  return Number(/^(\d{1,6}) address(?:es)? in /.exec(message)?.[1] ?? 0);
}

/** The problems that the condition tells one by one; Events are recorded for these, or one Service would fill the API with them. */
export function listedProblems({ problems }: ServicePlan): readonly SiteProblem[] {
  return problems.slice(0, MAX_LISTED);
}

function texts(plan: ServicePlan): string[] {
  const listed = listedProblems(plan);
  const rest = plan.problems.length - listed.length;
  const stated = listed.filter(({ isOver }) => !isOver).map(({ message }) => message);
  return rest > 0 ? [...stated, `And ${count(rest, 'more problem', 'more problems')}.`] : stated;
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** Whether two conditions say the same; times aside. */
export function sameCondition(a: WantedCondition | undefined, b: WantedCondition | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration
  );
}
