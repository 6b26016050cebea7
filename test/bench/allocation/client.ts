import type { KubeObject } from '@openyurt/nodepool-types';
import type { LineProcess } from '../../support/netns/line-process.ts';
import type { Stage } from '../../support/stage.ts';
import { startCloudProgram } from '../cloud-program.ts';

/** Lines of client.mjs; times are milliseconds since the Unix epoch. */
interface Created {
  readonly kind: 'created';
  readonly name: string;
  readonly atMs: number;
}
interface Addressed {
  readonly kind: 'addressed';
  readonly name: string;
  /** Of `status.loadBalancer.ingress`. */
  readonly entries: number;
  readonly atMs: number;
}
interface Got {
  readonly kind: 'got';
  readonly id: number;
  /** 0: nobody answered. */
  readonly status: number;
  readonly body: string;
}
interface Versions {
  readonly kind: 'versions';
  readonly id: number;
  readonly versions: Readonly<Record<string, string>>;
}
type Line =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly id: number }
  | Created
  | Addressed
  | Got
  | Versions;

export const NAMESPACE = 'default';
const ACCOUNT = 'bench-client';
const ANSWER_MS = 60_000;
/** A timer may be so much early. */
const TICK_MS = 50;

/** Moments by name of the Service, ms since the Unix epoch. */
export interface Bulk {
  readonly created: ReadonlyMap<string, number>;
  /** When the status had all its entries; those that never did are missing. */
  readonly addressed: ReadonlyMap<string, number>;
}

/** A client in the cloud that creates Services over several connections and hears of their addresses. */
export class Client {
  #ids = 0;

  private constructor(private readonly process: LineProcess<Line>) {}

  static async start(stage: Stage): Promise<Client> {
    const script = new URL('client.mjs', import.meta.url);
    return new Client(await startCloudProgram<Line>(stage, { name: 'client', account: ACCOUNT, script }));
  }

  /**
   * Creates Services and waits until each has `entries` entries in its status, at most until `deadlineMs` (as
   * `performance.now()` counts).
   *
   * @param tell is told how many were created and how many have all their entries
   * @throws Error where the API refused one
   */
  async create(
    service: KubeObject,
    names: readonly string[],
    {
      connections = 1,
      entries,
      deadlineMs,
      tell = () => {},
    }: {
      connections?: number;
      entries: number;
      deadlineMs: number;
      tell?: (created: number, addressed: number) => void;
    },
  ): Promise<Bulk> {
    const created = new Map<string, number>();
    const addressed = new Map<string, number>();
    const wanted = new Set(names);
    const from = this.process.lines.length;
    const id = ++this.#ids;
    this.process.tell({ do: 'create', id, namespace: NAMESPACE, service, names, connections });
    const isLast = (line: Line): line is Line => {
      if (line.kind === 'created' && wanted.has(line.name)) created.set(line.name, line.atMs);
      if (line.kind === 'addressed' && wanted.has(line.name) && line.entries === entries)
        if (!addressed.has(line.name)) addressed.set(line.name, line.atMs);
      tell(created.size, addressed.size);
      return created.size === names.length && addressed.size === names.length;
    };
    const timeoutMs = Math.max(1, deadlineMs - performance.now());
    await this.process.until('an address for each', isLast, { timeoutMs, from }).catch((error: Error) => {
      if (performance.now() < deadlineMs - TICK_MS) throw error;
      this.process.tell({ do: 'halt', id });
    });
    return { created, addressed };
  }

  /** @returns its body; undefined where nobody answers, or not with 200 */
  async get(url: string): Promise<string | undefined> {
    const { status, body } = await this.#ask<Got>('got', { do: 'get', url });
    return status === 200 ? body : undefined;
  }

  /** Each object of a collection by its name. */
  async versions(path: string): Promise<ReadonlyMap<string, string>> {
    const { versions } = await this.#ask<Versions>('versions', { do: 'versions', path });
    return new Map(Object.entries(versions));
  }

  stop(): Promise<void> {
    return this.process.stop();
  }

  #ask<T extends Got | Versions>(kind: T['kind'], command: object): Promise<T> {
    const from = this.process.lines.length;
    const id = ++this.#ids;
    this.process.tell({ ...command, id });
    const isAnswer = (line: Line): line is T => line.kind === kind && 'id' in line && line.id === id;
    return this.process.until(`an answer to ${JSON.stringify(command)}`, isAnswer, { timeoutMs: ANSWER_MS, from });
  }
}
