import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeSlot, encodeSlot } from '../../edge-speaker/src/io/cache-slot.ts';
import type { ArpClient } from '../support/netns/arp-client.ts';
import { needSites } from '../support/netns/suite.ts';
import { SpeakerSite, type Start } from './speaker-site.ts';
import type { LogLine } from './speaker-words.ts';

const VIP = '192.168.10.240';
/** Holds the ports of the health page and of the pool session, both of its protocols. */
const OCCUPY = `
const net = require('node:net').createServer, udp = require('node:dgram').createSocket('udp4');
net().listen(10372, '127.0.0.1', () => net().listen(10373, '0.0.0.0', () => udp.bind(10373, () => console.log('held'))));
`;

describe('a speaker in trouble', function () {
  this.timeout(20_000);
  let site: SpeakerSite;
  let asker: ArpClient;
  /** Where in the log the running speaker of a node began. */
  const begun = new Map<string, number>();

  before(async function () {
    needSites(this);
    site = await SpeakerSite.create(['a', 'b']);
    asker = await site.ask([VIP]);
  });
  after(() => site?.close());
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    for (const node of begun.keys())
      console.error(`--- ${node}\n${site.logOf(node).split('\n').slice(-30).join('\n')}`);
  });

  const start = (node: string, how: Start = {}): number => {
    begun.set(node, begun.has(node) ? site.logOf(node).length : 0);
    return site.startSpeaker(node, how);
  };
  const lines = (node: string) => (site.hasLog(node) ? site.linesOf(node, begun.get(node)) : []);
  const errors = (node: string, code: string) =>
    lines(node).filter((line) => line.level !== 'debug' && (line.err?.code ?? line.code) === code);
  const wordsOf = ({ err, msg, remedy }: LogLine) =>
    err === undefined ? `${msg} ${remedy}` : `${err.message} ${err.remedy}`;

  async function until<T>(what: string, look: () => T | undefined | false, withinMs = 8_000): Promise<T> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      assert.ok(Date.now() < deadline, `not within ${withinMs} ms: ${what}`);
      await sleep(20);
    }
  }

  /** What the node said with this code: at least `count` lines, which may be on their way from its pipe. */
  const said = (node: string, code: string, count = 1) =>
    until(`${count} lines with ${code}`, () => {
      const found = errors(node, code);
      return found.length >= count && found;
    });

  /** Node whose MAC answers for the address from `sinceMs` on. */
  const answerer = async (sinceMs = Date.now()) => site.nodeOfMac((await asker.answer(VIP, { sinceMs })).mac);

  const slots = () => {
    const names = readdirSync(site.cacheDir('a')).filter((name) => /^view\.[01]$/.test(name));
    const generation = (file: string) => readFileSync(file).readBigUInt64BE(8);
    return names.map((name) => join(site.cacheDir('a'), name)).sort((x, y) => Number(generation(y) - generation(x)));
  };

  it('taken ports are named, the session and ARP go on, and the health page comes when its port is free', async () => {
    const { ns } = site.site.node('a');
    const occupant = site.site.spawn(ns, process.execPath, ['-e', OCCUPY], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(occupant.stdout !== null);
    await once(occupant.stdout, 'data');
    start('a');
    start('b');
    await site.addService('web', VIP);
    await site.until('a in session', 'b', ({ members }) =>
      members.some(({ node, state }) => node === 'a' && state === 'alive'),
    );
    const named = (await said('a', 'LB_PORT_TAKEN', 3)).map(wordsOf);
    assert.equal(named.length, 3, named.join('\n'));
    for (const says of [
      /127\.0\.0\.1:10372.*--health-address/,
      /TCP port 10373.*ss -lnp/,
      /UDP port 10373.*--session-port/,
    ]) {
      assert.ok(
        named.some((line) => says.test(line)),
        `${says} in ${named.join('\n')}`,
      );
    }
    await site.stopSpeaker('b', 'SIGKILL');
    assert.equal(await answerer(), 'a');
    occupant.kill('SIGKILL');
    await until('the health page of a', () => lines('a').some(({ msg }) => msg === 'health and metrics served'));
    const state = await site.until('its cache has two slots', 'a', ({ cache }) => cache.generation >= 2);
    assert.deepEqual(
      state.addresses.map(({ owner }) => owner),
      ['a'],
    );
    assert.equal(errors('a', 'LB_PORT_TAKEN').length, 3);
  });

  it('without NET_RAW it names the capability, is not ready and offers nothing; another member answers', async () => {
    start('b', { under: ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw', '--'] });
    const state = await site.until('b in session', 'b', ({ members }) =>
      members.some(({ state }) => state === 'alive'),
    );
    assert.notEqual(state.addresses[0]?.offered, true);
    const [first] = (await said('b', 'LB_CAPABILITY_MISSING')).map(wordsOf);
    assert.match(first ?? '', /CAP_NET_RAW is missing.*capabilities\.add/);
    assert.match(site.page('b', '/readyz', true) ?? '', /CAP_NET_RAW/);
    assert.equal(await answerer(), 'a');
    assert.equal(await site.stopSpeaker('b', 'SIGTERM'), 0);
  });

  it('without its native part it ends with 1 and says how to build it', async () => {
    start('b', { env: { YURTLB_NATIVE: '/nowhere/packet.node' } });
    assert.equal(await site.exitOf('b'), 1);
    const [last] = await said('b', 'LB_NATIVE_MISSING');
    assert.equal(last?.level, 'fatal');
    assert.match(wordsOf(last), /\/nowhere\/packet\.node.*native\.mjs/);
  });

  const damages: { name: string; harm: (newest: string) => void; says: RegExp; damaged: number }[] = [
    {
      name: 'cut short',
      harm: (newest) => truncateSync(newest, 100),
      says: /is damaged: \d+ bytes were written/,
      damaged: 1,
    },
    {
      name: 'of a later version',
      harm: (newest) => {
        const slot = decodeSlot(readFileSync(newest));
        assert.ok(slot.kind === 'whole');
        writeFileSync(newest, encodeSlot(9, slot.generation, slot.text));
      },
      says: /has format 9.*format-9/,
      damaged: 0,
    },
  ];
  for (const { name, harm, says, damaged } of damages) {
    it(`the newest slot of its cache is ${name}: the one before it serves, with no cloud, and it is said once`, async () => {
      await site.stopSpeaker('a', 'SIGTERM');
      site.cutCloud();
      const [newest = '', ...older] = slots();
      const whole = readFileSync(newest);
      assert.equal(older.length, 1);
      harm(newest);
      const startedMs = start('a');
      assert.equal(await answerer(startedMs), 'a');
      const words = await said('a', 'LB_CACHE_UNUSABLE');
      assert.deepEqual(
        words.map(({ level }) => level),
        ['warn'],
      );
      assert.match(wordsOf(words[0] ?? assert.fail()), says);
      assert.match(site.page('a', '/metrics') ?? '', new RegExp(`^yurtlb_speaker_cache_damaged ${damaged}$`, 'm'));
      await site.stopSpeaker('a', 'SIGKILL');
      writeFileSync(newest, whole);
    });
  }

  it('with both slots damaged it waits for the cloud, says why there is none, and answers when it comes', async () => {
    for (const slot of slots()) truncateSync(slot, 40);
    start('a');
    await until('waiting', () =>
      lines('a').some(({ level, msg }) => level === 'warn' && /no slot.*waiting for the cloud/.test(msg)),
    );
    assert.equal((await said('a', 'LB_CACHE_UNUSABLE', 2)).length, 2);
    const [away] = await said('a', 'LB_API_UNREACHABLE');
    assert.match(wordsOf(away ?? assert.fail()), /http:\/\/[\d.]+:6443\/healthz: no answer within.*link/);
    assert.match(site.page('a', '/readyz', true) ?? '', /no Services known/);
    assert.match(site.page('a', '/state') ?? '', /"lastFailure": \{\s*"code": "LB_API_UNREACHABLE"/);
    site.restoreCloud();
    assert.equal(await answerer(), 'a');
  });

  it('a folder that takes no cache is said once, and announcing goes on', async () => {
    await site.stopSpeaker('a', 'SIGTERM');
    const startedMs = start('a', { args: ['--cache-dir=/sys/yurtlb'] });
    assert.equal(await answerer(startedMs), 'a');
    // The catalogue beside the view is a file of its own and says its own word.
    const ofView = () => errors('a', 'LB_CACHE_UNUSABLE').filter(({ logger }) => logger === 'cache');
    const error = await until('it is said', () => ofView()[0]);
    assert.match(wordsOf(error), /\/sys\/yurtlb cannot be written.*--cache-dir/);
    assert.match(site.page('a', '/metrics') ?? '', /^yurtlb_speaker_cache_write_failures 1$/m);
    assert.equal(ofView().length, 1);
  });

  it('a kubeconfig that does not serve is said, addresses are announced from the cache, and it counts once it serves', async () => {
    await site.stopSpeaker('a', 'SIGTERM');
    const file = join(site.folder, 'kubeconfig');
    const startedMs = start('a', { args: [`--kubeconfig=${file}`], noServer: true });
    assert.equal(await answerer(startedMs), 'a');
    const [error] = await said('a', 'LB_NO_KUBECONFIG');
    assert.equal(error?.level, 'error');
    assert.match(wordsOf(error), /kubeconfig cannot be used.*ENOENT.*Name a readable kubeconfig/);
    site.writeKubeconfig(file);
    await site.until('connected', 'a', ({ cloud }) => cloud.state === 'connected');
  });
});
