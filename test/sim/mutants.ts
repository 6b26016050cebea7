import type { PoolSession } from '../../edge-speaker/src/pool-session.ts';
import type { Effect, Fact } from '../../edge-speaker/src/session/facts.ts';
import type { Alter } from './site.ts';

type Step = (fact: Fact, nowMs: number) => Effect[];

/** Rules broken on purpose, from outside: the simulator must find each. */
export const MUTANTS: Readonly<Record<string, Alter>> = {
  'one member takes the lowest score for the highest': (session, member) => {
    if (member.index !== 0) return;
    const seeds = part(session, 'machine', 'pool', 'seeds');
    const beats = seeds.beats.bind(seeds);
    seeds.beats = (a: string, b: string, address: string) => beats(b, a, address);
  },
  'a holder goes on when a better one claims': (session) =>
    onEffects(session, (effects) => effects.filter((e) => e.kind !== 'withdraw' || e.reason !== 'handed-over')),
  'two claims that meet both stay': (session) =>
    onEffects(session, (effects) => effects.filter((e) => e.kind !== 'withdraw' || e.reason !== 'lost')),
  'the silent are never given up': (session) => {
    const pulse = part(session, 'machine', 'pulse');
    const run = pulse.run.bind(pulse);
    pulse.run = () => {
      run();
      return [];
    };
  },
  'a refused dial proves nothing': (session) => {
    const dialer = part(session, 'machine', 'dialer');
    const ended = dialer.ended.bind(dialer);
    dialer.ended = (...args: unknown[]) => {
      ended(...args);
      return false;
    };
  },
  'a stop of the own process goes unnoticed': (session) => {
    part(session, 'machine', 'pulse').pausedMs = () => 0;
  },
  'nobody listens before claiming': (session) => {
    part(session, 'machine', 'settling').isHeard = () => true;
  },
  'an older view counts like a newer one': (session) => {
    const pool = part(session, 'machine', 'pool');
    const views = pool.views.bind(pool);
    pool.views = () =>
      views().map((view: { items: Map<string, object> }) => ({
        ...view,
        items: new Map(
          [...view.items].map(([address, item]) => [address, 'gone' in item ? item : { ...item, proven: true }]),
        ),
      }));
  },
  'what is claimed is not told': (session) => {
    part(session, 'machine', 'pool', 'ledger').takeChanges = () => ({ offers: [], claims: [] });
  },
  'an address that nobody else offers is kept': (session) =>
    onEffects(session, (effects) => effects.filter((e) => e.kind !== 'withdraw' || e.reason !== 'not-offered')),
  'a leaving member falls silent before its successor speaks': (session) => {
    const machine = part(session, 'machine');
    const step: Step = machine.step.bind(machine);
    machine.step = (fact: Fact, nowMs: number) => {
      const effects = step(fact, nowMs);
      if (fact.kind !== 'leave') return effects;
      return [...effects, ...part(session, 'machine', 'pool', 'ledger').drop('leaving')];
    };
  },
  'who came back takes at once': (session) => {
    part(session, 'machine', 'standing').readyMs = () => 0;
  },
  'each part takes itself for the majority': (session) => {
    part(session, 'machine', 'standing', 'sight').suffices = () => true;
  },
  'a holder keeps nothing from who comes back': (session) => {
    const ledger = part(session, 'machine', 'pool', 'ledger');
    Object.defineProperty(ledger, 'failBack', { get: () => 'always', set: () => {} });
  },
};

function onEffects(session: PoolSession, change: (effects: Effect[]) => Effect[]): void {
  const machine = part(session, 'machine');
  const step: Step = machine.step.bind(machine);
  machine.step = (fact: Fact, nowMs: number) => change(step(fact, nowMs));
}

// biome-ignore lint/suspicious/noExplicitAny: private parts of the product, reached into to break them
function part(of: unknown, ...path: string[]): any {
  let at = of;
  for (const name of path) {
    at = typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined;
    if (at === undefined) throw new Error(`the session has no part ${path.join('.')}: the mutant no longer fits`);
  }
  return at;
}
