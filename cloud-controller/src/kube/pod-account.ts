import { readFileSync } from 'node:fs';
import https from 'node:https';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { LbError } from '@openyurt/nodepool-types';
import { type Access, type CredentialSource, REFRESH_MS } from './access.ts';

/** Where the kubelet puts a Pod's service account. */
const DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The Pod's service account. Without the Kubernetes client, which reads kubeconfigs: that is most of the program's code,
 * and in a Pod nothing of it is needed.
 */
export class PodAccount implements CredentialSource {
  readonly #server: URL;
  #agent: https.Agent | undefined;
  #authority = '';
  #headers: Readonly<Record<string, string>> = {};
  #readAtMs = Number.NEGATIVE_INFINITY;

  private constructor(
    host: string,
    port: string,
    private readonly dir: string,
  ) {
    this.#server = new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
  }

  /**
   * @param env as Kubernetes sets it in each Pod
   * @returns undefined outside of a Pod, and where $KUBECONFIG names another road
   * @throws LbError `LB_NO_KUBECONFIG` where the Pod has no service account
   */
  static find(env: NodeJS.ProcessEnv, dir = DIR): PodAccount | undefined {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, KUBECONFIG } = env;
    if (!host || KUBECONFIG) return undefined;
    const account = new PodAccount(host, port || '443', dir);
    try {
      account.#read();
    } catch (cause) {
      throw new LbError(
        'LB_NO_KUBECONFIG',
        `the Pod's service account cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        'Set automountServiceAccountToken in the Pod, or name a kubeconfig with --kubeconfig FILE.',
        { cause },
      );
    }
    return account;
  }

  forget(): void {
    this.#readAtMs = Number.NEGATIVE_INFINITY;
  }

  async access(nowMs: number): Promise<Access> {
    if (nowMs - this.#readAtMs >= REFRESH_MS) {
      this.#readAtMs = nowMs;
      try {
        this.#read();
      } catch {
        // away for a moment: what was read last stays in force
      }
    }
    return { server: this.#server, agent: this.#agent ?? https.globalAgent, headers: this.#headers };
  }

  #read(): void {
    const token = readFileSync(join(this.dir, 'token'), 'utf8').trim();
    const authority = readFileSync(join(this.dir, 'ca.crt'), 'utf8');
    this.#headers = { authorization: `Bearer ${token}` };
    if (authority === this.#authority) return;
    this.#authority = authority;
    this.#agent = new https.Agent({ keepAlive: true, ca: authority });
  }
}
