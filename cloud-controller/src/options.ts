import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { didYouMean, LbError, parseDurationMs, SYSTEM_NAMESPACE } from '@openyurt/nodepool-types';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const LOG_FORMATS = ['json', 'text'] as const;
const LOAD_BALANCER_SET_MODES = ['auto', 'on', 'off'] as const;

/** A day: timers go no further than 24 of them. */
const MOST_COOLDOWN_MS = 1440 * 60_000;

export interface Options {
  readonly kubeconfig: string | undefined;
  readonly namespace: string;
  readonly healthAddress: { readonly host: string; readonly port: number };
  readonly classless: boolean;
  readonly loadBalancerSet: (typeof LOAD_BALANCER_SET_MODES)[number];
  readonly leaseIdentity: string;
  readonly leaseDurationMs: number;
  readonly leaseRenewMs: number;
  readonly leaseRetryMs: number;
  /** How long a released address rests before another Service gets it. */
  readonly releaseCooldownMs: number;
  readonly workers: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly logFormat: (typeof LOG_FORMATS)[number];
}

export const HELP = `Usage: yurtlb controller [OPTION...]

Gives each LoadBalancer Service an address in each NodePool and writes it to the Service's status.

Options:
      --kubeconfig FILE          default: $KUBECONFIG, or the Pod's service account
      --namespace NAME           of the address ConfigMaps and the Lease (default $POD_NAMESPACE, or ${SYSTEM_NAMESPACE})
      --health-address HOST:PORT /healthz /livez /readyz /metrics (default 0.0.0.0:10374)
      --classless                take Services without loadBalancerClass too
      --loadbalancerset MODE     yurt-manager's LoadBalancerSet: auto, on or off (default auto)
      --release-cooldown TIME    a released address rests so long before another Service gets it (default 0s)
      --lease-identity NAME      this replica (default $POD_NAME, or host name and process id)
      --lease-duration TIME      others wait so long for a dead leader (default 15s, whole seconds)
      --lease-renew TIME         a leader that can't renew for so long stops writing (default 10s)
      --lease-retry TIME         pause between tries (default 2s)
      --workers N                Services brought in line at a time (default 8)
      --log-level LEVEL          debug, info, warn or error (default info)
      --log-format FORMAT        json or text (default json)
  -h, --help                     print this`;

const TABLE = {
  kubeconfig: { type: 'string' },
  namespace: { type: 'string' },
  'health-address': { type: 'string', default: '0.0.0.0:10374' },
  classless: { type: 'boolean', default: false },
  loadbalancerset: { type: 'string', default: 'auto' },
  'release-cooldown': { type: 'string', default: '0s' },
  'lease-identity': { type: 'string' },
  'lease-duration': { type: 'string', default: '15s' },
  'lease-renew': { type: 'string', default: '10s' },
  'lease-retry': { type: 'string', default: '2s' },
  workers: { type: 'string', default: '8' },
  'log-level': { type: 'string', default: 'info' },
  'log-format': { type: 'string', default: 'json' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * Reads the arguments after `controller`.
 *
 * @returns undefined when help was asked for
 * @throws LbError `LB_BAD_OPTION`
 */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): Options | undefined {
  refuseUnknown(argv);
  const { values } = readArgs(argv);
  if (values.help) return undefined;
  const options: Options = {
    kubeconfig: values.kubeconfig,
    namespace: values.namespace ?? env.POD_NAMESPACE ?? SYSTEM_NAMESPACE,
    healthAddress:
      parseHostPort(values['health-address']) ?? bad('health-address', values['health-address'], 'HOST:PORT'),
    classless: values.classless,
    loadBalancerSet: oneOf('loadbalancerset', values.loadbalancerset, LOAD_BALANCER_SET_MODES),
    releaseCooldownMs: cooldown('release-cooldown', values['release-cooldown']),
    leaseIdentity: values['lease-identity'] ?? env.POD_NAME ?? `${hostname()}-${process.pid}`,
    leaseDurationMs: duration('lease-duration', values['lease-duration']),
    leaseRenewMs: duration('lease-renew', values['lease-renew']),
    leaseRetryMs: duration('lease-retry', values['lease-retry']),
    workers: /^[1-9]\d{0,2}$/.test(values.workers)
      ? Number(values.workers)
      : bad('workers', values.workers, 'a number from 1 to 999'),
    logLevel: oneOf('log-level', values['log-level'], LOG_LEVELS),
    logFormat: oneOf('log-format', values['log-format'], LOG_FORMATS),
  };
  const { leaseDurationMs, leaseRenewMs, leaseRetryMs } = options;
  if (leaseDurationMs < 1000 || leaseDurationMs % 1000 !== 0) {
    bad('lease-duration', values['lease-duration'], 'whole seconds: the API stores no less');
  }
  if (leaseRenewMs >= leaseDurationMs) bad('lease-renew', values['lease-renew'], 'less than --lease-duration');
  if (leaseRetryMs >= leaseRenewMs) bad('lease-retry', values['lease-retry'], 'less than --lease-renew');
  return options;
}

/** Reads `HOST:PORT`, `[V6]:PORT`; undefined for anything else. */
function parseHostPort(text: string): Options['healthAddress'] | undefined {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  return parts === null || port > 65535 ? undefined : { host: parts[1] ?? parts[2] ?? '', port };
}

function readArgs(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: TABLE, strict: true, allowPositionals: false });
  } catch (error) {
    const what = error instanceof Error ? (error.message.split('. ', 1)[0] ?? '') : String(error);
    throw new LbError('LB_BAD_OPTION', what, 'See yurtlb controller --help.');
  }
}

function refuseUnknown(argv: readonly string[]): void {
  const known = Object.keys(TABLE);
  const { tokens } = parseArgs({ args: [...argv], options: TABLE, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option' || known.includes(token.name)) continue;
    const hint = didYouMean(token.name, known).trim().replace('"', '"--');
    throw new LbError('LB_BAD_OPTION', `unknown option ${token.rawName}`, hint || 'See yurtlb controller --help.');
  }
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  return allowed.find((one) => one === value) ?? bad(name, value, allowed.join(', '));
}

function duration(name: string, text: string): number {
  const ms = parseDurationMs(text);
  return ms !== undefined && ms > 0 ? ms : bad(name, text, 'a time such as 15s or 500ms');
}

function cooldown(name: string, text: string): number {
  const ms = text === '0' ? 0 : parseDurationMs(text);
  return ms !== undefined && ms <= MOST_COOLDOWN_MS ? ms : bad(name, text, 'a time from 0s to 1440m, such as 5m');
}

function bad(name: string, value: string, wanted: string): never {
  throw new LbError(
    'LB_BAD_OPTION',
    `--${name} ${JSON.stringify(value)}: write ${wanted}`,
    'See yurtlb controller --help.',
  );
}
