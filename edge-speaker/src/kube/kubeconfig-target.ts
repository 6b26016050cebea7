import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ApiTarget, Credentials } from './api-target.ts';

/** Credential plugins are run, and token files read, again after this long. */
const REREAD_MS = 30_000;

/**
 * The current context of a kubeconfig file. A bundle of its own, loaded only when `--kubeconfig` is given: on an edge node
 * beside YurtHub its 10 MB are never paid. So no class of ours crosses this line, and errors are plain.
 *
 * @throws Error in one sentence where the file does not serve
 */
export function kubeconfigTarget(path: string): ApiTarget {
  const config = new KubeConfig();
  config.loadFromFile(path);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('it has no current context with a cluster');
  let last: Promise<Credentials> | undefined;
  let readMs = 0;
  return {
    base: new URL(cluster.server),
    credentials() {
      if (last === undefined || performance.now() - readMs >= REREAD_MS) {
        readMs = performance.now();
        last = readCredentials(config);
        last.catch(() => {
          last = undefined; // a plugin that failed is run again for the next request
        });
      }
      return last;
    },
  };
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  if (config.getCurrentCluster()?.server.startsWith('http:')) return plain(config);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name] = value;
  }
  if (typeof options.auth === 'string') headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return { headers, tls: { ca, cert, key, servername, rejectUnauthorized } as Credentials['tls'] };
}

/** The library refuses plain HTTP; YurtHub and an API server for tests speak it on purpose. */
function plain(config: KubeConfig): Credentials {
  const token = config.getCurrentUser()?.token;
  return { headers: token ? { Authorization: `Bearer ${token}` } : {}, tls: {} };
}
