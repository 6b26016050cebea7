/** The part of a speaker's state page that tests read. */
export interface State {
  readonly nodePool: string | null;
  readonly cloud: { readonly state: string };
  readonly cache: { readonly generation: number; readonly damagedSlots: number };
  readonly addresses: {
    address: string;
    services: string[];
    owner: string | null;
    offered: true | string;
    noLink?: string;
    staleEndpoints: boolean;
    here?: { state: string; byMac?: string };
    conflict?: { kind: string; byMac: string };
  }[];
  readonly members: { node: string; state: string; standing: string }[];
}

/** A line of the log, as far as tests read it. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  /** When it was written. */
  readonly ts?: string;
  readonly logger?: string;
  readonly code?: string;
  readonly remedy?: string;
  readonly address?: string;
  readonly byMac?: string;
  readonly err?: { readonly code: string; readonly message: string; readonly remedy: string };
}
