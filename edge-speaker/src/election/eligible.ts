import type { FailBack } from '@openyurt/nodepool-types';
import { type EndpointsWord, endpointsOf, type MemberView } from './offer.ts';

/** Of one group, those that go first. */
type Choice = (group: readonly MemberView[]) => readonly MemberView[];

/**
 * Of the members whose offer of `address` counts, those that the election is between.
 *
 * Members that are ready, and whoever announces the address now: one that came back takes nothing before it was well for
 * long enough, and one that had to begin while young keeps what it has. Where that is nobody, whoever is not drained: a
 * site that starts does not wait. Where all are drained, all. With `failBack: never` whoever announces it keeps it.
 *
 * Of each group those go first whose endpoints are good enough (see {@link choice}), and a drained member with such ones
 * goes before ready ones without. Where that is nobody the address is still announced, by whoever does: moving it would
 * help nobody.
 *
 * @param counting views of the members whose offer counts
 */
export function eligible(address: string, counting: readonly MemberView[], failBack: FailBack): readonly MemberView[] {
  const choose = choice(address, counting);
  const announces = ({ claims }: MemberView) => claims.has(address);
  const staying = counting.filter(({ standing }) => standing !== 'draining');
  const proper = staying.filter((member) => member.standing === 'ready' || announces(member));
  const drained = counting.filter(({ standing }) => standing === 'draining');
  // A drained member yields to a young one: where it would win, the young one wins at once, and the address moves once.
  const withYoung = proper.length === 0 || choose(drained).length > 0;
  const keeping = failBack === 'never' ? staying.filter(announces) : [];
  for (const group of [keeping, proper, withYoung ? staying : [], drained]) {
    const first = choose(group);
    if (first.length > 0) return first;
  }
  const group = [proper, staying, drained].find(({ length }) => length > 0) ?? [];
  const same = group.filter(announces);
  if (same.length > 0) return same;
  const notDead = group.filter(({ items }) => endpointsOf(items.get(address)) !== 'dead');
  return notDead.length > 0 ? notDead : group;
}

/**
 * Whose endpoints are good enough, by what the members told of theirs.
 * - An announcer with dead ones yields to proven ones alone: who has not asked may have dead ones too.
 * - One with proven ones keeps it from those who have not asked.
 * - One that has not asked yields to nobody because of that: no address moves without a cause.
 * - Where nobody announces it, proven ones go first.
 * - Where an older release offers it, which does not know the words, they count for nobody: all must judge alike.
 */
function choice(address: string, counting: readonly MemberView[]): Choice {
  const wordOf = ({ items }: MemberView): EndpointsWord | undefined => endpointsOf(items.get(address));
  if (counting.some((member) => wordOf(member) === undefined)) return (group) => group;
  const notDead = (member: MemberView) => wordOf(member) !== 'dead';
  const alive = (member: MemberView) => wordOf(member) === 'alive';
  const announcers = counting.filter(({ claims }) => claims.has(address));
  if (announcers.length === 0) return (group) => (group.some(alive) ? group.filter(alive) : group.filter(notDead));
  const among = announcers.filter(notDead).every(alive) ? alive : notDead;
  return (group) => group.filter(among);
}
