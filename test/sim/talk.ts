import type { Member } from './member.ts';
import type { Process } from './process.ts';

const WINDOW_MS = 1000;
/** Hellos to and answers for each other member: ten a second to each of two places, and ten answers, under one key. */
const HELLOS = 30;
/** To each member that fell silent a heartbeat each 20 ms, and no more than this to all; and one each 20 ms to the group. */
const SOUGHT = 50;
const SOUGHT_AT_MOST = 500;
/** One that seeks is answered once in 10 ms. */
const ANSWERS = 100;
/** Words a second to each other member, whatever happens: nobody is disturbed more often in these scenarios. */
const WORDS = 50;

/** What each member sends in a second, at rest or not. */
export class Talk {
  private before: { process: Process | undefined; datagrams: number; messages: number }[] = [];
  /** Most that any member sent in a second, for each other member. */
  mostDatagrams = 0;
  mostMessages = 0;

  constructor(private readonly members: readonly Member[]) {}

  /** Called once a second. @returns who said too much */
  tooMuch(heartbeatMs: number): string | undefined {
    const others = this.members.length - 1;
    // A heartbeat each interval, and an answer to one that asks for it at most each quarter of one.
    const beats = 2 * (WINDOW_MS / heartbeatMs + 1);
    const datagrams = others * (HELLOS + beats + ANSWERS) + HELLOS + Math.min(others * SOUGHT, SOUGHT_AT_MOST) + SOUGHT;
    let found: string | undefined;
    for (const { index, node, process } of this.members) {
      const last = this.before[index];
      const now = { process, datagrams: process?.sent.datagrams ?? 0, messages: process?.sent.messages ?? 0 };
      this.before[index] = now;
      if (process === undefined || last?.process !== process) continue;
      const sent = { datagrams: now.datagrams - last.datagrams, messages: now.messages - last.messages };
      this.mostDatagrams = Math.max(this.mostDatagrams, sent.datagrams / others);
      this.mostMessages = Math.max(this.mostMessages, sent.messages / others);
      if (sent.datagrams > datagrams || sent.messages > others * WORDS) {
        found = `${node} sent ${sent.messages} messages and ${sent.datagrams} datagrams in a second to ${others} others`;
      }
    }
    return found;
  }
}
