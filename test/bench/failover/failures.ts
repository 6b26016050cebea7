import type { Site } from '../../support/netns/site.ts';
import type { Contestant } from './contestant.ts';

/** A way in which an announcer can be lost, and how it comes back. */
export interface Failure {
  readonly name: string;
  /** What the design asks of the median outage, ms; with the documented tuning. */
  readonly targetMs: number;
  readonly tunedTargetMs: number;
  strike(contestant: Contestant, site: Site, node: string): Promise<void>;
  mend(contestant: Contestant, site: Site, node: string): Promise<void>;
}

const SILENT = { targetMs: 350, tunedTargetMs: 150 };

export const FAILURES: readonly Failure[] = [
  {
    name: 'kill (SIGKILL)',
    targetMs: 20,
    tunedTargetMs: 20,
    strike: (contestant, _, node) => contestant.end(node, 'SIGKILL'),
    mend: (contestant, _, node) => contestant.start(node),
  },
  {
    name: 'SIGTERM',
    targetMs: 5, // none of the questions asked each 5 ms goes without an answer
    tunedTargetMs: 5,
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
