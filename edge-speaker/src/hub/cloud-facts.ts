import type { View } from '../offline/adopt.ts';
import { CloudWatch, type LinkTurn } from '../offline/cloud-watch.ts';
import { type Learned, Learning, type LearningPlace } from '../offline/learning.ts';
import type { Effect, Fact } from './facts.ts';

/** What the cloud, or its silence, may tell. */
export type CloudFact = Extract<Fact, { kind: 'listed' | 'changed' | 'reached' | 'contact' | 'refused' }>;

/** What a word of the cloud, or the time since, has changed. */
export interface CloudStep {
  readonly effects: readonly Effect[];
  readonly learned: Learned;
  readonly turn?: LinkTurn;
}

/** The cloud as the hub hears it: the state of the link, what is learned over it, and the words for people. */
export class CloudFacts {
  readonly watch: CloudWatch;
  private readonly learning: Learning;

  constructor(view: View, nowMs: number) {
    this.watch = new CloudWatch(nowMs, view.outage !== undefined);
    this.learning = new Learning(view);
  }

  /** Whether what this node knows of Services is the cloud's own word, by now. */
  get proven(): boolean {
    return this.connected && this.learning.fresh;
  }

  take(fact: CloudFact, nodePool: string | undefined, nowMs: number): CloudStep {
    switch (fact.kind) {
      case 'contact':
        return this.contact(fact, nodePool, nowMs);
      case 'refused': {
        const { resource, error: err } = fact;
        const msg = 'the cloud answers, but not with what was asked';
        const say: Effect = { kind: 'say', level: 'warn', msg, fields: { resource, err } };
        const step = this.stepOf(this.learning.refused(resource, err, this.place(nodePool, nowMs)));
        return this.watch.refused(err, nowMs) ? { ...step, effects: [say, ...step.effects] } : step;
      }
      default:
        return this.step(this.learning.take(fact, this.place(nodePool, nowMs)));
    }
  }

  settle(nodePool: string | undefined, nowMs: number): CloudStep {
    return this.stepOf(this.learning.settle(this.place(nodePool, nowMs)));
  }

  /** Times at which {@link settle}, or what depends on the cloud's being trusted, may change without a fact. */
  dueMs(nowMs: number): (number | undefined)[] {
    return [this.watch.trustDueMs(nowMs), this.learning.dueMs()];
  }

  private contact(
    { contact, error }: Extract<Fact, { kind: 'contact' }>,
    nodePool: string | undefined,
    nowMs: number,
  ): CloudStep {
    const { turn, news } = this.watch.contact(contact, error, nowMs);
    const place = this.place(nodePool, nowMs);
    if (turn === undefined) {
      const step = this.stepOf(this.learning.settle(place));
      if (news === undefined) return step;
      const say: Effect = { kind: 'say', level: 'warn', msg: 'the cloud does not answer', fields: { err: news } };
      return { ...step, effects: [say, ...step.effects] };
    }
    const { effects, learned } = this.stepOf(this.learning.turned(turn, place));
    const link: Effect = { kind: 'link', ...turn };
    if (turn.after !== 'connected') return { effects: [link, ...effects], learned, turn };
    const relist: Effect = { kind: 'relist', which: turn.before === 'offline' ? 'all' : 'unproven' };
    return { effects: [link, relist, ...effects], learned, turn };
  }

  private step(learned: Learned): CloudStep {
    return { effects: wordsOf(learned), learned };
  }

  /** What had waited for the rest of a return is adopted without a fact of its own. */
  private stepOf(learned: Learned): CloudStep {
    const { effects } = this.step(learned);
    return { effects: learned.resources.size === 0 ? effects : [...effects, { kind: 'touch' }], learned };
  }

  private place(nodePool: string | undefined, nowMs: number): LearningPlace {
    return { nodePool, connected: this.connected, nowMs };
  }

  private get connected(): boolean {
    return this.watch.link.kind === 'connected';
  }
}

function wordsOf({ stale, late, outlived, relist }: Learned): Effect[] {
  const effects: Effect[] = [];
  const say = (msg: string, fields: Record<string, unknown>) =>
    effects.push({ kind: 'say', level: 'warn', msg, fields });
  if (late.length > 0) {
    const remedy = 'What came is adopted. The other lists are refused or silent: the lines around this one say why.';
    say('the cloud is back, but not all lists came in time', { resources: late, remedy });
  }
  if (outlived) {
    const remedy = 'Nothing to do where the cluster was restored or replaced; else see which API server answers.';
    say('the cloud has gone back in time; all is learned anew', { remedy });
  } else if (stale.length > 0) {
    const remedy =
      'Behind a leader hub that is cut off this passes by itself. After a restore of the cluster it is adopted in half a minute.';
    say('list older than what is known; not adopted', { resources: stale, remedy });
  }
  if (relist) effects.push({ kind: 'relist', which: outlived ? 'anew' : 'all' });
  return effects;
}
