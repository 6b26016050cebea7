import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Site } from '../../support/netns/site.ts';

export const EVERYBODY = 'ff:ff:ff:ff:ff:ff';
const LINK = 'eth0';

/** What ask.c prints of one measurement. */
export interface Asked {
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  /** From the first question to the last answer's arrival. */
  readonly ns: number;
  /** By the MAC in the frame: answers to us, and announcements to everyone. */
  readonly by: Readonly<Record<string, readonly [answers: number, unasked: number]>>;
}

/** Milliseconds since the Unix epoch, by the kernel; 0: none came. */
export interface FirstSigns {
  readonly probeMs: number;
  readonly announcementMs: number;
  readonly answerMs: number;
}

/** Compiles ask.c. @throws Error with the remedy where there is no compiler */
export async function buildAsk(out: string): Promise<void> {
  const source = fileURLToPath(new URL('ask.c', import.meta.url));
  await promisify(execFile)('gcc', ['-O2', '-Wall', '-o', out, source]).catch((error: Error & { stderr?: string }) => {
    throw new Error(`the asker cannot be built (apt-get install -y build-essential): ${error.stderr || error.message}`);
  });
}

/** Asks for one address from a client's namespace. */
export class Ask {
  constructor(
    private readonly site: Site,
    private readonly ns: string,
    private readonly program: string,
    readonly address: string,
  ) {}

  /** @param pauseUs after each answer, before the next question */
  async latency(mac: string, count: number, pauseUs = 0): Promise<Asked & { readonly latenciesNs: readonly number[] }> {
    return JSON.parse(await this.run(mac, 'latency', count, pauseUs)) as Asked & { latenciesNs: number[] };
  }

  /** @param size questions under way at once */
  async window(mac: string, count: number, size: number): Promise<Asked> {
    return JSON.parse(await this.run(mac, 'window', count, size)) as Asked;
  }

  async flood(mac: string, count: number): Promise<Asked & { readonly askedNs: number }> {
    return JSON.parse(await this.run(mac, 'flood', count)) as Asked & { askedNs: number };
  }

  /** @returns once it asks: a promise of what came up to the first answer */
  async first(intervalUs: number, timeoutMs: number): Promise<{ readonly signs: Promise<FirstSigns> }> {
    const { child, stdout } = this.spawn(EVERYBODY, 'first', intervalUs, timeoutMs);
    const lines = createInterface({ input: stdout });
    const signs = new Promise<FirstSigns>((resolve, reject) => {
      lines.on('line', (line) => line !== '[]' && resolve(signsOf(line)));
      child.once('close', () => reject(new Error(`the asker for ${this.address} ended early`)));
    });
    signs.catch(() => {}); // whoever awaits it is told
    await Promise.race([once(lines, 'line'), signs]);
    return { signs };
  }

  private async run(mac: string, ...words: readonly (string | number)[]): Promise<string> {
    const { child, stdout } = this.spawn(mac, ...words);
    const [out, [status]] = await Promise.all([text(stdout), once(child, 'close')]);
    if (status !== 0) throw new Error(`asking for ${this.address} in ${this.ns} ended with ${status}`);
    return out;
  }

  private spawn(mac: string, ...words: readonly (string | number)[]) {
    const args = [LINK, this.address, mac, ...words.map(String)];
    const child = this.site.spawn(this.ns, this.program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const { stdout } = child;
    if (stdout === null) throw new Error('the asker was started without a pipe');
    return { child, stdout };
  }
}

function signsOf(line: string): FirstSigns {
  const { probeNs, announcementNs, answerNs } = JSON.parse(line) as Record<
    `${'probe' | 'announcement' | 'answer'}Ns`,
    number
  >;
  return { probeMs: probeNs / 1e6, announcementMs: announcementNs / 1e6, answerMs: answerNs / 1e6 };
}
