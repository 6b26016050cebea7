import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LbError } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { type CacheDisk, FolderDisk } from '../../../edge-speaker/src/io/cache-disk.ts';
import { decodeSlot, encodeSlot } from '../../../edge-speaker/src/io/cache-slot.ts';
import { SnapshotFile } from '../../../edge-speaker/src/io/snapshot-file.ts';

/** A disk in memory; `error` is what the next writes meet. */
class MemoryDisk implements CacheDisk {
  readonly files = new Map<string, Buffer>();
  error: Error | undefined;

  async read(name: string) {
    const bytes = this.files.get(name);
    return bytes && { bytes, writtenWallMs: 1 };
  }

  async write(name: string, bytes: Buffer) {
    if (this.error !== undefined) throw this.error;
    this.files.set(name, bytes);
  }

  async moveAside(name: string, to: string) {
    this.files.set(to, this.files.get(name) ?? Buffer.alloc(0));
    this.files.delete(name);
  }
}

const open = (disk: CacheDisk) => new SnapshotFile(disk, '/cache', () => 1);

async function written(...texts: string[]): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const file = open(disk);
  await file.load();
  for (const text of texts) await file.save(text);
  return disk;
}

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
    const slot = encodeSlot(7n, 'what was known');
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
      generation: 3n,
      text: 'three',
    });
    assert.equal(file.figures.damaged, 1);
  });

  it('a slot of a later version is refused by name and kept when its place is needed', async () => {
    const disk = await written('one');
    const later = encodeSlot(9n, 'from the future');
    later.writeUInt16BE(2, 4);
    disk.files.set('view.1', later);
    const file = open(disk);
    const { text, problems } = await file.load();
    assert.deepEqual([text, problems.length, problems[0]?.message.includes('format 2')], ['one', 1, true]);
    await file.save('two');
    assert.deepEqual(disk.files.get('view.1.format-2'), later);
    assert.equal((await open(disk).load()).text, 'two');
  });

  it('a full disk is a named error, and what was written before stays', async () => {
    const disk = await written('one');
    const file = open(disk);
    await file.load();
    disk.error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    await assert.rejects(
      file.save('two'),
      (error) => error instanceof LbError && error.code === 'LB_CACHE_UNUSABLE' && /ENOSPC/.test(error.message),
    );
    assert.equal(file.figures.failures, 1);
    assert.equal((await open(disk).load()).text, 'one');
    disk.error = undefined;
    await file.save('three');
    assert.equal((await open(disk).load()).text, 'three');
  });

  it('the real folder is made private, and nothing but two slots lies in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'yurtlb-cache-'));
    try {
      const cache = join(folder, 'cache');
      const file = open(new FolderDisk(cache));
      await file.load();
      for (const text of ['one', 'two', 'three']) await file.save(text);
      assert.deepEqual(readdirSync(cache).sort(), ['view.0', 'view.1']);
      assert.deepEqual([statSync(cache).mode & 0o777, statSync(join(cache, 'view.0')).mode & 0o777], [0o700, 0o600]);
      assert.equal((await open(new FolderDisk(cache)).load()).text, 'three');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
