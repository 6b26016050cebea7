import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { dirname } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { ApiTarget, Credentials } from './api-road.ts';

/** The file is read, and credential plugins are run, again after this long. */
const REREAD_MS = 30_000;

/**
 * The current context of a kubeconfig file. A bundle of its own, loaded only when `--kubeconfig` is given: on an edge node
 * beside YurtHub its 10 MB are never paid. So no class of ours crosses this line, and errors are plain.
 *
 * @throws Error in one sentence where the file does not serve
 */
export function kubeconfigTarget(path: string): ApiTarget {
  let { config, base } = load(path);
  let last: Promise<Credentials> | undefined;
  let readMs = performance.now();
  return {
    get base() {
      return base;
    },
    credentials() {
      const isOld = performance.now() - readMs >= REREAD_MS;
      if (last !== undefined && !isOld) return last;
      if (isOld) {
        readMs = performance.now();
        try {
          ({ config, base } = load(path));
        } catch {
          // half written, or away for a moment: what was read last stays in force
        }
      }
      last = readCredentials(config);
      last.catch(() => {
        last = undefined; // a plugin that failed is run again for the next request
      });
      return last;
    },
    forget() {
      readMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function load(path: string): { config: KubeConfig; base: URL } {
  const config = new KubeConfig();
  // kubectl's `tokenFile` goes by another name in the library.
  config.loadFromString(readFileSync(path, 'utf8').replace(/(["']?)\btokenFile\1\s*:/g, '$1token-file$1:'));
  config.makePathsAbsolute(dirname(path));
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('it has no current context with a cluster');
  return { config, base: new URL(cluster.server) };
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  if (config.getCurrentCluster()?.server.startsWith('http:')) return plain(config);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name] = value.trim();
  }
  if (typeof options.auth === 'string') headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return { headers, tls: { ca, cert, key, servername, rejectUnauthorized } as Credentials['tls'] };
}

/** The library refuses plain HTTP; YurtHub and an API server for tests speak it on purpose. */
function plain(config: KubeConfig): Credentials {
  const token = config.getCurrentUser()?.token?.trim();
  return { headers: token ? { Authorization: `Bearer ${token}` } : {}, tls: {} };
}
