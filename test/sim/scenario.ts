import type { SiteConfig } from '@openyurt/nodepool-types';
import { seeded } from '../support/virtual-time.ts';
import type { LanCharacter } from './lan.ts';

export const KINDS = [
  'kill',
  'boot',
  'terminate',
  'stop',
  'doze',
  'power-off',
  'suspend',
  'unplug',
  'partition',
  'cut-pair',
  'cut-one-way',
  'heal',
  'reset',
  'other-endpoints',
  'move-endpoint',
  'claim-failed',
  'cloud-cut',
  'api-give',
  'api-take',
  'api-touch',
  'clock-jump',
  'tune',
  'drain',
  'policy',
  'rotate-key',
] as const;
export type Kind = (typeof KINDS)[number];

/** One thing that happens to the site. Who it strikes is taken modulo what there is, so it fits any pool. */
export interface Disturbance {
  readonly kind: Kind;
  readonly who: number;
  readonly address: number;
  /** From [0, 1): how long, how hard. */
  readonly much: number;
  /** Of whatever else is to be decided. */
  readonly seed: number;
  /** Milliseconds after the one before it; undefined: once that one's excuses have ended. */
  readonly afterMs: number | undefined;
}

/** All that a seed decides. */
export interface Scenario {
  readonly seed: number;
  readonly members: number;
  readonly addresses: number;
  /** Part of the members that could answer for an address. */
  readonly able: number;
  readonly heartbeatMs: number;
  readonly slackMs: number;
  /** The members start one after another within this time. */
  readonly startsWithinMs: number;
  readonly policy: Pick<SiteConfig, 'minReadySeconds' | 'failBack' | 'splitPolicy'>;
  readonly lan: LanCharacter;
  readonly disturbances: readonly Disturbance[];
}

const WEIGHTS: Readonly<Record<Kind, number>> = {
  kill: 5,
  boot: 4,
  terminate: 3,
  stop: 3,
  doze: 2,
  'power-off': 2,
  suspend: 1,
  unplug: 2,
  partition: 4,
  'cut-pair': 1,
  'cut-one-way': 1,
  heal: 4,
  'other-endpoints': 2,
  'move-endpoint': 3,
  'claim-failed': 2,
  'cloud-cut': 5,
  'api-give': 4,
  'api-take': 3,
  'api-touch': 1,
  'clock-jump': 1,
  tune: 1,
  drain: 2,
  reset: 2,
  policy: 2,
  'rotate-key': 2,
};

/** Members by the last two digits of the seed. */
const SIZES: readonly { upTo: number; members: readonly [number, number] }[] = [
  { upTo: 15, members: [2, 2] },
  { upTo: 55, members: [3, 3] },
  { upTo: 85, members: [4, 5] },
  { upTo: 97, members: [6, 7] },
  { upTo: 99, members: [8, 10] },
];

/**
 * The mix. Of 100 seeds 15 have 2 members, 40 have 3, 30 have 4 or 5, 12 have 6 or 7, 2 have 8 to 10, each with 10 addresses, and one
 * has 16 with 60. Each second pool rests between two disturbances, so that bounds are tight; in the others they overlap. A third loses
 * packets, a quarter has a slow LAN, a sixth no multicast.
 */
export function scenarioOf(seed: number): Scenario {
  const random = seeded(seed * 7919 + 1);
  const place = seed % 100;
  const draw = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const [fewest, most] = place === 0 ? [16, 16] : (SIZES.find(({ upTo }) => place <= upTo)?.members ?? [3, 3]);
  const members = draw(fewest, most);
  const rests = seed % 2 === 0;
  const lossy = seed % 3 === 0;
  const slow = random() < 0.25;
  return {
    seed,
    members,
    addresses: place === 0 ? 60 : 10,
    able: place === 0 ? 0.2 : 0.4 + 0.6 * random(),
    heartbeatMs: place === 0 ? 500 : random() < 0.07 ? 30 : 100,
    slackMs: random() < 0.5 ? 0 : 3,
    startsWithinMs: random() < 0.8 ? 100 : 3000,
    policy: {
      minReadySeconds: random() < 0.4 ? 1 : 0,
      failBack: random() < 0.15 ? 'never' : 'always',
      splitPolicy: random() < 0.15 ? 'majority' : 'always',
    },
    lan: {
      loss: lossy ? 0.005 + 0.045 * random() ** 2 : 0,
      duplicates: random() < 0.3 ? 0.1 : 0,
      late: slow ? 0.05 : 0,
      delayMs: slow ? [0.5, 8] : [0.05, 0.5],
      multicast: random() > 1 / 6,
    },
    disturbances: disturbances(random, draw(3, 5), rests),
  };
}

/** The scenario of a seed: of the mix, or of a pool of the size that `large` says. */
export function scenarioFor(of: { seed: number; large?: readonly [members: number, addresses: number] | undefined }) {
  return of.large === undefined ? scenarioOf(of.seed) : largeScenario(of.seed, ...of.large);
}

/** Hundreds of members and thousands of addresses, each with a few nodes that could answer. */
export function largeScenario(seed: number, members: number, addresses: number): Scenario {
  const random = seeded(seed * 7919 + 1);
  return {
    seed,
    members,
    addresses,
    able: 2.5 / members,
    heartbeatMs: 1000,
    slackMs: 3,
    startsWithinMs: 1000,
    policy: { minReadySeconds: 0, failBack: 'always', splitPolicy: 'always' },
    lan: { loss: 0, duplicates: 0.01, late: 0, delayMs: [0.05, 0.5], multicast: true },
    disturbances: disturbances(random, 3, true).map((d) => ({ ...d, kind: 'kill' as const })),
  };
}

function disturbances(random: () => number, count: number, rests: boolean): Disturbance[] {
  const total = Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: count }, () => {
    let left = random() * total;
    const kind = KINDS.find((one) => {
      left -= WEIGHTS[one];
      return left < 0;
    });
    return {
      kind: kind ?? 'heal',
      who: Math.floor(random() * 1e6),
      address: Math.floor(random() * 1e6),
      much: random(),
      seed: Math.floor(random() * 2 ** 31),
      afterMs: rests ? undefined : 5 + random() ** 2 * 2000,
    };
  });
}
