import type { IpFamily } from '@openyurt/nodepool-types';
import type { DefaultRouteFact } from './rtnetlink.ts';

export const FAMILIES: readonly IpFamily[] = ['IPv4', 'IPv6'];

/** Shared, so that a link whose routes stayed the same compares equal. */
const SETS: readonly (readonly IpFamily[])[] = [[], ['IPv4'], ['IPv6'], FAMILIES];

/** Which interface has the preferred default route of each family. A dump is collected first and counts when it is whole. */
export class DefaultRoutes {
  private readonly collected: Record<IpFamily, DefaultRouteFact[]> = { IPv4: [], IPv6: [] };
  private readonly preferred: Partial<Record<IpFamily, number>> = {};

  /** A dump starts. */
  begin(family: IpFamily): void {
    this.collected[family] = [];
  }

  collect(route: DefaultRouteFact): void {
    this.collected[route.family].push(route);
  }

  /** The dump is whole. Among equals the kernel's first counts: it uses that one too, or one of several in turn. */
  finish(family: IpFamily): void {
    const [best] = this.collected[family].sort((a, b) => a.priority - b.priority || b.preference - a.preference);
    if (best === undefined) delete this.preferred[family];
    else this.preferred[family] = best.index;
  }

  /** The families whose default route leaves through this interface. */
  familiesOf(index: number): readonly IpFamily[] {
    const { IPv4, IPv6 } = this.preferred;
    return SETS[(IPv4 === index ? 1 : 0) + (IPv6 === index ? 2 : 0)] ?? [];
  }
}
