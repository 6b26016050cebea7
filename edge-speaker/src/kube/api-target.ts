import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { LbError } from '@openyurt/nodepool-types';
import type { ApiTarget, Credentials, Road } from './api-road.ts';

export interface TargetOptions {
  readonly server: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The kubelet rotates a mounted token in place; it is valid for minutes after that. */
const REREAD_MS = 30_000;

/**
 * Finds the target when it is first asked for, and until it is found: a kubeconfig that is missing or half written when a
 * node boots must not keep the speaker from announcing what its cache knows, and counts as soon as it serves.
 */
export function roadTo(options: TargetOptions, env: NodeJS.ProcessEnv): Road {
  let found: ApiTarget | undefined;
  return async () => {
    found ??= await openTarget(options, env);
    return found;
  };
}

/**
 * `--server` first, then `--kubeconfig`, then what the kubelet gives a Pod.
 *
 * @throws LbError `LB_NO_KUBECONFIG`
 */
export async function openTarget(options: TargetOptions, env: NodeJS.ProcessEnv): Promise<ApiTarget> {
  if (options.server !== undefined) return serverTarget(new URL(options.server), options.tokenFile, options.caFile);
  if (options.kubeconfig !== undefined) {
    const { kubeconfigTarget } = await import('./kubeconfig-target.ts');
    try {
      return kubeconfigTarget(options.kubeconfig);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const remedy =
        'Name a readable kubeconfig whose current context is set. It is read again until it serves; meanwhile addresses are announced from the cache.';
      throw new LbError('LB_NO_KUBECONFIG', `${options.kubeconfig} cannot be used: ${why}`, remedy, { cause });
    }
  }
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (host !== undefined && host !== '') {
    const authority = host.includes(':') ? `[${host}]` : host;
    const token = options.tokenFile ?? `${SERVICE_ACCOUNT}/token`;
    return serverTarget(new URL(`https://${authority}:${port}`), token, options.caFile ?? `${SERVICE_ACCOUNT}/ca.crt`);
  }
  throw new LbError(
    'LB_NO_KUBECONFIG',
    'no API server is named and this is no Pod',
    'Give --server (on an edge node YurtHub: http://127.0.0.1:10261) or --kubeconfig FILE.',
  );
}

function serverTarget(base: URL, tokenFile: string | undefined, caFile: string | undefined): ApiTarget {
  let last: Credentials = { headers: {}, tls: caFile === undefined ? {} : { ca: readOrRefuse(caFile) } };
  let readMs = Number.NEGATIVE_INFINITY;
  return {
    base,
    async credentials() {
      if (performance.now() - readMs < REREAD_MS) return last;
      // A file that is away for a moment during rotation leaves what was read last in force.
      const [token, ca] = await Promise.all([readText(tokenFile), readText(caFile)]);
      if (token !== undefined || tokenFile === undefined) readMs = performance.now();
      last = {
        headers: token === undefined ? last.headers : { Authorization: `Bearer ${token.trim()}` },
        tls: ca === undefined ? last.tls : { ca },
      };
      return last;
    },
    forget() {
      readMs = Number.NEGATIVE_INFINITY;
    },
  };
}

async function readText(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch(() => '');
  return text === '' ? undefined : text;
}

function readOrRefuse(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LbError(
      'LB_NO_KUBECONFIG',
      `the certificate authority cannot be read: ${why}`,
      'Name a readable file with --ca-file. It is read again until it serves; meanwhile addresses are announced from the cache.',
      {
        cause,
      },
    );
  }
}
