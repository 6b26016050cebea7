import type { Icmpv6SocketStats } from '../../../edge-speaker/src/ports/icmpv6-socket.ts';
import { childProgram } from '../child-program.ts';
import { LineProcess } from './line-process.ts';
import type { Site } from './site.ts';

/** What ndp-node.ts is told. Bytes are hexadecimal. */
export type NdpCommand =
  | { readonly do: 'open' }
  | { readonly do: 'join'; readonly addresses: readonly string[] }
  | { readonly do: 'leave'; readonly addresses: readonly string[] }
  | { readonly do: 'send'; readonly hex: string; readonly to: string; readonly times: number }
  | { readonly do: 'send-frame'; readonly hex: string }
  | { readonly do: 'close' };

/** What ndp-node.ts tells. Times are milliseconds since the Unix epoch. */
export type NdpLine =
  | { readonly kind: 'ready'; readonly mac: string }
  | { readonly kind: 'open'; readonly rssKib: number }
  | { readonly kind: 'done'; readonly atMs: number; readonly stats: Icmpv6SocketStats | undefined }
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string }
  | { readonly kind: 'useless'; readonly message: string; readonly remedy: string }
  | { readonly kind: 'frame'; readonly atMs: number; readonly hex: string };

type Of<Kind extends NdpLine['kind']> = Extract<NdpLine, { kind: Kind }>;
type Answer = Of<'done'> | Of<'open'> | Of<'refused'>;

/** The sockets under neighbour discovery as a process in a namespace: also a host that sends and hears what a test wants. */
export class NdpProcess {
  private constructor(
    private readonly process: LineProcess<NdpLine>,
    /** Of its interface, without colons. */
    readonly mac: string,
  ) {}

  /** @param wrap a command to run it under, such as `setpriv` */
  static async start(
    site: Site,
    ns: string,
    { link = 'eth0', wrap = [] as readonly string[] } = {},
  ): Promise<NdpProcess> {
    const program = [process.execPath, ...childProgram('netns/ndp-node'), link];
    const [command = process.execPath, ...args] = [...wrap, ...program];
    const child = new LineProcess<NdpLine>(`ndp in ${ns}`, site.spawn(ns, command, args, { stdio: 'pipe' }));
    const ready = await child.until('the start', (line): line is Of<'ready'> => line.kind === 'ready', {
      timeoutMs: 50_000,
    });
    return new NdpProcess(child, ready.mac);
  }

  /** Number of lines so far: where to look from for what comes next. */
  get mark(): number {
    return this.process.lines.length;
  }

  /** Frames heard from `mark` on. */
  framesSince(mark: number): Buffer[] {
    return this.process.lines
      .slice(mark)
      .filter((line): line is Of<'frame'> => line.kind === 'frame')
      .map(({ hex }) => Buffer.from(hex, 'hex'));
  }

  /** The first line of this kind from `mark` on. */
  next<Kind extends NdpLine['kind']>(kind: Kind, mark: number): Promise<Of<Kind>> {
    return this.process.until(`"${kind}"`, (line): line is Of<Kind> => line.kind === kind, { from: mark });
  }

  /** The first frame from `mark` on that `matches`. */
  async frame(what: string, matches: (frame: Buffer) => boolean, mark = 0): Promise<Buffer> {
    const wanted = (line: NdpLine): line is Of<'frame'> =>
      line.kind === 'frame' && matches(Buffer.from(line.hex, 'hex'));
    return Buffer.from((await this.process.until(what, wanted, { from: mark })).hex, 'hex');
  }

  /** Tells it and waits until it is done. @throws Error with the refusal */
  async do(command: NdpCommand): Promise<Of<'done'> | Of<'open'>> {
    const { mark } = this;
    this.process.tell(command);
    const answer = await this.process.until(
      command.do,
      (line): line is Answer => line.kind === 'done' || line.kind === 'open' || line.kind === 'refused',
      { from: mark },
    );
    if (answer.kind === 'refused') throw Object.assign(new Error(answer.message), { remedy: answer.remedy });
    return answer;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
