import type { FailBack } from '@openyurt/nodepool-types';
import type { MemberView } from './offer.ts';

/**
 * Of the members whose offer of `address` counts, those that the election is between.
 *
 * Members that are ready, and whoever announces the address now: one that came back takes nothing before it was well for
 * long enough, and one that had to begin while young keeps what it has. Where that is nobody, whoever is not drained: a
 * site that starts does not wait. Where all are drained, all. With `failBack: never` whoever announces it keeps it.
 *
 * @param counting views of the members whose offer counts
 */
export function eligible(address: string, counting: readonly MemberView[], failBack: FailBack): readonly MemberView[] {
  const staying = counting.filter(({ standing }) => standing !== 'draining');
  if (staying.length === 0) return counting;
  if (failBack === 'never') {
    const claimants = staying.filter(({ claims }) => claims.has(address));
    if (claimants.length > 0) return claimants;
  }
  const proper = staying.filter(({ standing, claims }) => standing === 'ready' || claims.has(address));
  return proper.length === 0 ? staying : proper;
}
