import { didYouMean, LbError, SYSTEM_NAMESPACE } from '@openyurt/nodepool-types';
import { isStatus } from '../kube/api-error.ts';
import type { LoadBalancerSetMode } from '../reconcile/load-balancer-set.ts';
import { badOption, type CommandLine, parseCommandLine } from './command-line.ts';
import { HELP } from './help-text.ts';
import { formatFault } from './manifests/manifest-file.ts';
import { readManifestInput } from './manifests/manifest-input.ts';
import { configNotes } from './plan/plan-configs.ts';
import { planJson } from './plan/plan-json.ts';
import { planRows } from './plan/plan-rows.ts';
import { type Counts, PlanStage } from './plan/plan-stage.ts';
import { planTable, type Result, sayRead } from './plan/plan-text.ts';
import type { Terminal } from './terminal.ts';

const MODES: readonly LoadBalancerSetMode[] = ['auto', 'on', 'off'];

/**
 * `yurtlb plan`: which addresses Services would get, by the controller's own rules.
 *
 * @returns 0 all are served, 1 something waits or is refused, 2 a file cannot be read
 * @throws LbError `LB_BAD_OPTION`, `LB_NO_KUBECONFIG`, `LB_API_REFUSED`, `LB_API_UNREACHABLE`
 */
export async function plan(argv: readonly string[], terminal: Terminal): Promise<number> {
  const line = parseCommandLine(argv, {
    filename: { type: 'string', short: 'f', multiple: true },
    cluster: { type: 'boolean' },
    kubeconfig: { type: 'string' },
    namespace: { type: 'string', short: 'n' },
    'system-namespace': { type: 'string' },
    classless: { type: 'boolean' },
    loadbalancerset: { type: 'string' },
    all: { type: 'boolean' },
    output: { type: 'string', short: 'o' },
  });
  if (line.help) {
    terminal.out(HELP.plan);
    return 0;
  }
  const mode = check(line);
  const { files, unreadable } = await readManifestInput(line.texts('filename'), terminal);
  for (const text of unreadable) terminal.err(`yurtlb plan: ${text}`);
  if (unreadable.length > 0) return 2;
  const faults = files.flatMap((file) => file.faults);
  if (faults.length > 0) return refuse(faults.map(formatFault), terminal);
  const withCluster = line.flag('cluster') || line.text('kubeconfig') !== undefined;
  const cluster = withCluster ? await terminal.cluster(line.text('kubeconfig')) : undefined;
  const classless = line.flag('classless');
  const stage = new PlanStage({
    classless,
    loadBalancerSet: mode,
    namespace: line.text('namespace') ?? cluster?.namespace ?? 'default',
    systemNamespace: line.text('system-namespace') ?? SYSTEM_NAMESPACE,
    wallMs: terminal.wallMs(),
  });
  const manifests = files.flatMap((file) => file.manifests);
  let counts: Counts | undefined;
  if (cluster === undefined) await stage.offline(manifests);
  else counts = await stage.againstCluster(cluster, manifests).catch(explain);
  if (stage.faults.length > 0) return refuse(stage.faults.map(formatFault), terminal);
  const { rehearsal, before, places } = stage;
  const all = planRows(rehearsal, before, { classless, isChange: files.length > 0 });
  const isAll = cluster === undefined || files.length === 0 || line.flag('all');
  const result: Result = {
    ...(cluster === undefined || counts === undefined ? {} : { cluster: { server: cluster.server, counts } }),
    files,
    stage,
    all,
    shown: all.filter(({ service, rows, isWaiting }) => {
      const isQuiet = !isWaiting && rows.every(({ state }) => state === 'keeps' || state === 'not ours');
      return isAll || !isQuiet || places.has(`${service.metadata.namespace}/${service.metadata.name}`);
    }),
    configs: configNotes(rehearsal),
    classless,
  };
  if (line.text('output') === 'json') terminal.out(JSON.stringify(planJson(result), undefined, 2));
  else {
    for (const text of sayRead(result)) terminal.err(text);
    for (const text of planTable(result)) terminal.out(text);
  }
  return isServed(result) ? 0 : 1;
}

/** @throws LbError `LB_BAD_OPTION` */
function check(line: CommandLine): LoadBalancerSetMode {
  const [surplus] = line.positionals;
  if (surplus !== undefined) {
    throw badOption(`plan takes no argument ${JSON.stringify(surplus)}`, `Write -f ${surplus} for a file.`);
  }
  const files = line.texts('filename');
  if (files.length === 0 && !line.flag('cluster') && line.text('kubeconfig') === undefined) {
    throw badOption(
      'plan wants files or a cluster',
      'Name files with -f FILE, or write --cluster to read the cluster.',
    );
  }
  if (files.filter((path) => path === '-').length > 1) throw badOption('-f - is given twice', 'Give it once.');
  const output = line.text('output');
  if (output !== undefined && output !== 'json')
    throw badOption(`there is no output ${JSON.stringify(output)}`, 'Write -o json, or leave it out.');
  const written = line.text('loadbalancerset') ?? 'auto';
  const mode = MODES.find((one) => one === written);
  if (mode !== undefined) return mode;
  throw badOption(
    `--loadbalancerset ${JSON.stringify(written)} is no mode`,
    didYouMean(written, MODES).trim() || `Write ${MODES.join(', ')}.`,
  );
}

/** @throws the same, with what a plan needs */
function explain(error: unknown): never {
  if (!(error instanceof LbError) || !isStatus(error.cause, 403)) throw error;
  const what = error.message.slice(`${error.code}: `.length);
  const remedy =
    'A plan needs the verb list on services, nodes, poolservices.network.openyurt.io, nodepools.apps.openyurt.io, and on configmaps in the namespace of the controller.';
  throw new LbError(error.code, what, remedy, { cause: error.cause });
}

function refuse(faults: readonly string[], terminal: Terminal): number {
  for (const text of faults) terminal.err(text);
  terminal.err('yurtlb plan: nothing was planned, since the API server would refuse this input');
  return 1;
}

function isServed({ all, configs, files, stage }: Result): boolean {
  const isWrong = files.some(({ configProblems }) => configProblems.length > 0) || stage.problems.length > 0;
  const isRefused = configs.some(({ reason }) => reason !== 'NodeAddress');
  return !isWrong && !isRefused && all.every(({ isWaiting }) => !isWaiting);
}
