import { existsSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { LbError } from '@openyurt/nodepool-types';
import { type Access, type CredentialSource, REFRESH_MS } from './access.ts';

/** Reads kubeconfig or the Pod's service account, and reads it again as tokens and certificates rotate. */
export class Credentials implements CredentialSource {
  #access: Access | undefined;
  #material = '';
  #readAtMs = 0;

  private constructor(private readonly config: KubeConfig) {}

  /**
   * @param kubeconfig a path; undefined: `$KUBECONFIG`, `~/.kube/config` or the Pod's service account
   * @throws LbError `LB_NO_KUBECONFIG`
   */
  static load(kubeconfig: string | undefined): Credentials {
    const config = new KubeConfig();
    try {
      if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
      else if (process.env.KUBERNETES_SERVICE_HOST && !process.env.KUBECONFIG) config.loadFromCluster();
      else if (process.env.KUBECONFIG || existsSync(join(homedir(), '.kube', 'config'))) config.loadFromDefault();
      else throw new Error('neither $KUBECONFIG nor ~/.kube/config is there'); // the client would try localhost:8080
    } catch (error) {
      const [what = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1); // YAML errors quote the text
      throw unusable(kubeconfig, what, error);
    }
    const server = config.getCurrentCluster()?.server;
    if (server === undefined || !URL.canParse(server)) {
      throw unusable(kubeconfig, 'its current context names no cluster with a server');
    }
    return new Credentials(config);
  }

  /** URL of the API server, as the kubeconfig has it. */
  get server(): string {
    return this.config.getCurrentCluster()?.server ?? '';
  }

  /** Of the current context. */
  get namespace(): string {
    return this.config.getContextObject(this.config.getCurrentContext())?.namespace || 'default';
  }

  forget(): void {
    this.#readAtMs = 0;
  }

  async access(nowMs: number): Promise<Access> {
    if (this.#access !== undefined && nowMs - this.#readAtMs < REFRESH_MS) return this.#access;
    const cluster = this.config.getCurrentCluster();
    const server = new URL(cluster?.server ?? '');
    const before = this.#access;
    this.#readAtMs = nowMs;
    this.#access = server.protocol === 'http:' ? this.#plain(server, before) : await this.#secure(server, before);
    return this.#access;
  }

  #plain(server: URL, before: Access | undefined): Access {
    const token = this.config.getCurrentUser()?.token;
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    return { server, agent: before?.agent ?? new http.Agent({ keepAlive: true }), headers };
  }

  async #secure(server: URL, before: Access | undefined): Promise<Access> {
    const options: https.RequestOptions & { headers: Record<string, string> } = { headers: {} };
    await this.config.applyToHTTPSOptions(options);
    if (options.auth) options.headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers)) headers[name] = String(value).trim();
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const material = [ca, cert, key, servername, rejectUnauthorized].map(String).join('\n');
    const proxied = this.config.getCurrentCluster()?.proxyUrl !== undefined;
    if (proxied && options.agent instanceof http.Agent) return { server, agent: options.agent, headers };
    if (before !== undefined && material === this.#material) return { server, agent: before.agent, headers };
    this.#material = material;
    const agent = new https.Agent({
      keepAlive: true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    });
    return { server, agent, headers };
  }
}

function unusable(kubeconfig: string | undefined, what: string, cause?: unknown): LbError {
  return new LbError(
    'LB_NO_KUBECONFIG',
    `${kubeconfig ?? 'no kubeconfig and no service account'}: ${what}`,
    'Name a kubeconfig with --kubeconfig FILE, or run in a Pod with a service account.',
    { cause },
  );
}
