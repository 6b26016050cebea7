import { compareNatural, type LbError } from '@openyurt/nodepool-types';

/** What the state page is made from; times are milliseconds ago, at the moment of asking. */
export interface StateInputs {
  readonly version: string;
  readonly node: string;
  readonly nodePool: string | undefined;
  /** How this node stands among the members; undefined: it is in no session. */
  readonly standing: { readonly standing: string; readonly readyInMs?: number } | undefined;
  readonly addresses: readonly AddressState[];
  readonly members: readonly MemberLine[];
  readonly cloud: {
    readonly state: string;
    readonly sinceMs: number;
    /** How long the cloud has been away, over restarts; undefined: it is there, or only in doubt. */
    readonly awayMs: number | undefined;
    readonly contactAgoMs: number | undefined;
    readonly failure: { readonly error: LbError; readonly agoMs: number } | undefined;
  };
  /** What is held, where it comes from, and since when the API has not vouched for it. */
  readonly view: readonly {
    readonly resource: string;
    readonly facts: number;
    readonly origins: Readonly<Record<string, number>>;
    readonly vouchedAgoMs: number | undefined;
  }[];
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
  /** How long this node has known of that owner. */
  readonly ownerForMs: number | undefined;
  /** Where the Services' facts come from (the disk, a list, a watch), and how long ago. */
  readonly known: { readonly from: string; readonly forMs: number } | undefined;
  /** Whether this node offers it, or why not. */
  readonly offered: true | string;
  /** Where it is not offered for want of an interface: what is wrong, and with which. */
  readonly noLink?: string;
  /** All endpoints that this node's offer rests on are dead. */
  readonly staleEndpoints: boolean;
  /** How this node announces it, if it does; `byMac`: of the host that uses it, or of the member that announces it too. */
  readonly here?: { readonly link: string; readonly state: string; readonly forMs: number; readonly byMac?: string };
  /** The host outside the NodePool that uses it, as this node heard it last. */
  readonly conflict?: {
    /** `refused`: it is not announced here; `contested`: it is announced and defended. */
    readonly kind: string;
    readonly byMac: string;
    readonly link: string;
    readonly forMs: number;
    readonly lastSeenAgoMs: number;
    readonly retryInMs?: number;
  };
}

export interface MemberLine {
  readonly node: string;
  readonly state: string;
  readonly forMs: number;
  readonly address?: string;
  readonly offers: number;
  readonly claims: number;
  readonly sameConfig: boolean;
  /** As it told last. */
  readonly standing: string;
}

/** The page as JSON: whole numbers, seconds for people. */
export function statePage({ cloud, view, cache, addresses, members, standing, ...rest }: StateInputs): unknown {
  return {
    ...rest,
    standing: standing?.standing ?? null,
    ...(standing?.readyInMs === undefined ? {} : { readyInSeconds: seconds(standing.readyInMs) }),
    cloud: {
      state: cloud.state,
      forSeconds: seconds(cloud.sinceMs),
      awayForSeconds: cloud.awayMs === undefined ? null : seconds(cloud.awayMs),
      lastContactSecondsAgo: cloud.contactAgoMs === undefined ? null : seconds(cloud.contactAgoMs),
      lastFailure: cloud.failure === undefined ? null : failed(cloud.failure),
    },
    view: view.map(({ vouchedAgoMs, ...line }) => ({
      ...line,
      vouchedSecondsAgo: vouchedAgoMs === undefined ? null : seconds(vouchedAgoMs),
    })),
    cache: {
      generation: cache.generation,
      bytes: cache.bytes,
      writtenSecondsAgo: cache.ageMs === undefined ? null : seconds(cache.ageMs),
      damagedSlots: cache.damaged,
      failedWrites: cache.failures,
    },
    addresses: [...addresses].sort(byAddress).map(({ here, owner, ownerForMs, known, conflict, ...line }) => ({
      ...line,
      owner: owner ?? null,
      ownerForSeconds: ownerForMs === undefined ? null : seconds(ownerForMs),
      known: known === undefined ? null : { from: known.from, forSeconds: seconds(known.forMs) },
      ...(here === undefined
        ? {}
        : { here: { link: here.link, state: here.state, forSeconds: seconds(here.forMs), ...byMac(here) } }),
      ...(conflict === undefined ? {} : { conflict: conflictLine(conflict) }),
    })),
    members: [...members].sort(byNode).map(({ forMs, ...line }) => ({ ...line, forSeconds: seconds(forMs) })),
  };
}

function failed({ error: { code, message, remedy }, agoMs }: NonNullable<StateInputs['cloud']['failure']>): unknown {
  return { code, message, remedy, secondsAgo: seconds(agoMs) };
}

function conflictLine({ forMs, lastSeenAgoMs, retryInMs, ...line }: NonNullable<AddressState['conflict']>): unknown {
  return {
    ...line,
    forSeconds: seconds(forMs),
    lastSeenSecondsAgo: seconds(lastSeenAgoMs),
    ...(retryInMs === undefined ? {} : { retryInSeconds: seconds(retryInMs) }),
  };
}

function byAddress({ address: a }: AddressState, { address: b }: AddressState): number {
  return compareNatural(a, b);
}

function byNode({ node: a }: MemberLine, { node: b }: MemberLine): number {
  return compareNatural(a, b);
}

function byMac(here: { readonly byMac?: string }): { byMac?: string } {
  return here.byMac === undefined ? {} : { byMac: here.byMac };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
