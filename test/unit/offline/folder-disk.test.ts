import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { FolderDisk } from '../../../edge-speaker/src/io/cache-disk.ts';
import { SocketLock } from '../../../edge-speaker/src/io/cache-lock.ts';
import { decodeSlot } from '../../../edge-speaker/src/io/cache-slot.ts';
import { SnapshotFile } from '../../../edge-speaker/src/io/snapshot-file.ts';
import { systemClock as clock, systemTimers as timers } from '../../../edge-speaker/src/io/system-clock.ts';
import { until } from '../../support/until.ts';

const KILLS = 20;
/** For packages that are no modules. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

describe('the cache on a real folder', function () {
  this.timeout(60_000);
  let base: string;
  let cache: string;
  let program: string;
  const children = new Set<ChildProcess>();
  const disks: FolderDisk[] = [];

  before(() => {
    base = mkdtempSync(join(tmpdir(), 'yurtlb-cache-'));
    program = join(base, 'cache-writer.mjs');
    const entry = fileURLToPath(new URL('./cache-writer.ts', import.meta.url));
    buildSync({
      entryPoints: [entry],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: REQUIRE },
    });
  });
  beforeEach(() => {
    cache = join(mkdtempSync(join(base, 'case-')), 'cache');
  });
  afterEach(async () => {
    for (const disk of disks.splice(0)) disk.release();
    await Promise.all([...children].map(kill));
  });
  after(() => rmSync(base, { recursive: true }));

  const open = () => {
    const disk = new FolderDisk(cache);
    disks.push(disk);
    return new SnapshotFile({ disk, folder: cache, clock, timers, name: 'view', format: 1 });
  };
  const modeOf = (path: string) => statSync(path).mode & 0o777;

  /** A process that writes `count` numbers; what it says is told as it comes. */
  function start(count: number, hear: (words: string) => void): ChildProcess {
    const child = spawn(process.execPath, [program, cache, `${count}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.add(child);
    createInterface({ input: child.stdout ?? assert.fail() }).on('line', hear);
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close'); // and all that it said is here
    child.kill('SIGKILL');
    await closed;
  }

  it('makes it private, with all above it, and leaves nothing but two slots', async () => {
    cache = join(cache, 'deep', 'er');
    const file = open();
    await file.load();
    for (const text of ['one', 'two', 'three']) await file.save(text);
    assert.deepEqual(readdirSync(cache).sort(), ['view.0', 'view.1']);
    assert.deepEqual([modeOf(cache), modeOf(join(cache, 'view.0'))], [0o700, 0o600]);
    assert.equal((await open().load()).text, 'three');
  });

  it('two files share one folder and one lock', async () => {
    const disk = new FolderDisk(cache);
    disks.push(disk);
    const parts = { disk, folder: cache, clock, timers, format: 1 };
    const [view, catalogue] = ['view', 'catalogue'].map((name) => new SnapshotFile({ ...parts, name }));
    assert.ok(view && catalogue);
    for (const file of [view, catalogue]) await file.load();
    for (let i = 0; i < 3; i++) await Promise.all([view.save(`view ${i}`), catalogue.save(`catalogue ${i}`)]);
    assert.deepEqual(readdirSync(cache).sort(), ['catalogue.0', 'catalogue.1', 'view.0', 'view.1']);
    assert.deepEqual([(await view.load()).text, (await catalogue.load()).text], ['view 2', 'catalogue 2']);
  });

  it('what others could read is made private and said; an empty folder, as the kubelet makes it, is not worth a word', async () => {
    mkdirSync(cache);
    chmodSync(cache, 0o755);
    const file = open();
    assert.deepEqual((await file.load()).problems, []);
    assert.equal(modeOf(cache), 0o700);
    await file.save('one');
    chmodSync(cache, 0o777);
    chmodSync(join(cache, 'view.0'), 0o644);
    const codes = (await open().load()).problems.map(({ code }) => code);
    assert.deepEqual(
      codes.filter((code) => code !== 'LB_CACHE_SHARED'),
      ['LB_CACHE_TOO_OPEN', 'LB_CACHE_TOO_OPEN'],
    );
    assert.deepEqual([modeOf(cache), modeOf(join(cache, 'view.0'))], [0o700, 0o600]);
  });

  it('a folder with other things in it is not closed to them', async () => {
    mkdirSync(cache);
    chmodSync(cache, 0o755);
    writeFileSync(join(cache, 'somebody-elses'), '');
    const { problems } = await open().load();
    assert.match(problems[0]?.message ?? '', /LB_CACHE_TOO_OPEN.*stays so: it holds somebody-elses/);
    assert.equal(modeOf(cache), 0o755);
  });

  it('what stands in its way: a link is not followed, a pipe not waited for, a half-written file not kept', async () => {
    mkdirSync(cache, { mode: 0o700 });
    const victim = join(base, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(cache, 'view.0.new'));
    symlinkSync(victim, join(cache, 'view.0'));
    const [made] = await once(spawn('mkfifo', [join(cache, 'view.1')]), 'exit');
    assert.equal(made, 0);
    writeFileSync(join(cache, 'view.1.new'), 'half', { mode: 0o644 });
    const file = open();
    const { text, problems } = await file.load();
    assert.deepEqual([text, problems.map(({ code }) => code)], [undefined, ['LB_CACHE_UNUSABLE', 'LB_CACHE_UNUSABLE']]);
    for (const words of ['one', 'two']) await file.save(words);
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
    assert.deepEqual(readdirSync(cache).sort(), ['view.0', 'view.1']);
    assert.equal(modeOf(join(cache, 'view.1')), 0o600);
    assert.equal((await open().load()).text, 'two');
  });

  it('a file where the folder should be is said', async () => {
    writeFileSync(cache, '');
    const file = open();
    const { problems } = await file.load();
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['LB_CACHE_UNUSABLE', 'LB_CACHE_UNUSABLE'],
    );
    await assert.rejects(file.save('one'), /LB_CACHE_UNUSABLE.*(ENOTDIR|EEXIST)/);
  });

  it('one process at a time writes; a second goes on without, and with once the first was killed', async () => {
    let first = '';
    const owner = start(2, (line) => {
      first = line;
    });
    await until('the first has written', () => first === 'done');
    const file = open();
    const { text, problems } = await file.load();
    assert.deepEqual([text?.[0], problems.map(({ code }) => code)], ['2', ['LB_CACHE_SHARED']]);
    await assert.rejects(file.save('mine'), /LB_CACHE_SHARED: another speaker writes/);
    await kill(owner);
    await file.save('mine');
    assert.equal((await open().load()).text, 'mine');
  });

  it('the lock of a folder is another one than its neighbour has', async () => {
    const locks = [new SocketLock(), new SocketLock(), new SocketLock()];
    const id = `test-${process.pid}`;
    assert.deepEqual(await Promise.all(locks.slice(0, 2).map((lock, i) => lock.hold(`${id}-${i}`))), [true, true]);
    assert.deepEqual([await locks[2]?.hold(`${id}-0`), await locks[0]?.hold(`${id}-0`)], [false, true]);
    for (const lock of locks) lock.release();
  });

  it(`kill -9 of the writing process, ${KILLS} times at any moment, loses nothing that it had been told is safe`, async () => {
    let safe = 0;
    let interrupted = 0;
    for (let round = 0; round < KILLS; round++) {
      const wrong: string[] = [];
      let found: number | undefined;
      const child = start(100_000, (line) => {
        const [verb, number] = line.split(' ');
        if (verb === 'found') {
          found = Number(number);
          if (found < safe || found > safe + 1) wrong.push(`found ${found} where ${safe} was safe`);
          safe = Math.max(safe, found);
        } else if (verb === 'saved') safe = Number(number);
        else wrong.push(line);
      });
      const before = safe;
      const far = () => (round % 2 === 0 ? found !== undefined : safe > Math.max(before, found ?? 0));
      await until('it is at work', () => far() || child.exitCode !== null);
      await sleep(Math.random() * 30);
      await kill(child);
      assert.deepEqual(wrong, [], `round ${round}`);
      // killed before its first write, there is no folder yet
      if (existsSync(cache) && readdirSync(cache).some((name) => name.endsWith('.new'))) interrupted++;
    }
    assert.ok(safe >= KILLS / 2, `only ${safe} writes`);
    for (const name of ['view.0', 'view.1']) {
      const slot = existsSync(join(cache, name)) ? decodeSlot(readFileSync(join(cache, name))) : undefined;
      assert.equal(slot?.kind, 'whole', name);
    }
    console.log(`        ${safe} writes, ${interrupted} of ${KILLS} kills within one`);
  });
});
