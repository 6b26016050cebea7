import { type ParseArgsConfig, parseArgs } from 'node:util';
import { didYouMean, LbError } from '@openyurt/nodepool-types';

/** A command's options; `-h` and `--help` are every command's. */
export type OptionTable = Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: true }>;

export interface CommandLine {
  readonly positionals: readonly string[];
  readonly help: boolean;
  text(name: string): string | undefined;
  /** Of an option that may be given more than once. */
  texts(name: string): readonly string[];
  flag(name: string): boolean;
}

/**
 * Reads a command's arguments. `--` ends the options, `-` is a positional.
 *
 * @throws LbError `LB_BAD_OPTION`: unknown, without its value, with one it does not take, or given twice that may not be
 */
export function parseCommandLine(argv: readonly string[], table: OptionTable): CommandLine {
  const options: ParseArgsConfig['options'] = { ...table, help: { type: 'boolean', short: 'h' } };
  const known = Object.keys(options).map((name) => `--${name}`);
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, (string | true)[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) {
      const hint = didYouMean(token.rawName, known).trim();
      throw badOption(`unknown option ${token.rawName}`, hint || `Known are ${known.sort().join(', ')}.`);
    }
    const before = values.get(token.name) ?? [];
    if (before.length > 0 && !option.multiple)
      throw badOption(`option ${token.rawName} is given twice`, 'Give it once.');
    // kubectl takes -f=FILE for -f FILE; parseArgs does not
    const isShort = !token.rawName.startsWith('--') && token.inlineValue === true;
    const value = isShort ? token.value?.replace(/^=/, '') : token.value;
    values.set(token.name, [...before, optionValue(token.rawName, option.type, value)]);
  }
  return {
    positionals,
    help: values.has('help'),
    text: (name) => values.get(name)?.find((value) => typeof value === 'string'),
    texts: (name) => (values.get(name) ?? []).filter((value) => typeof value === 'string'),
    flag: (name) => values.has(name),
  };
}

function optionValue(rawName: string, type: 'string' | 'boolean', value: string | undefined): string | true {
  if (type === 'boolean') {
    if (value !== undefined) throw badOption(`option ${rawName} takes no value`, `Write ${rawName} alone.`);
    return true;
  }
  if (value === undefined || value === '') {
    const between = rawName.startsWith('--') ? '=' : ' ';
    throw badOption(`option ${rawName} has no value`, `Write ${rawName}${between}VALUE.`);
  }
  return value;
}

export function badOption(what: string, remedy: string): LbError {
  return new LbError('LB_BAD_OPTION', what, remedy);
}
