import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { LbError } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import type { CacheDisk, TooOpen } from '../../../edge-speaker/src/io/cache-disk.ts';
import { decodeSlot, encodeSlot } from '../../../edge-speaker/src/io/cache-slot.ts';
import { SnapshotFile } from '../../../edge-speaker/src/io/snapshot-file.ts';
import { FakeTime } from '../../support/fake-time.ts';
import { errno } from './power-cut-disk.ts';

/** A disk in memory; `error` is what the next writes meet, `silent` what makes it answer nothing. */
class MemoryDisk implements CacheDisk {
  readonly files = new Map<string, Buffer>();
  /** Names that cannot be read now. */
  readonly unreadable = new Set<string>();
  error: Error | undefined;
  mine = true;
  open: readonly TooOpen[] = [];
  private answer: Promise<void> | undefined;
  private wake = () => {};

  fallSilent(): void {
    this.answer = new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  async speak(): Promise<void> {
    this.answer = undefined;
    this.wake();
    await turns();
  }

  async claim() {
    await this.answer;
    return this.mine;
  }

  async read(name: string) {
    await this.answer;
    if (this.unreadable.has(name)) throw errno('EIO');
    const bytes = this.files.get(name);
    return bytes && { bytes, writtenWallMs: 1, stamp: stampOf(bytes) };
  }

  async stamp(name: string) {
    const bytes = this.files.get(name);
    return bytes && stampOf(bytes);
  }

  async write(name: string, bytes: Buffer) {
    await this.answer;
    if (this.error !== undefined) throw this.error;
    this.files.set(name, bytes);
    return stampOf(bytes);
  }

  async moveAside(name: string, to: string) {
    this.files.set(to, this.files.get(name) ?? Buffer.alloc(0));
    this.files.delete(name);
  }

  async tighten() {
    return this.open;
  }
}

const stampOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Lets everything run that waits for nothing but its turn. */
const turns = () => new Promise((resolve) => setImmediate(resolve));

const open = (disk: CacheDisk, time = new FakeTime(), format = 1) =>
  new SnapshotFile({ disk, folder: '/cache', clock: time, timers: time, name: 'view', format });

async function written(...texts: string[]): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const file = open(disk);
  await file.load();
  for (const text of texts) await file.save(text);
  return disk;
}

const coded = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof LbError && error.code === code && words.test(error.message) && error.remedy !== '';
const slotsOf = (disk: MemoryDisk) => [...disk.files].map(([name, bytes]) => [name, bytes.toString('utf8', 52)]);

