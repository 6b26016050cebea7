import type { Disturbance, Kind } from './scenario.ts';
import type { Site } from './site.ts';
import type { Strike } from './strike.ts';
import { LAN_STRIKES } from './strike-lan.ts';
import { PROCESS_STRIKES } from './strike-process.ts';
import { SETTINGS_STRIKES } from './strike-settings.ts';
import { WORD_STRIKES } from './strike-word.ts';

const STRIKES: Readonly<Record<Kind, Strike>> = {
  ...PROCESS_STRIKES,
  ...LAN_STRIKES,
  ...WORD_STRIKES,
  ...SETTINGS_STRIKES,
};

/** Strikes once. */
export function disturb(site: Site, d: Disturbance): void {
  const member = site.members[d.who % site.members.length];
  if (member === undefined) return;
  const what = STRIKES[d.kind](site, member, d);
  if (what === undefined) return;
  site.say(what);
  site.watch.lookAtAll();
}
