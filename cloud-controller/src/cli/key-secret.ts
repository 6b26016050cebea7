import { compareNatural, LbError, POOL_KEY_SECRET } from '@openyurt/nodepool-types';
import { isMap, isScalar, parseDocument } from 'yaml';

/** The Secret with the pool keys; each mounted file holds the base64 text of 32 bytes. */
export interface KeySecret {
  readonly name: string;
  readonly namespace: string;
  /** Key id → 32 bytes. */
  readonly keys: ReadonlyMap<string, Buffer>;
}

export const KEY_BYTES = 32;
/** Two at a time: the newest dials, the one before is still accepted. */
const KEPT_KEYS = 2;
/** What a Secret's key may be, short enough for the pool session's hello. */
const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** @throws LbError `LB_BAD_OPTION` */
export function checkKeyId(id: string): string {
  if (KEY_ID.test(id)) return id;
  throw new LbError(
    'LB_BAD_OPTION',
    `${JSON.stringify(id)} is no key id`,
    'Write up to 63 letters, digits, ".", "_" and "-", beginning with a letter or digit.',
  );
}

/** An id from the time to the millisecond, UTC, so that a later one sorts last: `k20261121-130455-042`. */
export function dateKeyId(wallMs: number): string {
  const digits = new Date(wallMs).toISOString().replace(/\D/g, '');
  return `k${digits.slice(0, 8)}-${digits.slice(8, 14)}-${digits.slice(14)}`;
}

/**
 * One key more, the oldest dropped.
 *
 * @throws LbError `LB_BAD_OPTION` where the new id would not be the newest
 */
export function addKey(secret: KeySecret, id: string, key: Buffer): KeySecret {
  const newest = [...secret.keys.keys()].sort(compareNatural).at(-1);
  if (newest !== undefined && compareNatural(id, newest) <= 0) {
    throw new LbError(
      'LB_BAD_OPTION',
      `key id ${id} would not be the newest: ${newest} sorts after it`,
      `Choose an id that sorts after ${newest} with --id.`,
    );
  }
  const all = [...secret.keys, [id, key] as const].sort(([a], [b]) => compareNatural(a, b));
  return { ...secret, keys: new Map(all.slice(-KEPT_KEYS)) };
}

/** A manifest for `kubectl apply`: under `data`, not `stringData`, so that applying it also removes dropped keys. */
export function formatKeySecret({ name, namespace, keys }: KeySecret): string {
  const data = [...keys].map(([id, key]) => {
    const file = key.toString('base64');
    return `  ${JSON.stringify(id)}: ${Buffer.from(file).toString('base64')}`;
  });
  return `apiVersion: v1
kind: Secret
metadata:
  name: ${JSON.stringify(name)}
  namespace: ${JSON.stringify(namespace)}
  labels:
    app.kubernetes.io/name: yurtlb
    app.kubernetes.io/component: pool-key
type: Opaque
data:
${data.join('\n')}`;
}

/**
 * Reads what `kubectl get secret -o yaml` (or json) prints.
 *
 * @throws LbError `LB_POOL_KEY_UNUSABLE`
 */
export function parseKeySecret(text: string): KeySecret {
  const document = parseDocument(text, { version: '1.2', schema: 'core', prettyErrors: false, logLevel: 'silent' });
  const root: unknown = document.contents;
  if (document.errors.length > 0 || !isMap(root) || root.get('kind') !== 'Secret') {
    throw unusable('standard input holds no Secret', `Pipe in: kubectl get secret ${POOL_KEY_SECRET} -o yaml`);
  }
  const name: unknown = root.getIn(['metadata', 'name']);
  const namespace: unknown = root.getIn(['metadata', 'namespace']);
  if (typeof name !== 'string' || typeof namespace !== 'string') {
    throw unusable('the Secret has no name or namespace', 'Pipe in the Secret as kubectl prints it.');
  }
  const data = root.get('data', true);
  const keys = new Map<string, Buffer>();
  for (const { key, value } of isMap(data) ? data.items : []) {
    const id = checkKeyId(isScalar(key) ? `${key.value}` : '');
    const bytes = readKey(isScalar(value) ? value.value : undefined);
    if (bytes === undefined) {
      throw unusable(`key ${id} is not ${KEY_BYTES} bytes in base64`, `Remove ${id} from the Secret, then rotate.`);
    }
    keys.set(id, bytes);
  }
  if (keys.size === 0) throw unusable('the Secret holds no key', 'Make a first one with: yurtlb key');
  return { name, namespace, keys };
}

function readKey(value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  const file = Buffer.from(value, 'base64').toString('latin1').trim();
  const bytes = Buffer.from(file, 'base64');
  return bytes.length === KEY_BYTES && bytes.toString('base64') === file ? bytes : undefined;
}

function unusable(what: string, remedy: string): LbError {
  return new LbError('LB_POOL_KEY_UNUSABLE', what, remedy);
}