describe('snapshot file', () => {
  it('an empty folder remembers nothing and complains of nothing', async () => {
    assert.deepEqual(await open(new MemoryDisk()).load(), { text: undefined, problems: [] });
  });

  it('the newest of two generations is loaded, and a third replaces the older', async () => {
    const disk = await written('one', 'two');
    const file = open(disk);
    assert.equal((await file.load()).text, 'two');
    await file.save('three');
    assert.deepEqual([...disk.files.values()].map((slot) => slot.toString('utf8', 52)).sort(), ['three', 'two']);
    assert.equal(file.figures.generation, 3n);
  });

  it('a newest slot cut off at any byte falls back to the one before, said once', async () => {
    const disk = await written('one', 'two');
    const whole = disk.files.get('view.1') ?? Buffer.alloc(0);
    for (let bytes = 0; bytes < whole.length; bytes++) {
      disk.files.set('view.1', whole.subarray(0, bytes));
      const { text, problems } = await open(disk).load();
      assert.deepEqual([text, problems.map(({ code }) => code)], ['one', ['LB_CACHE_UNUSABLE']], `cut at ${bytes}`);
    }
  });

  it('a flipped bit anywhere is found', async () => {
    const slot = encodeSlot(1, 7n, 'what was known');
    const place = fc.record({
      byte: fc.integer({ min: 0, max: slot.length - 1 }),
      bit: fc.integer({ min: 0, max: 7 }),
    });
    fc.assert(
      fc.property(place, ({ byte, bit }) => {
        const bad = Buffer.from(slot);
        bad.writeUInt8((bad[byte] ?? 0) ^ (1 << bit), byte);
        assert.notEqual(decodeSlot(bad).kind, 'whole');
      }),
    );
  });

  it('rubbish never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        assert.equal(decodeSlot(Buffer.from(bytes)).kind, 'damaged'),
      ),
    );
  });

  it('after damage the damaged slot is written next, the good one stays', async () => {
    const disk = await written('one', 'two');
    disk.files.set('view.0', Buffer.from('rubbish'));
    const file = open(disk);
    assert.equal((await file.load()).text, 'two');
    await file.save('three');
    assert.deepEqual(decodeSlot(disk.files.get('view.0') ?? Buffer.alloc(0)), {
      kind: 'whole',
      format: 1,
      generation: 3n,
      text: 'three',
    });
    assert.equal(file.figures.damaged, 1);
  });

  it('a slot of a later version is refused by name, kept when its place is needed, and read by that version again', async () => {
    const disk = await written('one');
    const later = encodeSlot(2, 9n, 'from the future');
    disk.files.set('view.1', later);
    const file = open(disk);
    const { text, problems } = await file.load();
    assert.deepEqual([text, problems.length], ['one', 1]);
    assert.match(problems[0]?.message ?? '', /\/cache\/view\.1 has format 2, this version reads 1/);
    assert.deepEqual(disk.files.get('view.1'), later, 'a speaker that writes nothing touches nothing');
    await file.save('two');
    assert.deepEqual(disk.files.get('view.1.format-2'), later);
    assert.equal((await open(disk).load()).text, 'two');
    const { text: newest } = await open(disk, new FakeTime(), 2).load();
    assert.equal(newest, 'two', 'the later version reads the older one, which knows more of today');
    for (const name of ['view.0', 'view.1']) disk.files.set(name, Buffer.from('rubbish'));
    const back = await open(disk, new FakeTime(), 2).load();
    assert.deepEqual([back.text, back.format], ['from the future', 2]);
  });

  it('with both slots of a later version it starts empty and destroys neither', async () => {
    const disk = new MemoryDisk();
    const later = [encodeSlot(3, 40n, 'a'), encodeSlot(3, 41n, 'b')];
    disk.files.set('view.0', later[0] ?? assert.fail()).set('view.1', later[1] ?? assert.fail());
    const file = open(disk);
    assert.equal((await file.load()).text, undefined);
    for (const text of ['one', 'two', 'three']) await file.save(text);
    assert.deepEqual(
      ['view.0.format-3', 'view.1.format-3'].map((name) => disk.files.get(name)),
      later,
    );
    assert.equal((await open(disk).load()).text, 'three');
    assert.equal(file.figures.generation, 44n, 'it counts on, so that the later version takes it for the newer');
  });

  it('a slot of an older version is read and its format told', async () => {
    const disk = await written('one');
    const file = open(disk, new FakeTime(), 2);
    const { text, format, problems } = await file.load();
    assert.deepEqual([text, format, problems], ['one', 1, []]);
    await file.save('two');
    assert.deepEqual(slotsOf(disk), [
      ['view.0', 'one'],
      ['view.1', 'two'],
    ]);
  });

  it('what was written while slots could not be read counts for more than they do once they can', async () => {
    const disk = await written('one', 'two', 'three');
    for (const name of ['view.0', 'view.1']) disk.unreadable.add(name);
    const file = open(disk);
    const { text, problems } = await file.load();
    assert.deepEqual([text, problems.map(({ code }) => code)], [undefined, ['LB_CACHE_UNUSABLE', 'LB_CACHE_UNUSABLE']]);
    await file.save('four');
    disk.unreadable.clear();
    assert.equal((await open(disk).load()).text, 'four');
  });

  it('while another speaker has the folder it writes nothing, by name; then it reads again and goes on', async () => {
    const disk = await written('one');
    disk.mine = false;
    const second = open(disk);
    const { text, problems } = await second.load();
    assert.deepEqual([text, problems.map(({ code }) => code)], ['one', ['LB_CACHE_SHARED']]);
    await assert.rejects(second.save('mine'), coded('LB_CACHE_SHARED', /another speaker.*\/cache/));
    disk.files.set('view.1', encodeSlot(1, 8n, 'by the first'));
    disk.mine = true;
    await second.save('mine');
    assert.deepEqual(slotsOf(disk), [
      ['view.0', 'mine'],
      ['view.1', 'by the first'],
    ]);
    assert.equal((await open(disk).load()).text, 'mine');
  });

  it('a slot that changed under it was written by a speaker beyond the lock: it stops', async () => {
    const disk = await written('one', 'two');
    const file = open(disk);
    await file.load();
    disk.files.set('view.0', encodeSlot(1, 3n, 'foreign'));
    for (let i = 0; i < 2; i++) await assert.rejects(file.save('mine'), coded('LB_CACHE_SHARED', /another speaker/));
    assert.equal((await open(disk).load()).text, 'foreign');
  });

  it('a folder emptied by hand is filled again', async () => {
    const disk = await written('one', 'two');
    const file = open(disk);
    await file.load();
    disk.files.clear();
    await file.save('three');
    assert.equal((await open(disk).load()).text, 'three');
  });

  it('a slot that was left half-written by its own failed call is no stranger', async () => {
    const disk = await written('one', 'two');
    const file = open(disk);
    await file.load();
    disk.error = errno('EIO');
    await assert.rejects(file.save('three'), coded('LB_CACHE_UNUSABLE', /EIO/));
    disk.files.set('view.0', encodeSlot(1, 3n, 'three')); // renamed, and then the sync of the folder failed
    disk.error = undefined;
    await file.save('four');
    assert.equal((await open(disk).load()).text, 'four');
  });

  it('a disk that answers nothing keeps neither the start nor a write for long', async () => {
    const time = new FakeTime();
    const disk = await written('one');
    const file = open(disk, time);
    disk.fallSilent();
    const loading = file.load();
    time.advance(5_000);
    const { text, problems } = await loading;
    assert.deepEqual([text, problems.length, file.figures.stuck], [undefined, 1, true]);
    assert.match(problems[0]?.message ?? '', /\/cache has not answered within 5 s/);
    await assert.rejects(file.save('two'), coded('LB_CACHE_UNUSABLE', /not answered/));
    await disk.speak();
    assert.equal(file.figures.stuck, false);
    await file.save('two');
    disk.fallSilent();
    const saving = file.save('three');
    await turns();
    time.advance(10_000);
    await assert.rejects(saving, coded('LB_CACHE_UNUSABLE', /within 10 s/));
    assert.deepEqual([file.figures.stuck, file.figures.failures], [true, 2]);
    await disk.speak();
    await file.save('four');
    assert.deepEqual(slotsOf(disk), [
      ['view.0', 'three'],
      ['view.1', 'four'],
    ]);
    assert.equal(time.pending, 0);
  });

  it('counts what it wrote', async () => {
    const disk = new MemoryDisk();
    const file = open(disk);
    await file.load();
    await file.save('one');
    await file.save('three');
    const { writes, writtenBytes, bytes, failures } = file.figures;
    assert.deepEqual(
      { writes, writtenBytes, bytes, failures },
      { writes: 2, writtenBytes: 112, bytes: 57, failures: 0 },
    );
  });

  it('a folder that others may read is said, with its mode', async () => {
    const disk = await written('one');
    disk.open = [
      { path: '/cache', mode: 0o755 },
      { path: '/cache/view.0', mode: 0o644, left: 'EPERM' },
    ];
    const { problems } = await open(disk).load();
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['LB_CACHE_TOO_OPEN', 'LB_CACHE_TOO_OPEN'],
    );
    assert.match(problems[0]?.message ?? '', /\/cache \(mode 0755\); it is the owner's alone now/);
    assert.match(problems[1]?.message ?? '', /view\.0 \(mode 0644\) and it stays so: EPERM/);
  });

  for (const code of ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO'])
    it(`${code} is a named error, and what was written before stays`, async () => {
      const disk = await written('one');
      const file = open(disk);
      await file.load();
      disk.error = errno(code);
      await assert.rejects(file.save('two'), coded('LB_CACHE_UNUSABLE', new RegExp(code)));
      assert.equal(file.figures.failures, 1);
      assert.equal((await open(disk).load()).text, 'one');
      disk.error = undefined;
      await file.save('three');
      assert.equal((await open(disk).load()).text, 'three');
    });
});
