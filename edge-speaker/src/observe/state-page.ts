import type { LbError } from '@openyurt/nodepool-types';

/** What the state page is made from; times are milliseconds ago, at the moment of asking. */
export interface StateInputs {
  readonly version: string;
  readonly node: string;
  readonly nodePool: string | undefined;
  readonly addresses: readonly AddressState[];
  readonly members: readonly MemberLine[];
  readonly cloud: {
    readonly state: string;
    readonly sinceMs: number;
    readonly contactAgoMs: number | undefined;
    readonly failure: { readonly error: LbError; readonly agoMs: number } | undefined;
  };
  readonly cache: {
    readonly generation: number;
    readonly bytes: number;
    readonly ageMs: number | undefined;
    readonly damaged: number;
    readonly failures: number;
  };
}

export interface AddressState {
  readonly address: string;
  /** `namespace/name` of the Services that hold it. */
  readonly services: readonly string[];
  /** The node that announces it, as far as this node knows. */
  readonly owner: string | undefined;
  /** Whether this node offers it, or why not. */
  readonly offered: true | string;
  /** How this node announces it, if it does. */
  readonly here?: { readonly link: string; readonly state: string; readonly forMs: number; readonly byMac?: string };
}

export interface MemberLine {
  readonly node: string;
  readonly state: string;
  readonly forMs: number;
  readonly address?: string;
  readonly offers: number;
  readonly claims: number;
  readonly sameConfig: boolean;
}

/** The page as JSON: whole numbers, seconds for people. */
export function statePage({ cloud, cache, addresses, members, ...rest }: StateInputs): unknown {
  return {
    ...rest,
    cloud: {
      state: cloud.state,
      forSeconds: seconds(cloud.sinceMs),
      lastContactSecondsAgo: cloud.contactAgoMs === undefined ? null : seconds(cloud.contactAgoMs),
      lastFailure: cloud.failure === undefined ? null : failed(cloud.failure),
    },
    cache: {
      generation: cache.generation,
      bytes: cache.bytes,
      writtenSecondsAgo: cache.ageMs === undefined ? null : seconds(cache.ageMs),
      damagedSlots: cache.damaged,
      failedWrites: cache.failures,
    },
    addresses: addresses.map(({ here, owner, ...line }) => ({
      ...line,
      owner: owner ?? null,
      ...(here === undefined
        ? {}
        : { here: { link: here.link, state: here.state, forSeconds: seconds(here.forMs), ...byMac(here) } }),
    })),
    members: members.map(({ forMs, ...line }) => ({ ...line, forSeconds: seconds(forMs) })),
  };
}

function failed({ error: { code, message, remedy }, agoMs }: NonNullable<StateInputs['cloud']['failure']>): unknown {
  return { code, message, remedy, secondsAgo: seconds(agoMs) };
}

function byMac(here: { readonly byMac?: string }): { byMac?: string } {
  return here.byMac === undefined ? {} : { byMac: here.byMac };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
