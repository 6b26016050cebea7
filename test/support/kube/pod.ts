import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../cloud-controller/bin/yurtlb.mjs', import.meta.url));

/** A folder of the host as the Pod sees it. */
export interface Mount {
  readonly from: string;
  /** below /etc, /run or /var/lib */
  readonly to: string;
}

/** What a kubelet would make of a container of our manifests. */
export interface PodSpec {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly user: number;
  /** Without the prefix CAP_; all others are dropped. */
  readonly capabilities: readonly string[];
}

/** The parts of an apps/v1 Deployment or DaemonSet that are read here. */
export interface Workload {
  spec: {
    template: {
      spec: {
        containers: {
          args: string[];
          env?: { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[];
          securityContext: { runAsUser: number; capabilities: { add?: string[] } };
        }[];
      };
    };
  };
}

/** @param fields values of the downward API by path, e.g. `spec.nodeName` */
export function podSpec(
  workload: Workload,
  fields: Readonly<Record<string, string>>,
  mounts: readonly Mount[],
): PodSpec {
  const [container] = workload.spec.template.spec.containers;
  if (container === undefined) throw new Error('the workload has no container');
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of container.env ?? []) {
    const path = valueFrom?.fieldRef?.fieldPath ?? '';
    const known = value ?? fields[path];
    if (known === undefined) throw new Error(`no value for the field ${path} of ${name}`);
    env[name] = known;
  }
  const args = container.args.map((arg) => arg.replace(/\$\((\w+)\)/g, (whole, name: string) => env[name] ?? whole));
  const { runAsUser: user, capabilities } = container.securityContext;
  return { args, env, mounts, user, capabilities: capabilities.add ?? [] };
}

/**
 * The words that run a program of ours as that container would run: its user, its capabilities, its mounts. To be run by
 * `ip netns exec`, whose mount namespace keeps the mounts from the host. Empty folders stand over /etc, /run and /var/lib.
 */
export function podCommand({ args, env, mounts, user, capabilities }: PodSpec): { command: string; args: string[] } {
  const caps = ['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(',');
  const script = [
    'set -e',
    // Sources may lie under /run; a second road to them must be open before it is covered.
    'mount -t tmpfs tmpfs /mnt',
    ...mounts.flatMap(({ from }, i) => [`mkdir /mnt/${i}`, `mount --bind ${quoted(from)} /mnt/${i}`]),
    ...['/etc', '/run', '/var/lib'].map((dir) => `mount -t tmpfs tmpfs ${dir}`),
    ...mounts.flatMap(({ to }, i) => [`mkdir -p ${quoted(to)}`, `mount --bind /mnt/${i} ${quoted(to)}`]),
    `exec setpriv --reuid ${user} --regid ${user} --clear-groups --inh-caps ${caps} --bounding-set ${caps} --no-new-privs "$@"`,
  ].join('\n');
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const program = [process.execPath, PROGRAM, ...args];
  return {
    command: 'sh',
    args: ['-c', script, 'pod', 'env', '-i', `PATH=${process.env.PATH}`, ...variables, ...program],
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
