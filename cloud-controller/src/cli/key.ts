import { POOL_KEY_SECRET, SYSTEM_NAMESPACE } from '@openyurt/nodepool-types';
import { badOption, parseCommandLine } from './command-line.ts';
import { HELP } from './help-text.ts';
import {
  addKey,
  checkKeyId,
  dateKeyId,
  formatKeySecret,
  KEY_BYTES,
  type KeySecret,
  parseKeySecret,
} from './key-secret.ts';
import type { Terminal } from './terminal.ts';

const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * `yurtlb key`
 *
 * @throws LbError `LB_BAD_OPTION`, `LB_POOL_KEY_UNUSABLE`
 */
export async function key(argv: readonly string[], terminal: Terminal): Promise<number> {
  const line = parseCommandLine(argv, {
    namespace: { type: 'string' },
    id: { type: 'string' },
    rotate: { type: 'boolean' },
  });
  if (line.help) {
    terminal.out(HELP.key);
    return 0;
  }
  const [surplus] = line.positionals;
  if (surplus !== undefined) throw badOption(`key takes no argument ${JSON.stringify(surplus)}`, 'Remove it.');
  const namespace = line.text('namespace');
  if (line.flag('rotate') && namespace !== undefined) {
    throw badOption('--namespace and --rotate exclude each other', 'The Secret on standard input says its namespace.');
  }
  if (namespace !== undefined && !NAMESPACE.test(namespace)) {
    throw badOption(`${JSON.stringify(namespace)} is no namespace`, 'Write lower-case letters, digits and "-".');
  }
  const id = checkKeyId(line.text('id') ?? dateKeyId(terminal.wallMs()));
  const before: KeySecret = line.flag('rotate')
    ? parseKeySecret((await terminal.stdin()).toString('utf8'))
    : { name: POOL_KEY_SECRET, namespace: namespace ?? SYSTEM_NAMESPACE, keys: new Map() };
  terminal.out(formatKeySecret(addKey(before, id, terminal.randomBytes(KEY_BYTES))));
  return 0;
}
