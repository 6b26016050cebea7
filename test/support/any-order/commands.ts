import type { Family } from './family.ts';

/** What people and machines do to a cluster, as plain data: it is drawn, shrunk, printed and played again. */
export type Command =
  /** Makes the Service, or changes it into this. What the API does not let change has it made anew. */
  | { readonly kind: 'service'; readonly name: string; readonly wish: ServiceWish }
  /** Changes some of a Service, if it is there. */
  | { readonly kind: 'edit-service'; readonly name: string; readonly change: Partial<ServiceWish> }
  | { readonly kind: 'delete-service'; readonly name: string }
  /** The NodePool's ConfigMap, made or changed; `renumber`: with the annotation that lets it take addresses. */
  | { readonly kind: 'config'; readonly site: string; readonly wish: ConfigWish }
  /** A text that nobody can read. */
  | { readonly kind: 'broken-config'; readonly site: string }
  | { readonly kind: 'delete-config'; readonly site: string }
  | { readonly kind: 'node-pool'; readonly site: string; readonly tier: boolean }
  | { readonly kind: 'delete-node-pool'; readonly site: string }
  | { readonly kind: 'node'; readonly name: string; readonly ip: string }
  | { readonly kind: 'delete-node'; readonly name: string };

/**
 * How the controller that is there ends and another one begins, after the commands of a step:
 * `stop`: asked to, all is written; `away`: before the commands, so it meets them all at once;
 * `crash`: in the middle, after so many writes of that step; `handover`: to a replica that stood by.
 */
export type Restart =
  | { readonly kind: 'stop' | 'away' | 'handover' }
  | { readonly kind: 'crash'; readonly afterWrites: number };

/** Commands that come at once, no two about one object, and what else happens until all is quiet again. */
export interface Step {
  readonly commands: readonly Command[];
  readonly restart?: Restart;
  /** What becomes of the next writes: refused by the API, or done and the answer lost. */
  readonly trouble?: readonly ('ok' | 'refused' | 'lost')[];
  /** Time that passes before the commands. */
  readonly passMs?: number;
}

export interface ServiceWish {
  readonly namespace: 'default' | 'shop';
  /** `foreign`: of another class, with this address in its status; `cluster`: type ClusterIP. */
  readonly type: 'ours' | 'cluster' | { readonly foreign: string };
  /** The first one is fixed for a Service's life. */
  readonly families: readonly [Family] | readonly [Family, Family];
  readonly policy: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  /** `80/TCP` */
  readonly ports: readonly string[];
  readonly trafficPolicy: 'Cluster' | 'Local';
  /** The pods: `spec.selector.app`. */
  readonly app: string;
  readonly sharingKey?: string | undefined;
  /** Of NodePools. */
  readonly selector?: string | undefined;
  readonly addressPool?: string | undefined;
  readonly asks?: Asks | undefined;
  readonly gold: boolean;
}

/** Addresses by name: in one NodePool, or wherever a range holds them, in our words or MetalLB's. */
export interface Asks {
  readonly by: 'site' | 'sites' | 'metallb' | 'field';
  readonly site: string;
  readonly ips: readonly string[];
}

export interface ConfigWish {
  readonly pools: readonly PoolWish[];
  readonly renumber: boolean;
  readonly allowOutside: boolean;
}

export interface PoolWish {
  readonly name: string;
  readonly ranges: readonly string[];
  readonly autoAssign: boolean;
  readonly avoidBuggyIps: boolean;
  readonly priority: number;
  readonly serves: 'all' | 'gold' | 'shop';
}

/** One line for each step, to be read beside a failure. */
export function sayStep(step: Step): string {
  const { commands, restart, trouble, passMs } = step;
  const parts = commands.map(
    ({ kind, ...rest }) => `${kind} ${JSON.stringify(rest, (_, value) => (value === undefined ? 'none' : value))}`,
  );
  if (passMs) parts.unshift(`${passMs} ms pass`);
  if (trouble?.some((fate) => fate !== 'ok')) parts.push(`writes: ${trouble.join(', ')}`);
  if (restart) parts.push(restart.kind === 'crash' ? `crash after ${restart.afterWrites} writes` : restart.kind);
  return parts.join('; ') || 'nothing';
}

/** What a command is about: two of one step never are about the same. */
export function aboutOf(command: Command): string {
  switch (command.kind) {
    case 'service':
    case 'edit-service':
    case 'delete-service':
      return `service ${command.name}`;
    case 'config':
    case 'broken-config':
    case 'delete-config':
      return `config ${command.site}`;
    case 'node-pool':
    case 'delete-node-pool':
      return `node pool ${command.site}`;
    case 'node':
    case 'delete-node':
      return `node ${command.name}`;
  }
}
