import type { Clock, LbError, Log } from '@openyurt/nodepool-types';
import { decodeSnapshot, type RestoredSnapshot } from '../offline/snapshot.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';

/** The view that the disk remembers, and what there is to say of it; undefined: it remembers none that serves. */
export async function rememberedView(
  store: SnapshotStore,
  nodeName: string,
  clock: Clock,
  log: Log,
): Promise<RestoredSnapshot | undefined> {
  const { text, problems } = await store.load();
  for (const err of problems) log.warn('autonomy cache', { err });
  if (text === undefined) {
    if (problems.length === 0) log.info('autonomy cache is empty; waiting for the cloud');
    else log.warn('no slot of the autonomy cache serves; waiting for the cloud');
    return undefined;
  }
  try {
    // A clock that starts in the past makes no fact younger than this process.
    const ageMs = Math.max(0, clock.wallMs() - (store.figures.writtenWallMs ?? 0));
    const restored = decodeSnapshot(text, nodeName, clock.monotonicMs() - ageMs);
    const { view, nodePool } = restored;
    const ageSeconds = Math.round(ageMs / 1000);
    log.info('autonomy cache loaded', { nodePool, services: view.services.size, nodes: view.nodes.size, ageSeconds });
    return restored;
  } catch (error) {
    log.warn('autonomy cache not used', { err: (error as LbError).message });
    return undefined;
  }
}
