import { LbError, type Log } from '@openyurt/nodepool-types';
import type { FrameSocketFactory } from '../ports/frame-socket.ts';
import type { Links } from '../ports/links.ts';

/** There is no way to the cloud: said at once and loudly, and no more. What the cache knows is announced, and the road is looked for again. */
export async function sayIfNoRoad(road: () => Promise<unknown>, log: Log): Promise<void> {
  try {
    await road();
  } catch (err) {
    log.error('no way to the cloud', { err });
  }
}

/** A missing capability is said at the start, not when the first address comes. @returns it: no running process gets one */
export function sayIfRefused(sockets: FrameSocketFactory, links: Links, log: Log): LbError | undefined {
  const link = links.list().find(({ up }) => up);
  if (link === undefined) return undefined;
  try {
    sockets.open(link).close();
    return undefined;
  } catch (err) {
    log.error('no address can be announced', { err });
    return err instanceof LbError && err.code === 'LB_CAPABILITY_MISSING' ? err : undefined;
  }
}
