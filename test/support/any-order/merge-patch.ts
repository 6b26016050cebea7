/** What turns one object into another: an RFC 7386 merge patch. Lists are exchanged as a whole. */
export function mergePatch(before: object, after: object): object {
  const patch: Record<string, unknown> = {};
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  for (const key of old.keys()) if (!now.has(key)) patch[key] = null;
  for (const [key, value] of now) {
    const was: unknown = old.get(key);
    if (JSON.stringify(was) === JSON.stringify(value)) continue;
    patch[key] = isMap(was) && isMap(value) ? mergePatch(was, value) : value;
  }
  return patch;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
