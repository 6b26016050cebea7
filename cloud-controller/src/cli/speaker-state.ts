import type { Here } from '@openyurt/nodepool-types';

/** The state page of a speaker (`/state`), as far as it is printed here. A field of a newer or older speaker may be missing. */
export interface SpeakerState {
  readonly version?: string;
  readonly node?: string;
  readonly nodePool?: string;
  /** How this node stands among the members; null: it is in no session. */
  readonly standing?: string | null;
  readonly readyInSeconds?: number;
  readonly cloud?: {
    readonly state?: string;
    readonly forSeconds?: number;
    readonly awayForSeconds?: number | null;
    readonly lastContactSecondsAgo?: number | null;
    readonly lastFailure?: { readonly message?: string; readonly remedy?: string; readonly secondsAgo?: number } | null;
  };
  readonly view?: readonly {
    readonly resource?: string;
    readonly facts?: number;
    readonly vouchedSecondsAgo?: number | null;
  }[];
  readonly members?: readonly {
    readonly node?: string;
    readonly state?: string;
    readonly standing?: string;
    readonly forSeconds?: number;
    readonly address?: string;
  }[];
  readonly addresses?: readonly (Here & {
    readonly address?: string;
    readonly services?: readonly string[];
    readonly owner?: string | null;
    readonly ownerForSeconds?: number | null;
  })[];
}

/** @returns undefined for what is no state page */
export function decodeSpeakerState(text: string): SpeakerState | undefined {
  try {
    const state = JSON.parse(text) as SpeakerState | null;
    return typeof state?.node === 'string' && typeof state.cloud === 'object' ? state : undefined;
  } catch {
    return undefined;
  }
}
