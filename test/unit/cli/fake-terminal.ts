import { ClusterReader, type ClusterWorld } from '../../../cloud-controller/src/cli/cluster-reader.ts';
import type { Terminal } from '../../../cloud-controller/src/cli/terminal.ts';

/** A terminal in memory: files by path (an Error is thrown), standard input, and what was printed. */
export class FakeTerminal implements Terminal {
  readonly printed: string[] = [];
  readonly complained: string[] = [];
  private draws = 0;

  constructor(
    private readonly files: Readonly<Record<string, string | Uint8Array | Error>> = {},
    private readonly input: string = '',
    private readonly now: number = Date.UTC(2026, 10, 21, 13, 4, 55, 42),
    /** By URL; any other is refused as by a host where nobody listens. */
    private readonly pages: Readonly<Record<string, { status: number; text: string }>> = {},
    /** Absent: a real one, by its kubeconfig. */
    private readonly lists?: ClusterWorld,
  ) {}

  out(line: string): void {
    this.printed.push(line);
  }

  err(line: string): void {
    this.complained.push(line);
  }

  async stdin(): Promise<Buffer> {
    return Buffer.from(this.input);
  }

  async readFile(path: string): Promise<Buffer> {
    const file = this.files[path] ?? Object.assign(new Error(path), { code: 'ENOENT' });
    if (file instanceof Error) throw file;
    return Buffer.from(file);
  }

  /** A path that ends below another one makes that one a folder. */
  async folder(path: string): Promise<string[] | undefined> {
    const below = `${path.replace(/\/$/, '')}/`;
    const names = Object.keys(this.files).flatMap((name) => (name.startsWith(below) ? name.slice(below.length) : []));
    return names.length === 0 ? undefined : names;
  }

  async fetch(url: string): Promise<{ status: number; text: string }> {
    const page = this.pages[url];
    if (page !== undefined) return page;
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
  }

  async cluster(kubeconfig: string | undefined): Promise<ClusterWorld> {
    return this.lists ?? ClusterReader.open(kubeconfig);
  }

  /** Different each time, so that two keys differ. */
  randomBytes(count: number): Buffer {
    return Buffer.alloc(count, ++this.draws);
  }

  wallMs(): number {
    return this.now;
  }
}
