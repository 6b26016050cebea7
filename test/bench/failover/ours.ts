import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ENDPOINT_PROBE_ANNOTATION, NODE_POOL_SELECTOR_ANNOTATION, type ServiceObject } from '@openyurt/nodepool-types';
import { waitUntil } from '../../support/kube/wait-until.ts';
import { LineProcess } from '../../support/netns/line-process.ts';
import { type Stage, serviceWithEndpoints } from '../../support/stage.ts';
import type { Contestant } from './contestant.ts';

/** The part of a state page that is read here. */
interface Page {
  readonly addresses: readonly { readonly address: string; readonly owner: string | null; readonly offered: unknown }[];
  readonly members: readonly { readonly state: string; readonly standing: string }[];
}

/** No Pods stand behind these Services: with the cloud cut, every member would find them dead and leave addresses where they are. */
const NO_PROBE = { [ENDPOINT_PROBE_ANNOTATION]: 'off' };
const PATIENCE = { deadlineMs: 30_000, everyMs: 50 };

/** So many members at most are asked for their page: in a large pool the askers would cost as much as the asked. */
const MOST_READ = 5;

/** The edge-speakers of one NodePool, as the stage starts them. */
export class Ours implements Contestant {
  readonly name = 'yurtlb';
  private readonly readers = new Map<string, LineProcess<Page | null>>();

  private constructor(
    private readonly stage: Stage,
    private readonly nodes: readonly string[],
    readonly addresses: readonly string[],
  ) {
    const script = fileURLToPath(new URL('state-reader.mjs', import.meta.url));
    const everyNth = Math.ceil(nodes.length / MOST_READ);
    for (const node of nodes.filter((_, i) => i % everyNth === 0)) {
      const { ns } = stage.site.node(node);
      const child = stage.site.spawn(ns, process.execPath, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
      this.readers.set(node, new LineProcess(`state of ${node}`, child));
    }
  }

  /**
   * Creates `services` Services, waits for their addresses and starts the speakers.
   *
   * @param pauseMs between two starts, so that many don't starve each other on few cores
   * @param pool the one NodePool that shall have the Services; default: all
   */
  static async begin(
    stage: Stage,
    services: number,
    { pauseMs = 0, pool }: { pauseMs?: number; pool?: string } = {},
  ): Promise<Ours> {
    const pools = stage.site.pools.filter(({ name }) => pool === undefined || name === pool);
    const nodes = pools.flatMap((each) => each.nodes.map(({ name }) => name));
    const annotations = {
      ...NO_PROBE,
      ...(pool === undefined ? {} : { [NODE_POOL_SELECTOR_ANNOTATION]: `site=${pool}` }),
    };
    await stage.startController();
    for (let i = 1; i <= services; i++) {
      await stage.cloud.apply(...serviceWithEndpoints(stage.site, { name: `shop-${i}`, port: 80, nodes, annotations }));
    }
    let addresses: string[] = [];
    await waitUntil(
      'an address for each Service',
      async () => {
        const { items } = await stage.cloud.get<{ items: ServiceObject[] }>('/api/v1/namespaces/default/services');
        addresses = items.flatMap((each) => (each.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []));
        return addresses.length === services;
      },
      PATIENCE,
    ).catch((error: Error) => {
      throw new Error([error.message, ...stage.problems()].join('\n'));
    });
    const ours = new Ours(stage, nodes, addresses);
    for (const node of nodes) {
      await ours.start(node);
      await sleep(pauseMs);
    }
    return ours;
  }

  async start(node: string): Promise<void> {
    await this.stage.startSpeaker(node);
  }

  end(node: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    return this.stage.stopSpeaker(node, signal);
  }

  pidOf(node: string): number {
    const pid = this.stage.speakers.get(node)?.pid;
    if (pid === undefined) throw new Error(`no speaker runs on ${node}`);
    return pid;
  }

  /** Every speaker that is read has all others alive and ready (before that, who started first holds everything), offers every address, and names the same owners as the rest. */
  async agreed(): Promise<boolean> {
    const pages = await this.pages();
    const owners = pages.map((page) =>
      JSON.stringify(page?.addresses.map(({ address, owner }) => [address, owner]).sort()),
    );
    return pages.every(
      (page, i) =>
        page !== null &&
        owners[i] === owners[0] &&
        page.members.filter(({ state, standing }) => state === 'alive' && standing === 'ready').length ===
          this.nodes.length - 1 &&
        page.addresses.length === this.addresses.length &&
        page.addresses.every(({ offered, owner }) => offered === true && owner !== null),
    );
  }

  /** @param tell is told how many sessions stand, of those that are read */
  async untilAgreed(deadlineMs: number, tell: (alive: number) => void): Promise<void> {
    const agreed = async () => {
      const pages = await this.pages();
      tell(pages.flatMap((page) => page?.members ?? []).filter(({ state }) => state === 'alive').length);
      return await this.agreed();
    };
    await waitUntil(`${this.nodes.length} members in session`, agreed, { deadlineMs, everyMs: 1000 });
  }

  async close(): Promise<void> {
    await Promise.all([...this.readers.values()].map((reader) => reader.stop()));
    await Promise.all(this.nodes.map((node) => this.end(node, 'SIGKILL')));
  }

  private pages(): Promise<(Page | null)[]> {
    return Promise.all([...this.readers.values()].map((reader) => page(reader)));
  }
}

function page(reader: LineProcess<Page | null>): Promise<Page | null> {
  const from = reader.lines.length;
  reader.tell('look');
  const any = (line: Page | null): line is Page | null => line !== undefined;
  return reader.until('a state page', any, { from });
}
