import type { Log } from '@openyurt/nodepool-types';
import type { LinkTurn } from '../offline/cloud-watch.ts';

/** That the road to the cloud changed, and where it is not open, why and what to do. */
export function logLink(log: Log, { before, after, forMs, error }: LinkTurn): void {
  const why = error === undefined ? {} : { err: error };
  const fields = { link: after, before, beforeForMs: Math.round(forMs), ...why };
  log[after === 'connected' ? 'info' : 'warn']('cloud link changed', fields);
}
