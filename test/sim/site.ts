import { createHash } from 'node:crypto';
import { DEFAULT_SITE_CONFIG, type SiteConfig } from '@openyurt/nodepool-types';
import { Seeds } from '../../edge-speaker/src/election/seeds.ts';
import type { PoolSession } from '../../edge-speaker/src/pool-session.ts';
import type { RawPoolKey } from '../../edge-speaker/src/ports/pool-key-source.ts';
import { seeded } from '../support/virtual-time.ts';
import { Bounds } from './bounds.ts';
import { Cloud } from './cloud.ts';
import { Excuses } from './excuses.ts';
import { Lan } from './lan.ts';
import { Member, testKey } from './member.ts';
import { Parted } from './parted.ts';
import type { Scenario } from './scenario.ts';
import { Talk } from './talk.ts';
import type { Trace } from './trace.ts';
import { Watch } from './watch.ts';

/** How often a member that listens is asked whether it has heard the pool. */
const ASK_MS = 5;

/** No scenario lasts longer. */
const MOST_MS = 200_000;

export type Alter = (session: PoolSession, member: Member) => void;

/** A pool of real PoolSessions over a LAN and a cloud in memory, and the watch over them. */
export class Site {
  readonly lan: Lan;
  readonly cloud: Cloud;
  readonly members: Member[] = [];
  readonly addresses: readonly string[];
  readonly excuses: Excuses;
  readonly watch: Watch;
  readonly random: () => number;
  readonly talk = new Talk(this.members);
  readonly seeds = new Seeds();
  config: SiteConfig;
  /** The Secret, as the API has it. */
  keys: readonly RawPoolKey[] = [testKey(1)];
  bounds: Bounds;
  /** What an operator has begun is done by then. */
  rollsOutUntilMs = 0;
  private readonly parted = new Parted(this);
  /** Promises of sessions are under way: microtasks must run between two events. */
  private starting = 0;
  private leaving = 0;
  private readonly hash = createHash('sha256');

  constructor(
    readonly scenario: Scenario,
    readonly trace: Trace | undefined,
    alter: Alter,
  ) {
    const { seed, members, heartbeatMs } = scenario;
    this.random = seeded(seed * 104729 + 3);
    this.lan = new Lan(seed, scenario.lan, members);
    this.addresses = Array.from({ length: scenario.addresses }, (_, i) => `10.9.${i >> 8}.${i & 255}`);
    this.cloud = new Cloud(this.addresses);
    this.excuses = new Excuses(members);
    this.config = { ...DEFAULT_SITE_CONFIG, ...scenario.policy, heartbeatMs };
    this.bounds = this.boundsOf(heartbeatMs);
    this.watch = new Watch({ ...this, bounds: () => this.bounds, policy: () => this.config });
    this.lan.watch = {
      met: (a, b) => this.excuses.met(a, b, this.nowMs() + this.bounds.metMs),
      lost: (a, b, inRow) => this.lost(a, b, inRow),
      heldUp: (a, b, untilMs) => this.heldUp(a, b, untilMs),
    };
    const on = {
      announced: (member: Member, address: string, probe: boolean) => {
        this.trace?.add(this.nowMs(), member.node, `announces${probe ? ' with probes' : ''}`, address);
        this.hash.update(`${this.nowMs()} ${member.node} + ${address}\n`);
        this.watch.announced(member, address);
      },
      withdrew: (member: Member, address: string, reason: string) => {
        this.trace?.add(this.nowMs(), member.node, `withdraws (${reason})`, address);
        this.hash.update(`${this.nowMs()} ${member.node} - ${address}\n`);
        this.watch.withdrew(member, address, reason);
      },
      noted: (member: Member, text: string) => this.trace?.add(this.nowMs(), member.node, text),
    };
    for (const machine of this.lan.machines) {
      const member = new Member(machine.index, `edge-${machine.index}`, machine, this.lan, on, alter);
      for (const address of this.addresses) if (this.random() < scenario.able) member.able.add(address);
      member.view.read(this.cloud);
      this.members.push(member);
    }
    this.listen();
  }

  nowMs(): number {
    return this.lan.time.monotonicMs();
  }

  /** Runs events, one by one, until then or until the watch has seen enough. */
  async until(atMs: number): Promise<void> {
    await this.flush();
    if (atMs > MOST_MS) throw new Error('the site does not come to rest');
    while (this.watch.violation === undefined && this.lan.time.runNext(atMs)) {
      if (this.starting > 0 || this.leaving > 0) await this.flush();
    }
  }

  /** Asked once, at the end. */
  digest(): string {
    const sent = this.members.map((m) => `${m.process?.sent.datagrams} ${m.process?.sent.messages}`);
    return this.hash.update(`${this.nowMs()} ${sent.join()}`).digest('hex');
  }

