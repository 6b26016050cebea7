import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerers, outages } from '../support/netns/arp-client.ts';
import { needSites } from '../support/netns/suite.ts';
import { nowMs, until } from '../support/until.ts';
import { SpeakerSite } from './speaker-site.ts';

const NODES = ['a', 'b', 'c'];
const VIPS = ['192.168.10.240', '192.168.10.241', '192.168.10.242', '192.168.10.243'];
/** Shorter pauses are those of a busy machine; what a speaker does of itself is in its log. */
const PAUSE_MS = 2_000;
/** What a speaker logs that gives an address up, takes one, or takes a member for dead. */
const MOVES = [
  'address given up',
  'address announced',
  'member is gone',
  'this process had stopped; the pool is heard anew',
];
/** Dead after 2.45 s: a member that a busy machine starves for less is none that a key took down. */
const CONFIG_SITE = 'minReadySeconds: 0\nheartbeat: 700ms';
/** Longer than a death takes to be noticed. */
const AFTERWARDS_MS = 2_600;
const [OLD, NEW] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];

describe('keys of a site of real speakers, while a client asks for its addresses', function () {
  this.timeout(90_000);
  let site: SpeakerSite;

  before(async function () {
    needSites(this);
    site = await SpeakerSite.create(NODES);
    const config = '/api/v1/namespaces/yurtlb-system/configmaps/hangzhou';
    await site.api('PATCH', config, { data: { site: CONFIG_SITE } });
    for (const node of NODES) {
      mkdirSync(keysOf(node));
      write(node, 'k1', OLD);
      start(node);
    }
    for (const [i, address] of VIPS.entries()) await site.addService(`web-${i}`, address);
  });
  after(() => site?.close());

  const keysOf = (node: string) => join(site.folder, `keys-${node}`);
  const write = (node: string, id: string, key: string) => writeFileSync(join(keysOf(node), id), key);
  const start = (node: string) => site.startSpeaker(node, { args: [`--pool-key-dir=${keysOf(node)}`] });
  const inSession = () =>
    NODES.every((node) => site.state(node)?.members.filter(({ state }) => state === 'alive').length === 2);
  const owners = () => {
    const pages = NODES.map((node) => JSON.stringify(site.state(node)?.addresses.map((each) => each.owner)));
    return new Set(pages).size === 1 && !pages[0]?.includes('null') ? (pages[0] ?? '') : '';
  };
  const agreed = () => inSession() && JSON.parse(owners() || '[]').length === VIPS.length;
  const movesSince = (node: string, since?: number) =>
    site.linesOf(node, since).flatMap(({ msg }) => (MOVES.includes(msg) ? msg : []));
  /** One node has read its folder. */
  const taken = (node: string, keys: string, since: number) =>
    until(`${node} has the keys ${keys}`, () => site.logOf(node).slice(since).includes(`"keys":"${keys}"`), 20_000);

  it('are exchanged node by node: no request is unanswered, no answer comes from another MAC', async () => {
    await until('each address is owned', agreed, 30_000);
    const asker = await site.ask(VIPS);
    await Promise.all(VIPS.map((address) => asker.answer(address)));
    const begun = new Map(NODES.map((node) => [node, site.logOf(node).length]));
    for (const step of ['add', 'remove'] as const) {
      for (const node of NODES) {
        const since = site.logOf(node).length;
        if (step === 'add') write(node, 'k2', NEW);
        else rmSync(join(keysOf(node), 'k1'));
        await taken(node, step === 'add' ? 'k2 k1' : 'k2', since);
        await until('in session', inSession, 20_000);
      }
      const stillMs = nowMs() + AFTERWARDS_MS;
      await until('what was missed would be noticed', () => nowMs() >= stillMs);
    }
    const log = await asker.stop();
    for (const node of NODES) assert.deepEqual(movesSince(node, begun.get(node)), [], node);
    assert.deepEqual(outages(log, PAUSE_MS), []);
    for (const address of VIPS) assert.equal(answerers(log, address).length, 1, `${address} stays where it is`);
    assert.ok(log.length > 1000, 'it asked all the while');
  });

  it('and a speaker that never saw the old one is a member', async () => {
    await site.stopSpeaker('c', 'SIGTERM');
    start('c');
    await until('c is back', agreed, 30_000);
  });
});
