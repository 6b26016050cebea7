import { copy, type Fields, fieldsOf, isFields, listOf, same, textOf } from './object.ts';

/** Lists of every object that merge instead of being replaced. */
const METADATA_KEYS: Readonly<Record<string, string>> = {
  'metadata.finalizers': '',
  'metadata.ownerReferences': 'uid',
};

const ORDER = '$setElementOrder/';
const DELETE_PLAIN = '$deleteFromPrimitiveList/';

/**
 * Kubernetes' strategic merge patch: RFC 7386, but lists with a merge key are merged item by item. Knows the directives
 * kubectl writes: `$patch: delete | replace | merge`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`, `$retainKeys`.
 *
 * @param keys dotted path of a list → its merge key, `''` for a list of plain values
 */
export function strategicPatch(target: unknown, patch: unknown, keys: Readonly<Record<string, string>> = {}): unknown {
  return mergeMap(fieldsOf(target), fieldsOf(patch), '', { ...METADATA_KEYS, ...keys });
}

function mergeMap(target: Fields, patch: Fields, path: string, keys: Readonly<Record<string, string>>): Fields {
  if (patch.$patch === 'replace') return withoutDirectives(patch);
  if (patch.$patch === 'delete') return {};
  const out: Fields = { ...target };
  const retained = Array.isArray(patch.$retainKeys) ? new Set(patch.$retainKeys) : undefined;
  if (retained !== undefined) for (const k of Object.keys(out)) if (!retained.has(k)) delete out[k];
  for (const [k, v] of Object.entries(patch)) {
    const here = path === '' ? k : `${path}.${k}`;
    if (k.startsWith(DELETE_PLAIN)) {
      const name = k.slice(DELETE_PLAIN.length);
      out[name] = listOf(out[name]).filter((item) => !listOf(v).includes(item));
    }
    if (k.startsWith('$')) continue;
    const key = keys[here];
    if (v === null) delete out[k];
    else if (Array.isArray(v) && key === '') out[k] = [...new Set([...listOf(out[k]), ...v])];
    else if (Array.isArray(v) && key !== undefined) out[k] = mergeList(listOf(out[k]), v, key, here, keys);
    else if (isFields(v)) out[k] = mergeMap(fieldsOf(out[k]), v, here, keys);
    else out[k] = copy(v);
  }
  for (const [k, v] of Object.entries(patch)) {
    if (!k.startsWith(ORDER)) continue;
    const name = k.slice(ORDER.length);
    const key = keys[path === '' ? name : `${path}.${name}`] ?? '';
    if (out[name] !== undefined) out[name] = inOrder(listOf(out[name]), listOf(v), key);
  }
  return out;
}

function mergeList(
  target: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  path: string,
  keys: Readonly<Record<string, string>>,
): unknown[] {
  if (patch.some((p) => fieldsOf(p).$patch === 'replace')) {
    return patch.filter((p) => fieldsOf(p).$patch !== 'replace').map(copy);
  }
  const out = [...target];
  for (const p of patch.map(fieldsOf)) {
    const i = out.findIndex((item) => same(fieldsOf(item)[key], p[key]));
    if (p.$patch === 'delete') {
      if (i >= 0) out.splice(i, 1);
    } else if (i >= 0) out[i] = mergeMap(fieldsOf(out[i]), p, path, keys);
    else out.push(withoutDirectives(p));
  }
  return out;
}

/** Items named by the order list come in that order; the others keep their place before them. */
function inOrder(items: readonly unknown[], order: readonly unknown[], key: string): unknown[] {
  const name = (item: unknown): string => JSON.stringify(key === '' ? item : fieldsOf(item)[key]);
  const rank = new Map(order.map((item, i) => [name(item), i]));
  const placed = items.filter((item) => rank.has(name(item)));
  placed.sort((a, b) => (rank.get(name(a)) ?? 0) - (rank.get(name(b)) ?? 0));
  return [...items.filter((item) => !rank.has(name(item))), ...placed];
}

function withoutDirectives(patch: Fields): Fields {
  const out: Fields = {};
  for (const [k, v] of Object.entries(patch)) {
    if (k.startsWith('$') || v === null) continue;
    out[k] = isFields(v) ? withoutDirectives(v) : copy(v);
  }
  return out;
}

/** A merge key must not be changed by accident through a patch that lacks it. */
export function lacksMergeKey(patch: unknown, keys: Readonly<Record<string, string>>): string | undefined {
  for (const [path, key] of Object.entries(keys)) {
    let here: unknown = patch;
    for (const step of path.split('.')) here = fieldsOf(here)[step];
    const bad =
      key !== '' &&
      listOf(here).some((item) => textOf(fieldsOf(item).$patch) === '' && fieldsOf(item)[key] === undefined);
    if (bad) return `map: ${JSON.stringify(here)} does not contain declared merge key: ${key}`;
  }
  return undefined;
}
