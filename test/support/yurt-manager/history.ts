import { type KubeObject, type PoolServiceObject, type ServiceObject, silentLog } from '@openyurt/nodepool-types';
import type { ApiClient } from '../../../cloud-controller/src/kube/client.ts';
import { Informer } from '../../../cloud-controller/src/kube/informer.ts';
import { POOL_SERVICE_API } from './pool-service.ts';

const OURS = /^service\.openyurt\.io\//;

/** What a watcher saw of each object: its ingress, each text once for as long as it stood, and how often it changed. */
export class History {
  readonly #services: Informer<ServiceObject>;
  readonly #poolServices: Informer<PoolServiceObject>;
  readonly #stop = new AbortController();
  readonly #ingress = new Map<string, string[]>();
  /** Monotonic milliseconds, by object and text. */
  readonly #times = new Map<string, number[]>();
  readonly #versions = new Map<string, number>();
  readonly #ours = new Set<string>();
  #running: Promise<unknown> | undefined;

  constructor(api: ApiClient) {
    const informer = <T extends KubeObject>(apiVersion: string, kind: string, path: string) =>
      new Informer<T>(
        api,
        { path, type: { apiVersion, kind }, retryMs: { first: 5, max: 200 } },
        silentLog,
        Math.random,
      );
    this.#services = informer('v1', 'Service', '/api/v1/services');
    this.#poolServices = informer(POOL_SERVICE_API, 'PoolService', `/apis/${POOL_SERVICE_API}/poolservices`);
    this.#services.on({ changed: (_, one) => this.#note(one), removed: (_, one) => this.#end(one) });
    this.#poolServices.on({ changed: (_, one) => this.#note(one), removed: (_, one) => this.#end(one) });
  }

  async start(): Promise<void> {
    const informers = [this.#services, this.#poolServices];
    this.#running = Promise.all(informers.map((one) => one.run(this.#stop.signal)));
    await Promise.all(informers.map((one) => one.synced));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** @param object `Service/web`, `PoolService/web-shop`; `(gone)` where it went away */
  ingress(object: string): readonly string[] {
    return this.#ingress.get(object) ?? [];
  }

  /** When the object began to read so, each time. */
  times(object: string, ingress: string): number[] {
    return [...(this.#times.get(`${object} ${ingress}`) ?? [])];
  }

  /** How many states of the object were seen: what a flip costs. */
  versions(object: string): number {
    return this.#versions.get(object) ?? 0;
  }

  /** Whether a state was seen that the product wrote: it never writes a status without its condition. */
  isOurs(object: string): boolean {
    return this.#ours.has(object);
  }

  /** From here on. */
  clear(): void {
    this.#ours.clear();
    for (const [key, texts] of this.#ingress) this.#ingress.set(key, texts.slice(-1));
    this.#versions.clear();
  }

  #note(object: ServiceObject | PoolServiceObject): void {
    const entries = object.status?.loadBalancer?.ingress ?? [];
    this.#add(object, entries.map(({ ip, hostname }) => `${hostname}=${ip}`).join(' '));
    const isOurs = object.status?.conditions?.some(({ type }) => OURS.test(type));
    if (isOurs) this.#ours.add(`${object.kind}/${object.metadata.name}`);
  }

  #end(object: KubeObject): void {
    this.#add(object, '(gone)');
  }

  #add({ kind, metadata }: KubeObject, text: string): void {
    const key = `${kind}/${metadata.name}`;
    const texts = this.#ingress.get(key) ?? [];
    if (texts.at(-1) !== text) {
      texts.push(text);
      const times = this.#times.get(`${key} ${text}`) ?? [];
      this.#times.set(`${key} ${text}`, [...times, performance.now()]);
    }
    this.#ingress.set(key, texts);
    this.#versions.set(key, (this.#versions.get(key) ?? 0) + 1);
  }
}
