/** One queue carries all kinds of keys, so that what depends on each other is never worked on out of order. */
export type Key =
  | { readonly kind: 'service' | 'pool' | 'report'; readonly name: string }
  /** The addresses of all Nodes. */
  | { readonly kind: 'nodes' | 'sweep'; readonly name: '' };

export const NODES_KEY = 'nodes:';
/** What was remembered for a time is looked through. */
export const SWEEP_KEY = 'sweep:';

/** @param name `namespace/name` of a Service */
export function serviceQueueKey(name: string): string {
  return `service:${name}`;
}

export function poolQueueKey(nodePool: string): string {
  return `pool:${nodePool}`;
}

/** @param node whose report is to be read */
export function reportQueueKey(node: string): string {
  return `report:${node}`;
}

export function parseQueueKey(text: string): Key {
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (kind === 'nodes' || kind === 'sweep') return { kind, name: '' };
  return { kind: kind === 'pool' || kind === 'report' ? kind : 'service', name };
}
