import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { addBuiltinResources } from './builtin-resources.ts';
import { addDefinitions } from './custom-resources.ts';
import { Faults } from './faults.ts';
import { Handler } from './handler.ts';
import { type Fields, fieldsOf, type KubeObject, textOf } from './object.ts';
import { Reads } from './reads.ts';
import { RequestLog } from './request-log.ts';
import { apiVersionOf, Registry, type UserInfo, type View } from './resources.ts';
import { Store } from './store.ts';
import { Watches } from './watches.ts';
import { Writes } from './writes.ts';

export interface ApiServerOptions {
  /** default 127.0.0.1 */
  host?: string;
  /** default 0: any free one */
  port?: number;
  /** PEM texts; absent: plain HTTP */
  tls?: { key: string; cert: string };
  /** Token → who it is. Where given, a request without one of them gets 401. */
  tokens?: Readonly<Record<string, UserInfo>>;
  /** CustomResourceDefinition objects to begin with; more can be posted later */
  crds?: readonly Fields[];
  /** cluster addresses of Services, the primary family first; default 10.96.0.0/12 alone */
  serviceCidrs?: readonly string[];
  /** first and last; default 30000 to 32767 */
  nodePorts?: readonly [number, number];
  /** changes kept per resource for watches that resume; default 20,000 */
  historyLimit?: number;
  /** how often a watch that asked for bookmarks gets one; default 60,000 */
  bookmarkMs?: number;
}

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const REQUESTS_KEPT = 50_000;

/**
 * A Kubernetes API server in this process, for those who have no cluster: storage with one revision counter, watches,
 * Services with their defaults and allocations, custom resources. Held to kube-apiserver's behaviour by the contract
 * suite in test/contract. Not there: server-side apply, RBAC, admission, webhooks, garbage collection by owner.
 */
export class ApiServer {
  readonly faults = new Faults();
  readonly requests = new RequestLog(REQUESTS_KEPT);
  readonly watches: Watches;
  readonly store: Store;
  private readonly registry: Registry;
  private readonly writes: Writes;
  private readonly http: Server;
  private readonly sockets = new Set<Socket>();
  private address: AddressInfo | undefined;

  private constructor(private readonly options: ApiServerOptions) {
    this.store = new Store(options.historyLimit ?? 20_000);
    this.registry = new Registry(this.store);
    addBuiltinResources(this.registry, {
      serviceCidrs: options.serviceCidrs ?? ['10.96.0.0/12'],
      nodePorts: options.nodePorts ?? [30000, 32767],
    });
    addDefinitions(this.registry);
    this.writes = new Writes(this.registry);
    this.watches = new Watches(this.registry, options.bookmarkMs);
    const handler = new Handler({
      registry: this.registry,
      reads: new Reads(this.registry),
      writes: this.writes,
      watches: this.watches,
      faults: this.faults,
      log: this.requests,
      tokens: options.tokens === undefined ? undefined : new Map(Object.entries(options.tokens)),
    });
    const listener = (...[request, response]: Parameters<Handler['handle']>) => void handler.handle(request, response);
    this.http = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
    this.http.keepAliveTimeout = 120_000;
    this.http.requestTimeout = 0;
    this.http.on('connection', (socket) => {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.populate();
  }

  /** @throws the system's error when the port is taken */
  static async start(options: ApiServerOptions = {}): Promise<ApiServer> {
    const server = new ApiServer(options);
    await server.acceptConnections();
    return server;
  }

  /** e.g. `http://127.0.0.1:40123`; stays the same while connections are refused */
  get url(): string {
    const { address = '', port = 0, family = '' } = this.address ?? {};
    const scheme = this.options.tls === undefined ? 'http' : 'https';
    return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  get port(): number {
    return this.address?.port ?? 0;
  }

  /** Closes the port and hangs up on everybody: from now on connections are refused. */
  async refuseConnections(): Promise<void> {
    if (!this.http.listening) return;
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Listens, again on the same port after {@link refuseConnections}. */
  async acceptConnections(): Promise<void> {
    const port = this.address?.port ?? this.options.port ?? 0;
    await new Promise<void>((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen(port, this.options.host ?? '127.0.0.1', () => {
        this.http.off('error', reject);
        resolve();
      });
    });
    this.address = this.http.address() as AddressInfo;
  }

  async stop(): Promise<void> {
    this.faults.clear();
    await this.refuseConnections();
  }

  /**
   * Creates an object without HTTP, by the same rules; a status in it is written too.
   *
   * @throws StatusError as the API would answer
   */
  create(object: Fields): KubeObject {
    const view = this.viewOf(object);
    const { namespace, name } = fieldsOf(object.metadata);
    const home = view.strategy.namespaced ? textOf(namespace) || 'default' : undefined;
    const target = { view, namespace: home, name: '', subresource: '' };
    const created = this.writes.create(target, object, { dryRun: false }).object;
    if (object.status === undefined || !view.strategy.statusSubresource) return created;
    const body = { ...view.encode(created), status: object.status };
    return this.writes.update({ ...target, name: textOf(name) || created.metadata.name, subresource: 'status' }, body, {
      dryRun: false,
    }).object;
  }

  /** Every stored object of a resource, e.g. `services` or `nodepools.apps.openyurt.io`. */
  objects(id: string): readonly KubeObject[] {
    return [...this.store.shelf(id).list()];
  }

  private viewOf(object: Fields): View {
    const view = this.registry.all().find((v) => v.kind === object.kind && apiVersionOf(v) === object.apiVersion);
    if (view === undefined) throw new Error(`no resource serves ${textOf(object.apiVersion)} ${textOf(object.kind)}`);
    return view;
  }

  private populate(): void {
    for (const name of NAMESPACES) this.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    this.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { component: 'apiserver', provider: 'kubernetes' },
      },
      spec: { ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
    });
    for (const crd of this.options.crds ?? []) this.create(crd);
  }
}
