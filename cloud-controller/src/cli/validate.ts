import {
  type AddressFile,
  type FoundConfig,
  type Problem,
  readAddressFile,
  usableAddresses,
} from '@openyurt/nodepool-types';
import { badOption, parseCommandLine } from './command-line.ts';
import { HELP } from './help-text.ts';
import { decodeUtf8, type Terminal } from './terminal.ts';

/**
 * `yurtlb validate FILE...`
 *
 * @returns 0 all good, 1 there are problems, 2 a file cannot be read
 * @throws LbError `LB_BAD_OPTION`
 */
export async function validate(argv: readonly string[], terminal: Terminal): Promise<number> {
  const line = parseCommandLine(argv, {});
  if (line.help) {
    terminal.out(HELP.validate);
    return 0;
  }
  if (line.positionals.length === 0) throw badOption('validate wants a FILE', 'Name files, or - for standard input.');
  if (line.positionals.filter((path) => path === '-').length > 1) throw badOption('- is given twice', 'Give it once.');
  const run = new Validation(terminal);
  for (const path of line.positionals) await run.read(path);
  return run.finish();
}

class Validation {
  private problems = 0;
  private unreadable = 0;
  private pools = 0;
  private addresses = 0n;
  /** NodePool → where its configuration was first found. */
  private readonly seen = new Map<string, string>();

  constructor(private readonly terminal: Terminal) {}

  async read(path: string): Promise<void> {
    const bytes = await this.bytesOf(path);
    if (bytes === undefined) return;
    const text = decodeUtf8(bytes);
    if (text === undefined) {
      this.tell(path, { line: 1, col: 1, problem: 'is not UTF-8 text', remedy: 'Save the file as UTF-8.' });
      return;
    }
    const file = readAddressFile(text);
    this.complain(path, file);
    for (const found of file.configs) this.count(path, found);
  }

  finish(): number {
    if (this.unreadable > 0) return 2;
    if (this.problems > 0) return 1;
    this.terminal.out(`ok: ${counted(this.pools, 'pool')}, ${counted(this.addresses, 'address', 'es')}`);
    return 0;
  }

  private async bytesOf(path: string): Promise<Buffer | undefined> {
    try {
      return path === '-' ? await this.terminal.stdin() : await this.terminal.readFile(path);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? `${error.code}` : `${error}`;
      this.terminal.err(`yurtlb validate: ${path}: ${READ_FAULTS[code] ?? `cannot be read: ${code}`}`);
      this.unreadable++;
      return undefined;
    }
  }

  private complain(path: string, { problems, warnings, notes }: AddressFile): void {
    for (const problem of problems) this.tell(path, problem);
    for (const warning of warnings)
      this.terminal.err(format(path, { ...warning, problem: `warning: ${warning.problem}` }));
    for (const note of notes) this.terminal.err(format(path, { ...note, problem: `note: ${note.problem}` }));
  }

  private count(path: string, { nodePool, line, col, config }: FoundConfig): void {
    this.pools += config.pools.length;
    for (const pool of config.pools) this.addresses += usableAddresses(pool);
    if (nodePool === undefined) return;
    const first = this.seen.get(nodePool);
    if (first === undefined) this.seen.set(nodePool, `${nameOf(path)}:${line}`);
    else {
      const problem = `a second ConfigMap for NodePool ${nodePool}, the first is ${first}`;
      this.tell(path, { line, col, problem, remedy: 'Put all its address pools into one.' });
    }
  }

  private tell(path: string, problem: Problem): void {
    this.problems++;
    this.terminal.out(format(path, problem));
  }
}

const READ_FAULTS: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory: name the files in it',
  EACCES: 'may not be read by this user',
};

function format(path: string, { line, col, problem, remedy }: Problem): string {
  return `${nameOf(path)}:${line}:${col} ${problem}${remedy === '' ? '' : ` (${remedy})`}`;
}

function nameOf(path: string): string {
  return path === '-' ? '<stdin>' : path;
}

function counted(n: number | bigint, word: string, plural = 's'): string {
  return `${n} ${word}${n === 1 || n === 1n ? '' : plural}`;
}
