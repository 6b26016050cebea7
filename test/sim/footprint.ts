/**
 * Entries of all maps, sets and lists that hang on a session, whatever they are called. Buffers count as one.
 * What is bounded by its own size alone (an lru-cache takes its room at once) is not looked into.
 */
export function entriesOf(root: unknown): number {
  const seen = new Set<object>();
  const stack: unknown[] = [root];
  let entries = 0;
  for (let next = stack.pop(); stack.length > 0 || next !== undefined; next = stack.pop()) {
    if (typeof next !== 'object' || next === null || seen.has(next) || Buffer.isBuffer(next)) continue;
    seen.add(next);
    if (OUTSIDE.has(next.constructor?.name)) continue;
    if (next instanceof Map) {
      entries += next.size;
      stack.push(...next.values());
    } else if (next instanceof Set) entries += next.size;
    else if (Array.isArray(next)) {
      entries += next.length;
      stack.push(...next);
    } else stack.push(...Object.values(next));
  }
  return entries;
}

/** What a member may keep: of each other member its offers and claims, of itself the same, and what is per member. */
export function mostEntries(members: number, addresses: number): number {
  return members * (addresses * 6 + 40) + addresses * 10 + 200;
}

/** Not the session's own: the simulator, and caches of a fixed size. */
const OUTSIDE: ReadonlySet<string | undefined> = new Set([
  'LRUCache',
  'Process',
  'Lan',
  'Site',
  'Member',
  'VirtualTime',
  'Connection',
]);
