import type { Site } from '../../support/netns/site.ts';
import type { Contestant } from './contestant.ts';

/** An outage shorter than so long, or no question that nobody answered. */
export type Target = { readonly of: 'outage'; readonly belowMs: number } | { readonly of: 'lost' };

/** A way in which an announcer can be lost, and how it comes back. */
export interface Failure {
  readonly name: string;
  /** What the design asks of the median; with the documented tuning. */
  readonly target: Target;
  readonly tunedTarget: Target;
  strike(contestant: Contestant, site: Site, node: string): Promise<void>;
  mend(contestant: Contestant, site: Site, node: string): Promise<void>;
}

const below = (belowMs: number): Target => ({ of: 'outage', belowMs });
const SILENT = { target: below(350), tunedTarget: below(150) };

export const FAILURES: readonly Failure[] = [
  {
    name: 'kill (SIGKILL)',
    target: below(20),
    tunedTarget: below(20),
    strike: (contestant, _, node) => contestant.end(node, 'SIGKILL'),
    mend: (contestant, _, node) => contestant.start(node),
  },
  {
    name: 'SIGTERM',
    target: { of: 'lost' }, // none of the questions asked each 5 ms
    tunedTarget: { of: 'lost' },
    strike: (contestant, _, node) => contestant.end(node, 'SIGTERM'),
    mend: (contestant, _, node) => contestant.start(node),
  },
  {
    name: 'hang (SIGSTOP)',
    ...SILENT,
    strike: async (contestant, _, node) => void process.kill(contestant.pidOf(node), 'SIGSTOP'),
    mend: async (contestant, _, node) => void process.kill(contestant.pidOf(node), 'SIGCONT'),
  },
  {
    name: 'cable cut (carrier stays)',
    ...SILENT,
    strike: async (_, site, node) => site.cutLan(node, { how: 'blackhole' }),
    mend: async (_, site, node) => site.restoreLan(node),
  },
  {
    name: 'cable cut (carrier down)',
    ...SILENT,
    strike: async (_, site, node) => site.cutLan(node, { how: 'down' }),
    mend: async (_, site, node) => site.restoreLan(node),
  },
];
