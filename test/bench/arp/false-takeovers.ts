/** What the speakers' logs say of a stretch of time in which nobody was lost. */
export interface Alarms {
  /** Addresses that changed their announcer: told by who began, and by who gave up. */
  readonly announced: number;
  readonly givenUp: number;
  /** Members taken for dead. */
  readonly gone: number;
  /** Processes that found themselves asleep and gave everything up. */
  readonly selfDoubt: number;
  /** Foreign hosts or members met at an address of ours. */
  readonly conflicts: number;
}

const MESSAGES: Readonly<Record<keyof Alarms, readonly string[]>> = {
  announced: ['address announced'],
  givenUp: ['address given up', 'address withdrawn'],
  gone: ['member is gone'],
  selfDoubt: ['this process had stopped; the pool is heard anew'],
  conflicts: ['another host uses an announced address', 'two members of the pool announce the same address'],
};

const ALL = new Set(Object.values(MESSAGES).flat());

/** The lines that tell of one. @param lines JSON log lines of all speakers; lines that are none are passed over */
export function alarmLines(lines: readonly string[], fromMs: number, toMs: number): string[] {
  return lines.filter((line) => ALL.has(messageIn(line, fromMs, toMs) ?? ''));
}

/** @param lines as for `alarmLines` */
export function alarms(lines: readonly string[], fromMs: number, toMs: number): Alarms {
  const said = lines.flatMap((line) => messageIn(line, fromMs, toMs) ?? []);
  const count = (kind: keyof Alarms) => said.filter((message) => MESSAGES[kind].includes(message)).length;
  return {
    announced: count('announced'),
    givenUp: count('givenUp'),
    gone: count('gone'),
    selfDoubt: count('selfDoubt'),
    conflicts: count('conflicts'),
  };
}

export function sumOfAlarms(all: readonly Alarms[]): Alarms {
  const total = (kind: keyof Alarms) => all.reduce((sum, each) => sum + each[kind], 0);
  return {
    announced: total('announced'),
    givenUp: total('givenUp'),
    gone: total('gone'),
    selfDoubt: total('selfDoubt'),
    conflicts: total('conflicts'),
  };
}

function messageIn(line: string, fromMs: number, toMs: number): string | undefined {
  try {
    const { ts, msg } = JSON.parse(line) as { ts?: string; msg?: string };
    const atMs = Date.parse(ts ?? '');
    return atMs >= fromMs && atMs <= toMs ? msg : undefined;
  } catch {
    return undefined;
  }
}
