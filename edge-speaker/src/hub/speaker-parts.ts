import type { SiteConfig } from '@openyurt/nodepool-types';
import type { View } from '../offline/adopt.ts';

/** What the hub is made from: the view it begins with, and what it asks of the rest of the process. */
export interface SpeakerParts {
  readonly nodeName: string;
  readonly view: View;
  /** The NodePool the disk remembers. */
  readonly nodePool: string | undefined;
  readonly siteDefaults: SiteConfig;
  readonly linkFor: (address: string) => string | undefined;
  /** How long another member of the pool has held the address, and goes on offering it; undefined: nobody does. */
  readonly heldElsewhereMs: (address: string) => number | undefined;
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
  /** Draws from [0, 1). */
  readonly random: () => number;
}
