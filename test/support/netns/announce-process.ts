import type { AnnouncerEvent } from '../../../edge-speaker/src/announce/announcer-event.ts';
import { childProgram } from '../child-program.ts';
import { LineProcess } from './line-process.ts';
import type { Site } from './site.ts';

/** What announce-node.ts is told. */
export type NodeCommand =
  | { readonly do: 'announce'; readonly address: string; readonly probe: boolean }
  /** Announces it now and, as the hub would, again after every change of links, as soon as it can be. */
  | { readonly do: 'keep'; readonly address: string }
  | { readonly do: 'withdraw'; readonly address: string }
  | { readonly do: 'interfaces'; readonly patterns: readonly string[] }
  | { readonly do: 'pool-macs'; readonly macs: readonly string[] }
  | { readonly do: 'stats' };

export interface NodeStats {
  readonly kind: 'stats';
  /** `arp_replies 192.168.10.240` and the like. */
  readonly counts: Readonly<Record<string, number>>;
  /** The most frames of one kind, ARP or NDP, that one turn of the loop handled. */
  readonly mostInTurn: number;
  /** The most frames handled between two ticks of a timer of 5 ms, since the stats before. */
  readonly mostBetweenTicks: number;
  readonly cpuMs: number;
}

/** What announce-node.ts tells. */
export type NodeLine =
  | (AnnouncerEvent & { readonly atMs: number })
  | NodeStats
  | { readonly kind: 'ready' }
  | { readonly kind: 'accepted'; readonly address: string; readonly link: string }
  | { readonly kind: 'refused'; readonly address: string; readonly reason: string; readonly detail: string }
  | { readonly kind: 'warning'; readonly message: string; readonly remedy?: unknown };

type Of<Kind extends NodeLine['kind']> = Extract<NodeLine, { kind: Kind }>;

/** The announcer alone, without election and cloud, as a process in a namespace. */
export class AnnounceProcess {
  private constructor(private readonly process: LineProcess<NodeLine>) {}

  /** @param wrap a command to run it under, such as `setpriv` */
  static async start(site: Site, ns: string, wrap: readonly string[] = []): Promise<AnnounceProcess> {
    const program = [process.execPath, ...childProgram('netns/announce-node')];
    const [command = process.execPath, ...args] = [...wrap, ...program];
    const child = site.spawn(ns, command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const node = new AnnounceProcess(new LineProcess(`announcer in ${ns}`, child));
    await node.process.until('the start', (line): line is Of<'ready'> => line.kind === 'ready', { timeoutMs: 50_000 });
    return node;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Number of lines so far: where to look from for what comes next. */
  get mark(): number {
    return this.process.lines.length;
  }

  /** The first line of one of these kinds from `mark` on. */
  next<Kind extends NodeLine['kind']>(kind: Kind | readonly Kind[], mark: number): Promise<Of<Kind>> {
    const kinds: readonly NodeLine['kind'][] = typeof kind === 'string' ? [kind] : kind;
    const wanted = (line: NodeLine): line is Of<Kind> => kinds.includes(line.kind);
    return this.process.until(kinds.map((name) => `"${name}"`).join(' or '), wanted, { from: mark });
  }

  /** Whether it announces the address, as it said last: the link's name, or why not. */
  lastWord(address: string): string | undefined {
    const line = this.process.lines.findLast(
      (one) => (one.kind === 'accepted' || one.kind === 'refused') && one.address === address,
    );
    return line?.kind === 'accepted' ? line.link : line?.kind === 'refused' ? line.reason : undefined;
  }

  tell(command: NodeCommand): void {
    this.process.tell(command);
  }

  /** Asks to announce. @returns undefined if accepted, else the reason */
  async offer(address: string): Promise<string | undefined> {
    const { mark } = this;
    this.tell({ do: 'announce', address, probe: false });
    const answer = await this.next(['accepted', 'refused'], mark);
    return answer.kind === 'refused' ? answer.reason : undefined;
  }

  /** Announces and waits until it does. */
  async announce(address: string, probe: boolean): Promise<void> {
    const { mark } = this;
    this.tell({ do: 'announce', address, probe });
    await this.next('announced', mark);
  }

  async stats(): Promise<NodeStats> {
    const { mark } = this;
    this.tell({ do: 'stats' });
    return await this.next('stats', mark);
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
