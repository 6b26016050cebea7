import { humanDuration } from '@openyurt/nodepool-types';

/** @param since a meta/v1 Time; @returns `<unknown>` for none */
export function ageSince(since: unknown, nowWallMs: number): string {
  const ms = typeof since === 'string' ? Date.parse(since) : Number.NaN;
  return Number.isNaN(ms) ? '<unknown>' : humanDuration(nowWallMs - ms);
}

/** meta/v1 Time: whole seconds, UTC. */
export function kubeTime(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}
