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
};

/**
 * The mix. Of 100 seeds 60 have 2 or 3 members, 30 have 4 or 5, 9 have 6 to 10 (mostly 6), each with 20 addresses, and one has 20 with
 * 100. Each second pool rests between two disturbances, so that bounds are tight; in the others they overlap. A third loses
 * packets, a quarter has a slow LAN, a sixth no multicast.
 */
export function scenarioOf(seed: number): Scenario {
  const random = seeded(seed * 7919 + 1);
  const place = seed % 100;
  const draw = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const members =
    place === 0 ? 20 : place <= 60 ? draw(2, 3) : place <= 90 ? draw(4, 5) : place <= 97 ? 6 : draw(7, 10);
  const rests = seed % 2 === 0;
  const lossy = seed % 3 === 0;
  const slow = random() < 0.25;
  return {
    seed,
    members,
    addresses: place === 0 ? 100 : 20,
    able: place === 0 ? 0.2 : 0.4 + 0.6 * random(),
    heartbeatMs: place === 0 ? 500 : random() < 0.07 ? 30 : 100,
    slackMs: random() < 0.5 ? 0 : 3,
    policy: {
      minReadySeconds: random() < 0.25 ? 1 : 0,
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
    disturbances: disturbances(random, members > 10 ? 4 : draw(3, 5), rests),
  };
}

/** Hundreds of members and thousands of addresses, each with a few nodes that could answer. */
export function largeScenario(seed: number, members: number, addresses: number): Scenario {
  const random = seeded(seed * 7919 + 1);
  return {
    seed,
    members,
    addresses,
    able: 4 / members,
    heartbeatMs: 1000,
    slackMs: 3,
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
