/** One queue carries all kinds of keys, so that what depends on each other is never worked on out of order. */
export type Key =
  | { readonly kind: 'service' | 'pool'; readonly name: string }
  /** The addresses of all Nodes. */
  | { readonly kind: 'nodes'; readonly name: '' };

export const NODES_KEY = 'nodes:';

/** @param name `namespace/name` of a Service */
export function serviceQueueKey(name: string): string {
  return `service:${name}`;
}

export function poolQueueKey(nodePool: string): string {
  return `pool:${nodePool}`;
}

export function parseQueueKey(text: string): Key {
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  if (kind === 'nodes') return { kind, name: '' };
  return { kind: kind === 'pool' ? 'pool' : 'service', name: text.slice(colon + 1) };
}
