import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArpClient } from '../support/netns/arp-client.ts';
import { needSites } from '../support/netns/suite.ts';
import { SpeakerSite, type Start } from './speaker-site.ts';

const VIP = '192.168.10.240';
const LATER_VIP = '192.168.10.241';
/** A disk that never says that it has something. */
const DEAD_DISK = '#include <unistd.h>\nint fsync(int fd) { (void)fd; for (;;) pause(); }\n';

/** The speaker in a mount namespace of its own, with a small file system at its folder. */
const mounted = (folder: string, options: string, then = ':'): Start => ({
  under: [
    'unshare',
    '-m',
    'sh',
    '-ec',
    `mount -t tmpfs -o mode=700,${options} tmpfs ${folder}; ${then}; exec "$0" "$@"`,
  ],
});

describe('a speaker and its disk', function () {
  this.timeout(30_000);
  let site: SpeakerSite;
  let asker: ArpClient;
  /** Where in the log the running speaker of a node began. */
  const begun = new Map<string, number>();

  before(async function () {
    needSites(this);
    site = await SpeakerSite.create(['a', 'b']);
    asker = await site.ask([VIP, LATER_VIP]);
    await site.addService('web', VIP);
  });
  after(() => site?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      for (const node of begun.keys())
        console.error(`--- ${node}\n${site.logOf(node).split('\n').slice(-30).join('\n')}`);
    for (const node of begun.keys()) await site.stopSpeaker(node, 'SIGKILL');
  });

  const start = (node: string, how: Start = {}): number => {
    begun.set(node, site.hasLog(node) ? site.logOf(node).length : 0);
    return site.startSpeaker(node, how);
  };
  const lines = (node: string, code: string) =>
    site.linesOf(node, begun.get(node)).filter(({ err }) => err?.code === code);
  const answerer = async (sinceMs: number) => site.nodeOfMac((await asker.answer(VIP, { sinceMs })).mac);

  async function until<T>(what: string, look: () => T | undefined | false, withinMs = 10_000): Promise<T> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      assert.ok(Date.now() < deadline, `not within ${withinMs} ms: ${what}`);
      await sleep(20);
    }
  }
  const slotsIn = (folder: string) =>
    existsSync(folder) ? readdirSync(folder).filter((name) => /\.[01]$/.test(name)) : [];

  const troubles: { name: string; says: RegExp; prepare: (folder: string) => Start }[] = [
    {
      name: 'full',
      says: /ENOSPC/,
      prepare: (folder) => mounted(folder, 'size=16k', `head -c 100k /dev/zero > ${folder}/filler || :`),
    },
    { name: 'without room for one more file', says: /ENOSPC/, prepare: (folder) => mounted(folder, 'nr_inodes=1') },
    { name: 'read-only', says: /EROFS/, prepare: (folder) => mounted(folder, 'ro') },
    {
      name: "somebody else's",
      says: /EACCES/,
      prepare: (folder) => {
        chmodSync(folder, 0);
        const powers = '-dac_override,-dac_read_search';
        return { under: ['setpriv', '--bounding-set', powers, '--inh-caps', powers, '--'] };
      },
    },
    {
      name: 'no folder at all',
      says: /ENOTDIR|EEXIST/,
      prepare: (folder) => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, '');
        return {};
      },
    },
  ];
  for (const { name, says, prepare } of troubles) {
    it(`${name}: says so once, by name, and announces all the same`, async () => {
      const folder = join(site.folder, `trouble-${troubles.findIndex((row) => row.name === name)}`);
      mkdirSync(folder, { mode: 0o700 });
      const how = prepare(folder);
      const startedMs = start('a', { ...how, args: [`--cache-dir=${folder}`] });
      assert.equal(await answerer(startedMs), 'a');
      const errors = () =>
        lines('a', 'LB_CACHE_UNUSABLE').filter(({ level, logger }) => level === 'error' && logger === 'cache');
      await until('it is said', () => errors().length > 0);
      assert.equal(await answerer(Date.now()), 'a');
      const [said, ...more] = errors();
      assert.equal(more.length, 0);
      assert.match(`${said?.err?.message} ${said?.err?.remedy}`, says);
      assert.match(`${said?.err?.message} ${said?.err?.remedy}`, /cannot be written.*--cache-dir/);
      assert.match(site.page('a', '/metrics') ?? '', /^yurtlb_speaker_cache_write_failures 1$/m);
      assert.equal(await site.stopSpeaker('a', 'SIGTERM'), 0);
    });
  }

  it('that never answers: new addresses are announced, and the process ends when it is told to', async () => {
    const library = join(site.folder, 'dead-disk.so');
    writeFileSync(join(site.folder, 'dead-disk.c'), DEAD_DISK);
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, join(site.folder, 'dead-disk.c')]);
    const folder = join(site.folder, 'dead');
    const startedMs = start('a', { args: [`--cache-dir=${folder}`], env: { LD_PRELOAD: library } });
    assert.equal(await answerer(startedMs), 'a');
    await until('a write that hangs', () => existsSync(folder)); // made, and not yet synced
    const addedMs = Date.now();
    await site.addService('later', LATER_VIP);
    assert.equal(site.nodeOfMac((await asker.answer(LATER_VIP, { sinceMs: addedMs })).mac), 'a');
    assert.deepEqual(slotsIn(folder), []);
    const toldMs = Date.now();
    await site.stopSpeaker('a', 'SIGTERM');
    assert.ok(Date.now() - toldMs < 5_000, `it took ${Date.now() - toldMs} ms to leave`);
    assert.ok(site.linesOf('a', begun.get('a')).some(({ msg }) => msg === 'speaker ended'));
  });

  it('shared with a speaker of another node: the first one says so and writes no more, both go on', async () => {
    const folder = site.cacheDir('a');
    start('a');
    await until('the first cache', () => slotsIn(folder).length > 0);
    start('b', { args: [`--cache-dir=${folder}`] });
    await until('the cache of the second', () => slotsIn(folder).some((slot) => ownerOf(join(folder, slot)) === 'b'));
    await site.addService('third', '192.168.10.242');
    const [said] = await until('it is said', () => {
      const found = [...lines('a', 'LB_CACHE_SHARED'), ...lines('b', 'LB_CACHE_SHARED')];
      return found.length > 0 && found;
    });
    assert.match(`${said?.err?.message} ${said?.err?.remedy}`, /another speaker writes.*--cache-dir of its own/);
    for (const node of ['a', 'b'])
      await site.until('it knows the third Service', node, ({ addresses }) =>
        addresses.some(({ address }) => address === '192.168.10.242'),
      );
    rmSync(folder, { recursive: true });
  });

  it('open to others: it is closed, and what others could have read held no key', async () => {
    const folder = site.cacheDir('a');
    start('a');
    await until('a cache', () => slotsIn(folder).length > 0);
    await site.stopSpeaker('a', 'SIGTERM');
    const [slot = ''] = slotsIn(folder).map((name) => join(folder, name));
    chmodSync(folder, 0o755);
    chmodSync(slot, 0o644);
    start('a');
    const said = await until(
      'it is said',
      () => lines('a', 'LB_CACHE_TOO_OPEN').length === 2 && lines('a', 'LB_CACHE_TOO_OPEN'),
    );
    assert.ok(said.every(({ level }) => level === 'warn'));
    assert.deepEqual([statSync(folder).mode & 0o777, statSync(slot).mode & 0o777], [0o700, 0o600]);
    const key = readFileSync(join(site.folder, 'keys', 'k1'), 'utf8');
    const raw = Buffer.from(key, 'base64');
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name));
      for (const form of [key, raw, raw.toString('hex')])
        assert.ok(!bytes.includes(form), `${name} holds the pool key`);
    }
  });
});

function ownerOf(slot: string): string | undefined {
  return /"nodeName":"([^"]*)"/.exec(readFileSync(slot, 'utf8'))?.[1];
}
