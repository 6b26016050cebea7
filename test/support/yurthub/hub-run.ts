import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pause } from '../../../cloud-controller/src/kube/backoff.ts';
import { readBody } from '../api-server/request-body.ts';
import { AdminPage } from './admin-page.ts';
import { AnswerCache } from './answer-cache.ts';
import { CacheRoad } from './cache-road.ts';
import { CloudRoad } from './cloud-road.ts';
import { DiskCache } from './disk-cache.ts';
import { Multiplexer } from './multiplexer.ts';
import { type Health, hostAndPort, type YurtHubOptions } from './options.ts';
import { PlainRoad } from './plain-road.ts';
import { Prober } from './prober.ts';
import { notReady, sendError } from './reply.ts';
import { hubCallOf } from './request-info.ts';
import { OBSERVED, Pace } from './timing.ts';
import { Upstream } from './upstream.ts';

/** What a hub keeps of its own configuration; without it a start offline gets nowhere. */
const OWN_CONFIG = { component: 'yurthub', group: '', version: 'v1', resource: 'configmaps' };
const CONFIG_MAP = { namespace: 'kube-system', name: 'yurt-hub-cfg' };

/** A leader answers this from its memory, whatever its own link does, and with nothing. */
const NOTHING_SHARED = '/api/v1/services?fieldSelector=metadata.name=none';

/** One life of the hub's process: everything but the disk begins anew. */
export class HubRun {
  ready = false;
  readonly prober: Prober;
  readonly cache: AnswerCache;
  private whyNot = 'resources needed by filters are not synced';
  private readonly pace: Pace;
  private readonly disk: DiskCache;
  private readonly upstream: Upstream;
  private readonly leader: Upstream | undefined;
  private readonly multiplexer: Multiplexer;
  private readonly roads: { cloud: CloudRoad; cache: CacheRoad; plain: PlainRoad };
  private readonly admin: AdminPage;
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly stopping = new AbortController();
  private readonly bornMs = performance.now();
  private readonly known: Promise<void>;

  constructor(
    private readonly options: YurtHubOptions,
    seed: number,
    agents: readonly string[],
    /** after each change of health, and when it has become ready */
    private readonly report: () => void,
  ) {
    const { upstream, ca, nodeToken, nodeName = 'node', cacheDir } = options;
    this.pace = new Pace(options.scale ?? 1 / 20, seed);
    this.disk = new DiskCache(cacheDir);
    this.upstream = new Upstream(new URL(upstream), ca, nodeToken, this.pace);
    if (options.leader !== undefined) {
      this.leader = new Upstream(new URL(options.leader), undefined, nodeToken, this.pace, NOTHING_SHARED);
    }
    this.prober = new Prober(this.upstream, this.pace, options.probePhaseS, options.refusedNoticeS);
    this.cache = new AnswerCache(this.disk, new Set(agents));
    this.multiplexer = new Multiplexer(nodeName, this.upstream, this.disk, this.pace, this.prober, this.leader);
    this.roads = {
      cloud: new CloudRoad(this.upstream, this.cache),
      cache: new CacheRoad(this.cache, () => this.prober.health === 'online', this.pace),
      plain: new PlainRoad(this.upstream, this.disk, this.pace),
    };
    this.admin = new AdminPage(upstream);
    this.upstream.onRefused = () => this.prober.hint();
    this.known = new Promise((resolve) => {
      let last: Health = 'unknown';
      this.prober.onChange = (health) => {
        this.admin.onChange(last, health);
        last = health;
        resolve();
        this.report();
      };
    });
  }

  /** @returns the ports that it listens at: the proxy's, then the admin's @throws the system's error when one is taken */
  async start(listen: string, adminListen: string | undefined): Promise<AddressInfo[]> {
    this.prober.start();
    void this.becomeReady();
    await pause(this.pace.ms(OBSERVED.listenS), this.stopping.signal);
    const proxy = (request: IncomingMessage, response: ServerResponse) => void this.handle(request, response);
    const admin = (request: IncomingMessage, response: ServerResponse) => this.admin.serve(request, response);
    const first = await this.listen(listen, proxy);
    return adminListen === undefined ? [first] : [first, await this.listen(adminListen, admin)];
  }

  /** As kill -9: nobody is told. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.prober.stop();
    this.multiplexer.stop();
    const closed = this.servers.map((s) => new Promise<void>((resolve) => s.close(() => resolve())));
    for (const socket of this.sockets) socket.destroy();
    this.upstream.close();
    this.leader?.close();
    await Promise.all(closed);
  }

  private async listen(where: string, handler: (q: IncomingMessage, r: ServerResponse) => void): Promise<AddressInfo> {
    const server = createServer(handler);
    server.requestTimeout = 0;
    server.keepAliveTimeout = 120_000;
    server.on('connection', (socket) => {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(hostAndPort(where), resolve);
    });
    this.servers.push(server);
    return server.address() as AddressInfo;
  }

  /** 503 until the hub has what it needs: from the cloud, or from the disk of an earlier life. */
  private async becomeReady(): Promise<void> {
    const { signal } = this.stopping;
    await this.known;
    this.multiplexer.start();
    const isOnline = () => this.prober.health === 'online';
    const since = (s: number) => this.bornMs + this.pace.ms(s) - performance.now();
    if (isOnline()) await pause(since(OBSERVED.readyOnlineS), signal);
    else if (this.disk.get(OWN_CONFIG, CONFIG_MAP.namespace, CONFIG_MAP.name) !== undefined) {
      await pause(since(OBSERVED.readyOfflineS), signal);
    } else {
      this.whyNot = 'yurt-hub-cfg configmap is not synced';
      while (!isOnline() && !signal.aborted) await pause(5, signal);
      await pause(this.pace.ms(OBSERVED.readyOnlineS), signal);
    }
    const lateMs = performance.now() + this.pace.ms(OBSERVED.filtersS);
    while (isOnline() && !this.multiplexer.hasServices && performance.now() < lateMs) await pause(2, signal);
    if (signal.aborted) return;
    const kind = { kind: 'ConfigMap', apiVersion: 'v1' };
    const data = { cache_agents: [...(this.options.cacheAgents ?? [])].join(',') };
    this.disk.put(OWN_CONFIG, { ...kind, metadata: CONFIG_MAP, data });
    this.ready = true;
    this.report();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    try {
      const call = hubCallOf(request, await readBody(request));
      await this.known;
      if (!this.ready) throw notReady(this.whyNot);
      const online = this.prober.health === 'online';
      if (this.multiplexer.leads(call)) this.multiplexer.serve(call, response);
      else if (PlainRoad.leads(call)) await this.roads.plain.serve(call, response, online);
      else if (online) await this.roads.cloud.serve(call, response);
      else this.roads.cache.serve(call, response);
    } catch (error) {
      sendError(response, error);
    }
  }
}
