import type { RawPoolKey } from '../../edge-speaker/src/ports/pool-key-source.ts';
import { seeded } from '../support/virtual-time.ts';
import { type Member, testKey } from './member.ts';
import type { Kind } from './scenario.ts';
import type { Site } from './site.ts';
import type { Strike } from './strike.ts';

/** Until each node has a new ConfigMap or Secret. */
const ROLL_OUT_MS = 400;
/** How long an operator keeps the old key beside the new one, once every node has both. */
const KEPT_MS = 1500;

/** What an operator does to the pool. */
export const SETTINGS_STRIKES = {
  tune(site, _member, { much, seed }) {
    const random = seeded(seed);
    const heartbeatMs = [30, 50, 100, 250][Math.floor(much * 4)] ?? 100;
    const before = site.bounds;
    site.config = { ...site.config, heartbeatMs };
    const after = site.boundsOf(heartbeatMs);
    if (after.deadMs > before.deadMs) {
      site.bounds = after;
      for (const { index } of site.members) site.excuses.none(index, site.nowMs() + after.deadMs); // patience grows, also with the silent
    }
    rollOut(site, random, (member) => member.session?.setSite(site.config));
    return `sets heartbeats to ${heartbeatMs} ms`;
  },
  drain(site, member) {
    member.draining = !member.draining;
    member.toldMs = site.nowMs();
    member.inProcess(() => member.session?.setDraining(member.draining));
    return `${member.draining ? 'cordons' : 'uncordons'} ${member.node}`;
  },
  policy(site, _member, { much, seed }) {
    const random = seeded(seed);
    site.config = {
      ...site.config,
      minReadySeconds: much < 0.5 ? 0 : 1,
      failBack: random() < 0.5 ? 'never' : 'always',
      splitPolicy: random() < 0.5 ? 'majority' : 'always',
    };
    // Until each member has it, one may still keep silent, or still keep what it has, by the policy before.
    for (const { index } of site.members) site.excuses.none(index, site.nowMs() + ROLL_OUT_MS + site.bounds.handOverMs);
    rollOut(site, random, (member) => member.session?.setSite(site.config));
    const { minReadySeconds, failBack, splitPolicy } = site.config;
    return `sets minReadySeconds ${minReadySeconds}, failBack ${failBack}, splitPolicy ${splitPolicy}`;
  },
  'rotate-key'(site, _member, { seed }) {
    const random = seeded(seed);
    const { keys } = site;
    const newest = testKey(keys.length === 0 ? 1 : Number(keys.at(-1)?.id.slice(4)) + 1);
    const give = (all: readonly RawPoolKey[]) => {
      site.keys = all;
      rollOut(site, random, (member) => member.setKeys(all));
    };
    give([...keys, newest]);
    site.rollsOutUntilMs = site.nowMs() + KEPT_MS + 2 * ROLL_OUT_MS;
    site.lan.time.after(ROLL_OUT_MS + KEPT_MS, () => {
      give(site.keys.filter(({ id }) => id === newest.id || Number(id.slice(4)) > Number(newest.id.slice(4))));
      site.say(`takes the keys before ${newest.id} back`);
    });
    return `adds ${newest.id}`;
  },
} satisfies Partial<Record<Kind, Strike>>;

function rollOut(site: Site, random: () => number, tell: (member: Member) => void): void {
  for (const member of site.members) {
    site.lan.time.after(random() * ROLL_OUT_MS, () => member.inProcess(() => tell(member)));
  }
}
