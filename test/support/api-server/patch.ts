import { copy, type Fields, isFields, same } from './object.ts';
import { badRequest, StatusError } from './status-error.ts';

export const MERGE = 'application/merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';

/** RFC 7386: an object is merged, null removes, anything else (lists too) replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return copy(patch);
  const out: Fields = isFields(target) ? { ...target } : {};
  for (const [k, v] of Object.entries(patch)) {
    if (v === null) delete out[k];
    else out[k] = mergePatch(out[k], v);
  }
  return out;
}

/** `/a~1b/0` → `['a/b', '0']` (RFC 6901) */
function steps(pointer: unknown): string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw badRequest(`error decoding patch: invalid path ${JSON.stringify(pointer)}`);
  }
  return pointer
    .split('/')
    .slice(1)
    .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function refuse(message: string): StatusError {
  return new StatusError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${message}`,
    {},
  );
}

function indexIn(list: readonly unknown[], step: string, op: string): number {
  if (op === 'add' && step === '-') return list.length;
  const i = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : -1;
  if (i < 0 || i > list.length || (op !== 'add' && i === list.length)) {
    throw refuse(`${op} operation does not apply: invalid index ${step}`);
  }
  return i;
}

function child(parent: unknown, step: string, op: string): unknown {
  if (Array.isArray(parent)) return parent[indexIn(parent, step, op === 'add' ? 'get' : op)];
  if (isFields(parent) && Object.hasOwn(parent, step)) return parent[step];
  throw refuse(`${op} operation does not apply: doc is missing path: ${step}`);
}

function get(root: unknown, path: readonly string[], op: string): unknown {
  return path.reduce((here, step) => child(here, step, op), root);
}

function remove(root: unknown, path: readonly string[]): void {
  const parent = get(root, path.slice(0, -1), 'remove');
  const last = path.at(-1) ?? '';
  child(parent, last, 'remove');
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isFields(parent)) delete parent[last];
}

function add(root: unknown, path: readonly string[], value: unknown, op: 'add' | 'replace'): void {
  const parent = get(root, path.slice(0, -1), op);
  const last = path.at(-1) ?? '';
  if (op === 'replace') child(parent, last, op);
  if (Array.isArray(parent)) parent.splice(indexIn(parent, last, op), op === 'replace' ? 1 : 0, value);
  else if (isFields(parent)) parent[last] = value;
  else throw refuse(`${op} operation does not apply: doc is missing path: ${last}`);
}

/**
 * RFC 6902, all or nothing.
 *
 * @throws StatusError 400 for what is no patch, 422 for one that does not apply
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  const holder = { root: copy(target) };
  for (const operation of patch) {
    if (!isFields(operation)) throw badRequest('error decoding patch: an operation is not an object');
    const path = ['root', ...steps(operation.path)];
    switch (operation.op) {
      case 'add':
      case 'replace':
        add(holder, path, copy(operation.value ?? null), path.length === 1 ? 'add' : operation.op);
        break;
      case 'remove':
        remove(holder, path);
        break;
      case 'test': {
        let found: unknown = null;
        try {
          found = get(holder, path, 'test');
        } catch (error) {
          if (operation.value !== null) throw error;
        }
        if (!same(found, operation.value ?? null)) throw refuse(`testing value ${String(operation.path)} failed`);
        break;
      }
      case 'copy':
      case 'move': {
        const from = ['root', ...steps(operation.from)];
        const value = copy(get(holder, from, operation.op));
        if (operation.op === 'move') remove(holder, from);
        add(holder, path, value, 'add');
        break;
      }
      default:
        throw refuse(`unexpected kind: ${String(operation.op)}`);
    }
  }
  return holder.root;
}
