import {
  type KubeObject,
  type NodePoolObject,
  type PoolServiceObject,
  type ServiceObject,
  serviceKey,
  VERSION,
} from '@openyurt/nodepool-types';
import type { ClusterLists } from './cluster-reader.ts';
import { badOption, parseCommandLine } from './command-line.ts';
import { HELP } from './help-text.ts';
import { type InForce, readInForce, type ServiceInForce } from './in-force.ts';
import { formatFault } from './manifests/manifest-file.ts';
import { readManifestInput } from './manifests/manifest-input.ts';
import { withoutNulls } from './manifests/shape.ts';
import { pinAnnotations } from './pins.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

const OUTPUTS = ['yaml', 'patch'];
/** As many foreign entries are named; the rest is a number. */
const MAX_NAMED = 10;
const DEFAULT_NAMESPACE = 'default';

/**
 * `yurtlb export`: the addresses in force, as annotations that ask for them.
 *
 * @returns 0; of files: 1 they are no manifests, 2 one cannot be read
 * @throws LbError `LB_BAD_OPTION`, `LB_NO_KUBECONFIG`, `LB_API_REFUSED`, `LB_API_UNREACHABLE`
 */
export async function exportAddresses(argv: readonly string[], terminal: Terminal): Promise<number> {
  const line = parseCommandLine(argv, {
    filename: { type: 'string', short: 'f', multiple: true },
    kubeconfig: { type: 'string' },
    namespace: { type: 'string', short: 'n' },
    'all-namespaces': { type: 'boolean', short: 'A' },
    output: { type: 'string', short: 'o' },
  });
  if (line.help) {
    terminal.out(HELP.export);
    return 0;
  }
  const [surplus] = line.positionals;
  if (surplus !== undefined) throw badOption(`export takes no argument ${JSON.stringify(surplus)}`, 'Remove it.');
  const output = line.text('output');
  if (output !== undefined && !OUTPUTS.includes(output)) {
    throw badOption(`there is no output ${JSON.stringify(output)}`, 'Write -o yaml or -o patch, or leave it out.');
  }
  const all = line.flag('all-namespaces');
  if (all && line.text('namespace') !== undefined) {
    throw badOption('-n and -A exclude each other', 'Give one of them.');
  }
  const files = line.texts('filename');
  if (files.length > 0 && line.text('kubeconfig') !== undefined) {
    throw badOption('-f and --kubeconfig exclude each other', 'Give one of them.');
  }
  const lists = files.length > 0 ? await readDump(files, terminal) : await terminal.cluster(line.text('kubeconfig'));
  if (typeof lists === 'number') return lists;
  // a dump has the namespaces that it has
  const isAll = all || (files.length > 0 && line.text('namespace') === undefined);
  const inForce = await read(lists, isAll ? undefined : (line.text('namespace') ?? lists.namespace));
  for (const text of format(inForce, output)) terminal.out(text);
  complain(inForce, terminal);
  return 0;
}

async function read(cluster: ClusterLists, namespace: string | undefined): Promise<InForce> {
  const nodePools = await cluster.nodePools();
  const poolServices = await cluster.poolServices(namespace);
  const services = await cluster.services(namespace);
  return readInForce(services, poolServices, new Set(nodePools.map(({ metadata }) => metadata?.name ?? '')));
}

/** What was dumped of a cluster before, statuses and all. @returns the exit code where that can't be read */
async function readDump(paths: readonly string[], terminal: Terminal): Promise<ClusterLists | number> {
  const { files, unreadable } = await readManifestInput(paths, terminal);
  const faults = files.flatMap((file) => file.faults);
  for (const text of [...unreadable.map((one) => `yurtlb export: ${one}`), ...faults.map(formatFault)])
    terminal.err(text);
  if (unreadable.length > 0) return 2;
  const services: ServiceObject[] = [];
  const poolServices: PoolServiceObject[] = [];
  const nodePools: NodePoolObject[] = [];
  for (const { kind, object } of files.flatMap(({ manifests }) => manifests)) {
    if (kind === 'Service') services.push(inNamespace(object));
    else if (kind === 'PoolService') poolServices.push(inNamespace(object));
    else if (kind === 'NodePool') nodePools.push(object);
  }
  if (faults.length === 0 && nodePools.length === 0) {
    terminal.err(
      'yurtlb export: no NodePool is among the files, so no entry is known for ours: dump "kubectl get services,nodepools -A -o yaml"',
    );
  }
  if (faults.length > 0 || nodePools.length === 0) return 1;
  const inside = <T extends { metadata: { namespace?: string } }>(all: readonly T[], namespace: string | undefined) =>
    all.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  return {
    namespace: DEFAULT_NAMESPACE,
    services: async (namespace) => inside(services, namespace),
    poolServices: async (namespace) => inside(poolServices, namespace),
    nodePools: async () => nodePools,
  };
}

/** As the API server would have it: in the namespace where kubectl puts what names none. */
function inNamespace<T extends KubeObject>(written: T): T {
  const object = withoutNulls(written);
  return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace || DEFAULT_NAMESPACE } };
}

function format({ services }: InForce, output: string | undefined): string[] {
  if (output === 'yaml') return [YAML_HEAD, ...services.map(manifest)];
  if (output === 'patch') return services.map(command);
  return table(
    ['NAMESPACE', 'SERVICE', 'NODEPOOL', 'ADDRESSES', 'PINNED'],
    services.flatMap(({ service: { metadata }, held }) =>
      held.map(({ nodePool, addresses, isPinned }) => [
        metadata.namespace ?? '',
        metadata.name ?? '',
        nodePool,
        addresses.join(','),
        isPinned ? 'yes' : 'no',
      ]),
    ),
    'no Service has an address of a NodePool',
  );
}

const YAML_HEAD = `# The addresses in force, by yurtlb ${VERSION}: a patch for the manifests that the Services come from. In a kustomization:
#   patches: [{path: addresses.yaml}]
# Not for "kubectl apply", which takes it for the whole of each Service. To annotate the Services now: yurtlb export -o patch | sh`;

/** A name or an address in quotes is the same in YAML and JSON. */
function manifest(found: ServiceInForce): string {
  const { metadata } = found.service;
  const annotations = Object.entries(pinAnnotations(found));
  return `---
apiVersion: v1
kind: Service
metadata:
  name: ${JSON.stringify(metadata.name ?? '')}
  namespace: ${JSON.stringify(metadata.namespace ?? '')}
  annotations:
${annotations.map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join('\n')}`;
}

/** A line for a shell. What stands in it are names and addresses, and a text that somebody wrote into `loadBalancerIPs`. */
function command(found: ServiceInForce): string {
  const { namespace, name } = found.service.metadata;
  const patch = JSON.stringify({ metadata: { annotations: pinAnnotations(found) } });
  return `kubectl --namespace ${namespace} patch service ${name} --type merge --patch '${patch.replaceAll("'", "'\\''")}'`;
}

function complain({ services, foreign }: InForce, terminal: Terminal): void {
  if (foreign.length === 0) return;
  const more = foreign.length > MAX_NAMED ? ` and ${foreign.length - MAX_NAMED} more` : '';
  terminal.err(
    `yurtlb export: left out, since they name no NodePool: ${foreign.slice(0, MAX_NAMED).join(', ')}${more}`,
  );
  const named = new Set(services.map(({ service }) => serviceKey(service)));
  if (foreign.some((one) => !named.has(one.slice(0, one.indexOf(' ')))))
    terminal.err('yurtlb export: annotate those Services service.openyurt.io/adopt=true to have them taken over');
}
