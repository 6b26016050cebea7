import { parseArgs } from 'node:util';
import {
  HEALTH_PORT,
  LbError,
  LOCAL_API_PORT,
  nearest,
  SESSION_PORT,
  SYSTEM_NAMESPACE,
} from '@openyurt/nodepool-types';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
const LOG_FORMATS = ['json', 'text'] as const;

/** Where a server listens. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What the command line says, checked. */
export interface SpeakerOptions {
  readonly nodeName: string;
  readonly server: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
  readonly namespace: string;
  readonly cacheDir: string;
  readonly poolKeyDir: string;
  readonly sessionPort: number;
  readonly healthAddress: HostPort;
  /** undefined: there is no local API. */
  readonly localApiAddress: HostPort | undefined;
  /** Default of `interfaces` in `data.site`. */
  readonly interfaces: readonly string[];
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly logFormat: (typeof LOG_FORMATS)[number];
}

interface Flag {
  readonly value: string;
  readonly text: string;
  readonly fallback?: string;
}

/** Every flag, once; `docs/reference/speaker-flags.md` lists the same, held equal by a test. */
export const FLAGS: Readonly<Record<string, Flag>> = {
  'node-name': { value: 'NAME', text: "the Node's name in Kubernetes (default: environment NODE_NAME)" },
  server: { value: 'URL', text: 'API server; on an edge node YurtHub: http://127.0.0.1:10261' },
  kubeconfig: { value: 'FILE', text: 'instead of --server; without both: the ServiceAccount of the Pod' },
  'token-file': { value: 'FILE', text: 'bearer token for --server; read again when it is rotated' },
  'ca-file': { value: 'FILE', text: 'certificate authority for --server' },
  namespace: { value: 'NAME', text: "namespace of the NodePools' ConfigMaps", fallback: SYSTEM_NAMESPACE },
  'cache-dir': { value: 'DIR', text: 'where the autonomy cache is kept', fallback: '/var/lib/yurtlb' },
  'pool-key-dir': { value: 'DIR', text: 'where the pool keys are mounted', fallback: '/etc/yurtlb/pool-key' },
  'session-port': { value: 'PORT', text: 'TCP and UDP port of the pool session', fallback: String(SESSION_PORT) },
  'health-address': {
    value: 'HOST:PORT',
    text: '/livez /readyz /metrics /state',
    fallback: `127.0.0.1:${HEALTH_PORT}`,
  },
  'local-api-address': {
    value: 'HOST:PORT',
    text: 'read-only Kubernetes API for kubectl on this node, loopback only; off: none',
    fallback: `127.0.0.1:${LOCAL_API_PORT}`,
  },
  interfaces: { value: 'NAMES', text: 'interfaces to announce on, comma-separated, * allowed; data.site goes before' },
  'log-level': { value: 'LEVEL', text: LOG_LEVELS.join(', '), fallback: 'info' },
  'log-format': { value: 'FORMAT', text: LOG_FORMATS.join(' or '), fallback: 'json' },
};

export const USAGE = `Usage: yurtlb speaker [flags]

Answers ARP for the Service addresses of this node's NodePool, together with the NodePool's other nodes,
with or without the cloud.

${Object.entries(FLAGS)
  .map(([name, { value, text, fallback }]) => {
    return `  ${`--${name} ${value}`.padEnd(28)}${text}${fallback === undefined ? '' : ` (default: ${fallback})`}\n`;
  })
  .join('')}  ${'--help'.padEnd(28)}this page
`;

/**
 * @returns `help` where it was asked for
 * @throws LbError `LB_BAD_OPTION`
 */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): SpeakerOptions | 'help' {
  const values = parseFlags(argv);
  if (values === 'help') return 'help';
  const text = (name: string): string | undefined => values.get(name) ?? FLAGS[name]?.fallback;
  const required = (name: string): string => text(name) ?? '';
  const nodeName = text('node-name') ?? env.NODE_NAME ?? '';
  if (nodeName === '') {
    throw bad('the name of this node is not known', 'Give --node-name, or NODE_NAME from the field spec.nodeName.');
  }
  return {
    nodeName,
    server: checkedServer(text('server')),
    kubeconfig: text('kubeconfig'),
    tokenFile: text('token-file'),
    caFile: text('ca-file'),
    namespace: required('namespace'),
    cacheDir: required('cache-dir'),
    poolKeyDir: required('pool-key-dir'),
    sessionPort: checkedPort('session-port', required('session-port')),
    healthAddress: checkedAddress(required('health-address')),
    localApiAddress: checkedLoopback(required('local-api-address')),
    interfaces: (text('interfaces') ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    logLevel: oneOf('log-level', required('log-level'), LOG_LEVELS),
    logFormat: oneOf('log-format', required('log-format'), LOG_FORMATS),
  };
}

function parseFlags(argv: readonly string[]): Map<string, string> | 'help' {
  const names = Object.keys(FLAGS);
  const options = Object.fromEntries([
    ...names.map((name) => [name, { type: 'string' as const }]),
    ['help', { type: 'boolean' as const, short: 'h' }],
  ]);
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw bad(`${JSON.stringify(token.value)} is no flag`, 'See yurtlb speaker --help.');
    if (token.kind !== 'option') continue;
    if (token.name === 'help' || token.rawName === '-h') return 'help';
    if (!names.includes(token.name)) {
      const meant = nearest(token.name, names);
      const remedy = meant === undefined ? 'See yurtlb speaker --help.' : `Did you mean --${meant}?`;
      throw bad(`there is no flag ${token.rawName}`, remedy);
    }
    if (token.value === undefined || token.value === '') {
      throw bad(`${token.rawName} needs a value`, `Write ${token.rawName} ${FLAGS[token.name]?.value}.`);
    }
    values.set(token.name, token.value);
  }
  return values;
}

function checkedServer(server: string | undefined): string | undefined {
  if (server === undefined) return undefined;
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return server;
  throw bad(`--server ${JSON.stringify(server)} is no URL`, 'Write for example http://127.0.0.1:10261.');
}

function checkedPort(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw bad(`--${name} ${JSON.stringify(text)} is no port`, 'Write a number from 1 to 65535.');
}

function checkedAddress(address: string): HostPort {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const port = Number(parts?.[3]);
  if (parts !== null && port <= 65535) return { host: parts[1] ?? parts[2] ?? '', port };
  throw bad(`${JSON.stringify(address)} is no HOST:PORT`, 'Write for example 127.0.0.1:10372.');
}

/** It has no users and no passwords, so nobody beyond this node may reach it. */
function checkedLoopback(address: string): HostPort | undefined {
  if (address === 'off') return undefined;
  const checked = checkedAddress(address);
  if (/^(localhost|::1|127(\.\d{1,3}){3})$/.test(checked.host)) return checked;
  throw bad(
    `--local-api-address ${JSON.stringify(address)} is no loopback address`,
    `Write 127.0.0.1:${LOCAL_API_PORT}, or off: whoever reaches it may read.`,
  );
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found !== undefined) return found;
  throw bad(`--${name} ${JSON.stringify(text)} is unknown`, `Write one of ${allowed.join(', ')}.`);
}

function bad(what: string, remedy: string): LbError {
  return new LbError('LB_BAD_OPTION', what, remedy);
}
