import { pause } from '../../../cloud-controller/src/kube/backoff.ts';
import { fieldsOf, isFields, type KubeObject, listOf, textOf } from '../api-server/object.ts';
import { apiVersionOf } from '../api-server/resources.ts';
import { type DiskCache, type Folder, versionOf } from './disk-cache.ts';
import { eachLine } from './lines.ts';
import type { PoolMemory } from './pool-memory.ts';
import type { Prober } from './prober.ts';
import { OBSERVED, type Pace } from './timing.ts';
import { type Upstream, WireError } from './upstream.ts';

/** How the hub's own watch came to its end. */
type End = 'quiet' | 'refused';

export interface SourceNeeds {
  folder: Folder;
  kind: string;
  memory: PoolMemory;
  upstream: Upstream;
  /** the leader hub of the NodePool */
  leader: Upstream | undefined;
  disk: DiskCache;
  pace: Pace;
  prober: Prober;
  signal: AbortSignal;
}

/**
 * Keeps one memory of the multiplexer filled: list and watch through the hub's own roads, as the agent
 * `multiplexer-proxy-<node>`. A silent cut leaves its clients' watches alone; a refused one loses them.
 */
export class PoolSource {
  /** a refused connection, while the hub knew of the outage: the clients' watches end after the return */
  private endOnReturn = false;

  /** while there is one, its word counts, whatever this hub thinks of the cloud */
  private leader: Upstream | undefined;

  constructor(private readonly needs: SourceNeeds) {
    this.leader = needs.leader;
  }

  async run(): Promise<void> {
    const { signal, pace, memory, prober } = this.needs;
    await pause(pace.ms(OBSERVED.poolFillS), signal);
    while (!signal.aborted) {
      if (this.endOnReturn && prober.health === 'online') {
        this.endOnReturn = false;
        memory.endWatches();
      }
      const filled = await this.fill();
      if (filled === undefined) {
        await pause(pace.ms(OBSERVED.poolRetryS), signal);
        continue;
      }
      if (filled === 'disk') await this.awaitReturn();
      else if ((await this.watch()) === 'refused')
        await (this.leader === undefined ? this.onRefusal() : this.leaveLeader());
    }
  }

  /** @returns where the list came from, undefined: from nowhere */
  private async fill(): Promise<'cloud' | 'disk' | undefined> {
    const { prober, disk, folder, memory } = this.needs;
    if (this.leader !== undefined || prober.health === 'online') return this.fillFromCloud();
    const kept = disk.list(folder, '');
    if (kept === undefined) return undefined;
    const items = kept.items as KubeObject[];
    memory.replace(items, Math.max(0, ...items.map(versionOf)));
    return 'disk';
  }

  private async fillFromCloud(): Promise<'cloud' | undefined> {
    const { disk, folder, kind, memory, signal } = this.needs;
    try {
      const { code, text } = await this.source.get(this.path, folder.component, signal);
      if (code !== 200) return undefined;
      const list = fieldsOf(JSON.parse(text));
      const apiVersion = apiVersionOf(folder);
      const items = listOf(list.items).map((o) => ({ ...fieldsOf(o), kind, apiVersion }) as unknown as KubeObject);
      disk.replace(folder, '', kind, items);
      memory.replace(items, versionOf(list));
      return 'cloud';
    } catch (error) {
      if (!(error instanceof WireError || error instanceof SyntaxError)) throw error;
      if (this.leader !== undefined) await this.leaveLeader();
      else if (error instanceof WireError && error.refused) memory.ready = false;
      return undefined;
    }
  }

  private async watch(): Promise<End> {
    const { folder, memory, signal } = this.needs;
    const { source } = this;
    const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${memory.revision}`;
    const headers = { accept: 'application/json', 'user-agent': folder.component };
    try {
      const answer = await source.request({ method: 'GET', path: `${this.path}?${query}`, headers, signal });
      if (answer.statusCode !== 200) {
        answer.resume();
        return 'quiet';
      }
      const closed = new Promise<void>((resolve) => answer.once('close', resolve));
      eachLine(answer, (line) => this.take(line));
      answer.on('error', () => {});
      await closed;
      // what the hub gave up itself after long silence is no refusal
      return source.wasReset(answer) ? 'refused' : 'quiet';
    } catch (error) {
      return error instanceof WireError && error.refused ? 'refused' : 'quiet';
    }
  }

  private take(line: string): void {
    const { disk, folder, memory } = this.needs;
    const event = fieldsOf(JSON.parse(line));
    if (!isFields(event.object)) return;
    const type = textOf(event.type);
    const object = event.object as KubeObject;
    if (type === 'BOOKMARK') memory.revision = Math.max(memory.revision, versionOf(object));
    if (!['ADDED', 'MODIFIED', 'DELETED'].includes(type)) return;
    if (type === 'DELETED') disk.remove(folder, object);
    else disk.put(folder, object);
    memory.apply(type, object);
  }

  /** The API server was refused: until the hub knows, its lists fail and its clients lose their watches. */
  private async onRefusal(): Promise<void> {
    const { pace, memory, signal, prober } = this.needs;
    await pause(pace.ms(OBSERVED.poolRelistS), signal);
    if ((await prober.settled()) === 'offline') {
      this.endOnReturn = true;
      return;
    }
    if ((await this.fillFromCloud()) !== undefined) return;
    await pause(pace.ms(OBSERVED.poolWatchEndS - OBSERVED.poolRelistS), signal);
    if (!memory.ready) memory.endWatches();
  }

  /** The leader is gone: its clients lose their watches at once, and the API server is asked a little later. */
  private async leaveLeader(): Promise<void> {
    const { pace, memory, signal } = this.needs;
    this.leader = undefined;
    memory.endWatches();
    await pause(pace.ms(OBSERVED.leaderGoneS), signal);
  }

  private get source(): Upstream {
    return this.leader ?? this.needs.upstream;
  }

  /** The hub's watch of its own cache: it looks every 2 s whether the cloud is back. */
  private async awaitReturn(): Promise<void> {
    const { pace, signal, prober } = this.needs;
    do await pause(pace.ms(OBSERVED.localWatchTickS), signal);
    while (prober.health !== 'online' && !signal.aborted);
  }

  private get path(): string {
    const { group, version, resource } = this.needs.folder;
    return `${group === '' ? '/api' : `/apis/${group}`}/${version}/${resource}`;
  }
}
