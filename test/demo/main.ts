import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { controlPlaneBinaries } from '../support/kube/available.ts';
import { kubeProxyProblem } from '../support/kube/kube-proxy.ts';
import { canMakeSites, reexecInUserNamespaceIfNeeded } from '../support/netns/enter.mjs';
import type { Stage } from '../support/stage.ts';
import { POOLS } from './cast.ts';
import { play } from './story.ts';
import { Timeline } from './timeline.ts';

const USAGE = `Usage: npm run demo [-- --kube] [-- --keep]

Two NodePools with the same addresses, five edge nodes and a cloud, in network namespaces of this machine: Services get addresses,
nodes are killed, the cloud link is cut and restored; each step is checked on the wire.

  --kube   on the real control plane, with HTTP through kube-proxy (npm run kube:build makes it)
  --keep   leave everything standing at the end, with commands to try, until Ctrl-C`;

const options = { kube: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } } as const;

async function main(): Promise<number> {
  let values: { kube?: boolean | undefined; keep?: boolean | undefined; help?: boolean | undefined };
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  await reexecInUserNamespaceIfNeeded();
  const missing = whatIsMissing(values.kube ?? false);
  if (missing !== undefined) {
    console.error(`The demo cannot run here: ${missing}`);
    return 1;
  }
  const stdout = process.stdout;
  const timeline = new Timeline(
    {
      write: (text) => void stdout.write(text),
      isTerminal: stdout.isTTY === true && process.env.NO_COLOR === undefined,
    },
    () => performance.now(),
  );
  timeline.heading('yurtlb: one Service, an address in each NodePool, with or without the cloud');
  const played = await play(timeline, values.kube ?? false);
  if (played !== undefined && values.keep) await keep(timeline, played.stage);
  await played?.plane?.close();
  await played?.stage.close({ keepLogs: timeline.failed > 0 });
  timeline.line();
  if (played !== undefined && timeline.failed > 0) timeline.line(`The programs' logs are kept in ${played.stage.dir}`);
  timeline.line(timeline.failed === 0 ? 'Every step held.' : `${timeline.failed} of the steps did not hold.`);
  return timeline.failed === 0 ? 0 : 1;
}

function whatIsMissing(kube: boolean): string | undefined {
  const can = canMakeSites();
  if (!can.ok) return `${can.reason}. ${can.remedy}`;
  if (!kube) return undefined;
  const binaries = controlPlaneBinaries();
  return binaries.ok ? kubeProxyProblem() : binaries.reason;
}

async function keep(timeline: Timeline, stage: Stage): Promise<void> {
  const [hangzhou] = stage.site.pools;
  const node = hangzhou?.nodes[0];
  const kubeconfig = await stage.cloud.kubeconfigFor('controller');
  timeline.heading('It stands. To try, in another terminal of this machine:');
  const enter = ownsMachine() ? '' : `nsenter -t ${process.pid} -U -m --preserve-credentials `;
  timeline.line(`  ${enter}ip netns exec ${stage.site.plan.cloudNs} kubectl --kubeconfig ${kubeconfig} get svc`);
  timeline.line(`  ${enter}ip netns exec ${hangzhou?.clientNs} arping -c 3 -I eth0 192.168.10.240`);
  timeline.line(`  ${enter}ip netns exec ${node?.ns} curl -s 127.0.0.1:10372/state`);
  timeline.line(
    `  ip -n ${stage.site.plan.cloudNs} link set ${node?.cloudPort} down     # cut ${node?.name} from the cloud`,
  );
  timeline.line(`  ls ${stage.dir}                                                  # logs and caches`);
  timeline.line(`Nodes: ${POOLS.flatMap(({ nodes }) => [...nodes]).join(', ')}. Ctrl-C ends it.`);
  await new Promise<void>((resolve) => process.once('SIGINT', resolve));
}

/** Not inside a user namespace of the demo's own, whose network namespaces other terminals do not see. */
function ownsMachine(): boolean {
  return readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)[2] === '4294967295';
}

process.exit(await main()); // a stage that failed to stand may have left a handle open
