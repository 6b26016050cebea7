import { didYouMean, LbError, VERSION } from '@openyurt/nodepool-types';
import { badOption, parseCommandLine } from './command-line.ts';
import { exportAddresses } from './export.ts';
import { HELP } from './help-text.ts';
import { key } from './key.ts';
import { plan } from './plan.ts';
import { status } from './status.ts';
import { systemTerminal, type Terminal } from './terminal.ts';
import { validate } from './validate.ts';

const COMMANDS: Record<string, (argv: readonly string[], terminal: Terminal) => Promise<number>> = {
  validate,
  key,
  status,
  export: exportAddresses,
  plan,
};
/** Every word that may stand first; the programs are started by `bin/yurtlb.mjs`. */
const WORDS = ['controller', 'speaker', 'validate', 'key', 'status', 'export', 'plan', 'help'];

/**
 * The commands a person runs: everything but `controller` and `speaker`.
 *
 * @param argv what follows `yurtlb`
 * @returns the exit code: 2 for wrong usage
 */
export async function main(argv: readonly string[], terminal: Terminal = systemTerminal): Promise<number> {
  try {
    return await run(argv, terminal);
  } catch (error) {
    if (!(error instanceof LbError)) throw error;
    const what = error.message.slice(`${error.code}: `.length);
    terminal.err(`yurtlb: ${what}. ${error.remedy}`);
    return error.code === 'LB_BAD_OPTION' ? 2 : 1;
  }
}

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [word, ...rest] = argv;
  if (word === undefined) {
    terminal.err(HELP.yurtlb);
    return 2;
  }
  if (word.startsWith('-')) return topLevel(argv, terminal);
  if (word === 'help') return help(rest, terminal);
  const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (command !== undefined) return command(rest, terminal);
  throw badOption(
    `unknown command ${JSON.stringify(word)}`,
    didYouMean(word, WORDS).trim() || `Known are ${WORDS.join(', ')}.`,
  );
}

function topLevel(argv: readonly string[], terminal: Terminal): number {
  const line = parseCommandLine(argv, { version: { type: 'boolean' } });
  const [surplus] = line.positionals;
  if (surplus !== undefined) throw badOption('options stand before the command', `Write ${surplus} first.`);
  terminal.out(line.flag('version') ? VERSION : HELP.yurtlb);
  return 0;
}

function help([word, ...rest]: readonly string[], terminal: Terminal): Promise<number> | number {
  const command = word !== undefined && Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (command !== undefined && rest.length === 0) return command(['--help'], terminal);
  terminal.out(HELP.yurtlb);
  return 0;
}
