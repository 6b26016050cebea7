import {
  type AddressFile,
  type FoundConfig,
  type Problem,
  readAddressFile,
  usableAddresses,
} from '@openyurt/nodepool-types';
import { badOption, parseCommandLine } from './command-line.ts';
import { HELP } from './help-text.ts';
import { formatPlaced, nameOfPath, readText } from './read-file.ts';
import type { Terminal } from './terminal.ts';

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
    const read = await readText(path, this.terminal);
    if (!read.ok && read.isUnreadable) {
      this.terminal.err(`yurtlb validate: ${path}: ${read.fault}`);
      this.unreadable++;
      return;
    }
    if (!read.ok) {
      this.tell(path, { line: 1, col: 1, problem: read.fault, remedy: 'Save the file as UTF-8.' });
      return;
    }
    const file = readAddressFile(read.text);
    this.complain(path, file);
    for (const found of file.configs) this.count(path, found);
  }

  finish(): number {
    if (this.unreadable > 0) return 2;
    if (this.problems > 0) return 1;
    this.terminal.out(`ok: ${counted(this.pools, 'pool')}, ${counted(this.addresses, 'address', 'es')}`);
    return 0;
  }

  private complain(path: string, { problems, warnings, notes }: AddressFile): void {
    for (const problem of problems) this.tell(path, problem);
    for (const warning of warnings)
      this.terminal.err(formatPlaced(path, { ...warning, problem: `warning: ${warning.problem}` }));
    for (const note of notes) this.terminal.err(formatPlaced(path, { ...note, problem: `note: ${note.problem}` }));
  }

  private count(path: string, { nodePool, line, col, config }: FoundConfig): void {
    this.pools += config.pools.length;
    for (const pool of config.pools) this.addresses += usableAddresses(pool);
    if (nodePool === undefined) return;
    const first = this.seen.get(nodePool);
    if (first === undefined) this.seen.set(nodePool, `${nameOfPath(path)}:${line}`);
    else {
      const problem = `a second ConfigMap for NodePool ${nodePool}, the first is ${first}`;
      this.tell(path, { line, col, problem, remedy: 'Put all its address pools into one.' });
    }
  }

  private tell(path: string, problem: Problem): void {
    this.problems++;
    this.terminal.out(formatPlaced(path, problem));
  }
}

function counted(n: number | bigint, word: string, plural = 's'): string {
  return `${n} ${word}${n === 1 || n === 1n ? '' : plural}`;
}