  say(what: string): void {
    this.trace?.add(this.nowMs(), 'site', what);
  }

  boot(member: Member): void {
    if (!member.machine.powered) this.lan.setPower(member.machine, true);
    const named = this.members.map(({ node, machine }) => ({ node, addresses: [machine.address] }));
    this.listens(member, this.bounds.joinMs);
    this.starting++;
    member.boot(this.config, this.keys, named, this.trace !== undefined);
    if (member.process !== undefined) member.process.slackMs = this.scenario.slackMs;
    if (member.cloudConnected) this.listSoon(member, 20 + this.random() * 200);
    this.watch.lookAtAll();
  }

  /** It claims nothing before it has heard the pool: excused until then, at most for so long. */
  listens(member: Member, mostMs: number): void {
    const { process } = member;
    this.excuses.joining(member.index, this.nowMs() + mostMs);
    const ask = () => {
      if (member.process !== process && process !== undefined) return;
      if (member.runs && member.session?.settled === true)
        this.excuses.joined(member.index, this.nowMs() + this.bounds.turnMs + this.bounds.judgedMs);
      else if (this.excuses.noneFor(member.index) > this.nowMs()) this.lan.time.after(ASK_MS, ask);
    };
    this.lan.time.after(ASK_MS, ask);
  }

  terminate(member: Member): void {
    this.excuses.two(member.index, this.nowMs() + this.bounds.handOverMs + 600);
    this.leaving++;
    void member.leave().then(() => {
      this.leaving--;
      this.watch.lookAtAll();
    });
    this.watch.lookAtAll();
  }

  /** The API's word reaches the node, if its link is there then. */
  listSoon(member: Member, ms: number): void {
    this.lan.time.after(ms, () => {
      member.inProcess(() => {
        if (!member.cloudConnected || member.leaving) return;
        member.view.read(this.cloud);
        this.tellOffers(member);
      });
    });
  }

  tellOffers(member: Member): void {
    this.watch.lookAt(member.tellOffers());
  }

  /**
   * Ways between members open or close now.
   *
   * @param starting it starts now: it holds nothing that it has yet to give up, and claims nothing before it has heard the others
   */
  ways(change: () => void, starting?: Member): void {
    const { members, lan, excuses, bounds } = this;
    const before = members.map((a) => members.map((b) => lan.reaches(a.machine, b.machine)));
    change();
    const nowMs = this.nowMs();
    for (const a of members) {
      for (const b of members) {
        if (b.index <= a.index) continue;
        const [was, is] = [before[a.index]?.[b.index], lan.reaches(a.machine, b.machine)];
        if (was === is) continue;
        // A part that may be the smaller one falls silent when it sees so, the other begins when it does.
        if (!is) excuses.pair(a.index, b.index, { two: nowMs + 2 * bounds.deadMs });
        const fresh = a === starting || b === starting;
        const foundMs = this.parted.isQuick(a, b) ? bounds.againMs : bounds.foundMs + bounds.metMs;
        const metMs = fresh && this.scenario.lan.loss === 0 ? nowMs : nowMs + foundMs;
        if (!is) this.parted.closed(a, b);
        if (is) excuses.opened(a.index, b.index, metMs);
        const oneWay = lan.carries(a.machine, b.machine) || lan.carries(b.machine, a.machine);
        const lostMs = oneWay ? 2 * bounds.deadMs : bounds.deadMs;
        excuses.pair(a.index, b.index, { none: is ? metMs : nowMs + lostMs });
      }
    }
    this.watch.lookAtAll();
  }

  boundsOf(heartbeatMs: number): Bounds {
    const { lan, slackMs, addresses } = this.scenario;
    return new Bounds({ heartbeatMs, lan, slackMs, addresses });
  }

  private lost(a: number, b: number, inRow: number): void {
    if (inRow < 2) return;
    const untilMs = this.nowMs() + this.config.heartbeatMs * 3 + this.bounds.deadMs + this.bounds.foundMs;
    this.excuses.pair(a, b, { none: untilMs, two: untilMs });
  }

  private heldUp(a: number, b: number, untilMs: number): void {
    const heldMs = untilMs + this.bounds.handOverMs + this.bounds.metMs;
    for (const member of [a, b]) {
      this.excuses.none(member, heldMs); // what one did not hear, a third acts upon
      this.excuses.two(member, heldMs);
    }
  }

  private listen(): void {
    this.lan.time.after(1000, () => {
      const text = this.talk.tooMuch(Math.min(this.config.heartbeatMs, this.scenario.heartbeatMs));
      if (text !== undefined) this.watch.fail('too-many-messages', undefined, text);
      this.listen();
    });
  }

  private async flush(): Promise<void> {
    this.starting = 0;
    for (let i = 0; i < 4; i++) await Promise.resolve();
  }
}
