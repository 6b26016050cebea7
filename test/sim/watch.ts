import { Conditions } from './conditions.ts';
import type { Fault, Violation } from './fault.ts';
import { Longest } from './longest.ts';
import type { Member } from './member.ts';
import { Rights, type Watched } from './rights.ts';

/** Looks at who answers for what after each change, and at the end of each excuse. */
export class Watch {
  violation: Violation | undefined;
  readonly longest = new Longest();
  changes = 0;
  readonly rights: Rights;
  private readonly conditions: Conditions;
  /** Address → condition → since when. */
  private readonly spans = new Map<string, Map<string, number>>();
  private readonly checks = new Map<string, number>();

  constructor(private readonly site: Watched) {
    this.rights = new Rights(site);
    this.conditions = new Conditions(site, this.rights);
  }

  lookAtAll(): void {
    this.lookAt(this.site.addresses);
  }

  lookAt(addresses: Iterable<string>): void {
    for (const address of addresses) this.look(address);
  }

  announced(member: Member, address: string): void {
    const { site } = this;
    this.changes++;
    const nowMs = this.nowMs();
    const holder = site.members.find(
      (other) =>
        other !== member &&
        this.rights.holds(other, address) &&
        site.lan.reaches(member.machine, other.machine) &&
        site.excuses.calm(member.index, other.index, nowMs),
    );
    if (holder !== undefined && this.rights.mayNotTake(member, holder, address)) {
      this.fail('claim-without-cause', address, `${member.node} claims what ${holder.node} has by right`);
    }
    const { announcers } = this.conditions;
    announcers.set(address, (announcers.get(address) ?? new Set()).add(member.index));
    this.look(address);
  }

  withdrew(member: Member, address: string, reason: string): void {
    const { site } = this;
    this.changes++;
    const calm = site.members.every((m) => site.excuses.calm(member.index, m.index, this.nowMs()));
    if (calm && this.rights.stands(member, address)) {
      const other = site.members.find((m) => m !== member && m.answers.has(address) && m.lives);
      if (other === undefined) this.fail('withdrawal-without-cause', address, `${member.node} gives it up (${reason})`);
    }
    this.conditions.announcers.get(address)?.delete(member.index);
    this.conditions.lastSilent.set(address, member.index);
    this.look(address);
  }

  /** It was stopped for longer than the dead time: others may answer by now, so it may not, before it has heard them. */
  woke(member: Member): void {
    const { members, lan, excuses } = this.site;
    for (const address of member.answers.keys()) {
      const other = members.find((m) => m !== member && m.isThere && m.answers.has(address));
      if (other === undefined || !lan.reaches(member.machine, other.machine)) continue;
      if (excuses.twoFor(member.index, other.index) > this.nowMs()) continue;
      this.fail('unheard-answer', address, `${member.node} goes on answering, and ${other.node} does`);
    }
  }

  look(address: string): void {
    const conditions = this.conditions.of(address);
    const nowMs = this.nowMs();
    let spans = this.spans.get(address);
    if (spans === undefined) {
      if (conditions.length === 0) return;
      spans = new Map();
      this.spans.set(address, spans);
    }
    for (const [key, sinceMs] of spans) {
      if (conditions.some((condition) => condition.key === key)) continue;
      this.measure(key, nowMs - sinceMs);
      spans.delete(key);
    }
    for (const { key, fault, text, untilMs } of conditions) {
      const sinceMs = spans.get(key) ?? nowMs;
      spans.set(key, sinceMs);
      const until = untilMs(sinceMs);
      if (nowMs >= until) this.fail(fault, address, `${text} for ${(nowMs - sinceMs).toFixed(1)} ms`);
      else this.checkAt(address, until);
    }
  }

  fail(fault: Fault, address: string | undefined, text: string): void {
    this.violation ??= { fault, atMs: this.nowMs(), address, text };
  }

  private checkAt(address: string, atMs: number): void {
    const { time } = this.site.lan;
    if ((this.checks.get(address) ?? Infinity) <= atMs) return;
    this.checks.set(address, atMs);
    time.after(atMs - time.monotonicMs() + 1e-3, () => {
      if (this.checks.get(address) === atMs) this.checks.delete(address);
      this.look(address);
    });
  }

  private measure(key: string, ms: number): void {
    if (key.startsWith('none')) this.longest.measure('none', ms);
    if (key.startsWith('two')) this.longest.measure('two', ms);
  }

  private nowMs(): number {
    return this.site.lan.time.monotonicMs();
  }
}
