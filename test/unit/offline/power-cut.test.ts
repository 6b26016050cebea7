import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { FolderDisk } from '../../../edge-speaker/src/io/cache-disk.ts';
import { encodeSlot } from '../../../edge-speaker/src/io/cache-slot.ts';
import { SnapshotFile } from '../../../edge-speaker/src/io/snapshot-file.ts';
import { FakeTime } from '../../support/fake-time.ts';
import { cutAt, imageOf, keyOf, tornContents, waysReached } from './power-cut.ts';
import { errno, type Image, Killed, type Op, PowerCutDisk } from './power-cut-disk.ts';

const FOLDER = '/var/cache';
/** Nobody else writes. */
const free = { hold: async () => true, release() {} };

function fileOn(disk: PowerCutDisk): SnapshotFile {
  const time = new FakeTime();
  const parts = { disk: new FolderDisk(FOLDER, disk, free), folder: FOLDER, clock: time, timers: time };
  return new SnapshotFile({ ...parts, name: 'view', format: 1 });
}

/** Truths in the order in which they held; `index` of -1 is the empty disk. */
class Truths {
  readonly texts: string[] = [];
  /** Calls made when the truth was first handed to the disk, and when the disk said that it has it. */
  readonly begun: number[] = [];
  readonly acknowledged: number[] = [];

  constructor(private readonly padding = 0) {}

  /** What a boot has read from the disk itself. */
  begin(...texts: readonly string[]): void {
    for (const text of texts) {
      this.texts.push(text);
      this.begun.push(0);
      this.acknowledged.push(0);
    }
  }

  async save(file: SnapshotFile, disk: PowerCutDisk): Promise<boolean> {
    const index = this.texts.length;
    this.texts.push(`truth ${index} ${'.'.repeat(this.padding)}`);
    this.begun.push(disk.log.length);
    try {
      await file.save(this.texts[index] ?? '');
      this.acknowledged[index] = disk.log.length;
      return true;
    } catch {
      return false;
    }
  }

  indexOf(text: string | undefined): number {
    if (text === undefined) return -1;
    const index = this.texts.indexOf(text);
    assert.notEqual(index, -1, `never true: ${text.slice(0, 40)}`);
    return index;
  }

  /** The oldest and the newest that may be found when the power went after `ops` calls. */
  bounds(ops: number): [number, number] {
    const oldest = this.acknowledged.findLastIndex((at) => at !== undefined && at <= ops);
    return [oldest, this.begun.findLastIndex((at) => at <= ops)];
  }
}

interface Thinning {
  /** Renames may also be done by half: a file system without a journal. */
  readonly torn: boolean;
  /** Bytes of a write after which the power is cut. */
  readonly cuts: (op: Extract<Op, { kind: 'write' }>) => Iterable<number>;
  /** What must hold of every disk that is found. */
  readonly always?: (image: Image) => void;
}

const everyByte = ({ bytes }: { bytes: Buffer }) => Array.from({ length: bytes.length }, (_, i) => i);

/** Cuts the power everywhere from call `from` on and boots. @returns how many different disks were found; throws at the first wrong one */
async function cutEverywhere(disk: PowerCutDisk, truths: Truths, how: Thinning, from = 0): Promise<number> {
  const seen = new Map<string, number>();
  for (let ops = from; ops <= disk.log.length; ops++) {
    const next = disk.log[ops];
    const [oldest, newest] = truths.bounds(ops);
    for (const bytes of next?.kind === 'write' ? how.cuts(next) : [0]) {
      const unsynced = cutAt(disk, ops, bytes);
      const torn = [...unsynced.files.values()].find(({ synced, written }) => synced !== written);
      for (const bytesLeft of torn === undefined ? [undefined] : tornContents(torn)) {
        for (const reached of waysReached(unsynced.pending, how.torn)) {
          const image = imageOf(unsynced, reached, (file) => (file === torn ? bytesLeft : undefined) ?? file.written);
          const key = keyOf(image);
          let found = seen.get(key);
          if (found === undefined) {
            how.always?.(image);
            found = await boot(new PowerCutDisk(image), truths);
            seen.set(key, found);
          }
          const where = `cut after call ${ops} and ${bytes} bytes (next ${next?.kind}), reached: ${reached.map(({ op }) => op.kind)}`;
          assert.ok(found >= oldest && found <= newest, `found ${found}, not ${oldest} to ${newest}: ${where}`);
        }
      }
    }
  }
  return seen.size;
}

/** What a speaker finds at its start; and that it can write from there on. */
async function boot(disk: PowerCutDisk, truths: Truths): Promise<number> {
  const file = fileOn(disk);
  const { text } = await file.load();
  await file.save('later');
  assert.equal((await fileOn(disk).load()).text, 'later');
  return truths.indexOf(text);
}

async function saved(
  count: number,
  { padding = 0, bytesPerWrite = Number.POSITIVE_INFINITY, forgets = undefined as Op['kind'] | undefined } = {},
) {
  const disk = new PowerCutDisk(new Map([['/var', null]]), bytesPerWrite);
  disk.forgets = forgets;
  const truths = new Truths(padding);
  const file = fileOn(disk);
  await file.load();
  for (let i = 0; i < count; i++) assert.ok(await truths.save(file, disk));
  return { disk, truths };
}

describe('a power cut', function () {
  this.timeout(60_000);

  it('at every byte of every write, whatever unsynced part reached the disk, loses nothing that was acknowledged', async () => {
    const { disk, truths } = await saved(5, { bytesPerWrite: 37 });
    const disks = await cutEverywhere(disk, truths, { torn: true, cuts: everyByte });
    assert.ok(disks > 500, `only ${disks} different disks`);
  });

  it('the same with slots of many sectors: each byte of the header and of the end, and a dense sample between', async () => {
    const { disk, truths } = await saved(3, { padding: 9_000 });
    const cuts = ({ bytes: { length } }: { bytes: Buffer }) =>
      everyByte({ bytes: Buffer.alloc(length) }).filter((i) => i < 80 || i > length - 20 || i % 331 === 0);
    const disks = await cutEverywhere(disk, truths, { torn: true, cuts });
    assert.ok(disks > 4_000, `only ${disks} different disks`);
  });

  const careless: { name: string; forgets: Op['kind'] }[] = [
    { name: 'files', forgets: 'sync' },
    { name: 'folders', forgets: 'sync-folder' },
  ];
  for (const { name, forgets } of careless) {
    it(`would be seen to lose what was acknowledged if ${name} were not synced`, async () => {
      const { disk, truths } = await saved(3, { forgets });
      await assert.rejects(
        cutEverywhere(disk, truths, { torn: false, cuts: () => [0, 60] }),
        /found .*, not|never true/,
      );
    });
  }

  it('after a kill -9 at any call, and the next start, loses nothing of what that start had found', async () => {
    const { disk: whole } = await saved(3);
    for (let killedAt = 0; killedAt < whole.log.length; killedAt++) {
      const disk = new PowerCutDisk(new Map([['/var', null]]));
      const truths = new Truths();
      disk.before = (index) => {
        if (index >= killedAt) throw new Killed();
      };
      const first = fileOn(disk);
      await first.load();
      for (let alive = true; alive && truths.texts.length < 3; ) alive = await truths.save(first, disk);
      disk.before = () => {};
      const second = fileOn(disk);
      const loaded = truths.indexOf((await second.load()).text);
      assert.ok(loaded >= truths.bounds(disk.log.length)[0]);
      const restartedAt = disk.log.length;
      for (let i = 0; i < 2; i++) assert.ok(await truths.save(second, disk));
      await cutEverywhere(disk, truths, { torn: true, cuts: () => [0, 1, 60] }, restartedAt);
    }
  });

  it('while a slot of a later version is put aside loses neither that nor what was acknowledged', async () => {
    const later = encodeSlot(2, 9n, 'from the future');
    const start = new Map<string, Buffer | null>([
      ['/var', null],
      [FOLDER, null],
      [`${FOLDER}/view.0`, encodeSlot(1, 8n, 'truth 0 ')],
      [`${FOLDER}/view.1`, later],
    ]);
    const disk = new PowerCutDisk(start);
    const truths = new Truths();
    truths.begin('truth 0 ');
    const file = fileOn(disk);
    assert.equal((await file.load()).text, 'truth 0 ');
    for (let i = 0; i < 3; i++) assert.ok(await truths.save(file, disk));
    const always = (image: Image) => {
      const kept = ['view.1', 'view.1.format-2'].map((name) => image.get(`${FOLDER}/${name}`));
      assert.ok(
        kept.some((bytes) => bytes?.equals(later)),
        [...image.keys()].join(' '),
      );
    };
    await cutEverywhere(disk, truths, { torn: false, cuts: () => [0, 1, 60], always });
  });

  const event = fc.oneof(
    fc.record({ kind: fc.constant('save' as const) }),
    fc.record({ kind: fc.constantFrom('fail' as const, 'kill' as const), after: fc.nat(9) }),
    fc.record({
      kind: fc.constant('power' as const),
      back: fc.nat(9),
      bytes: fc.nat(70),
      way: fc.nat(),
      torn: fc.nat(),
    }),
  );

  it('among failing calls, kills and other power cuts, in any order, loses nothing that was acknowledged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 3, maxLength: 14 }), async (events) => {
        let disk = new PowerCutDisk(new Map([['/var', null]]), 41);
        let truths = new Truths();
        let file = fileOn(disk);
        await file.load();
        for (const e of events) {
          if (e.kind === 'save') await truths.save(file, disk);
          else if (e.kind !== 'power') {
            const at = disk.log.length + e.after;
            disk.before = (index) => {
              if (e.kind === 'kill' ? index >= at : index === at) {
                if (e.kind === 'fail') disk.before = () => {};
                throw e.kind === 'kill' ? new Killed() : errno('ENOSPC');
              }
            };
            await truths.save(file, disk);
            disk.before = () => {};
            if (e.kind === 'kill') {
              file = fileOn(disk);
              assert.ok(truths.indexOf((await file.load()).text) >= truths.bounds(disk.log.length)[0]);
            }
          } else {
            const ops = Math.max(0, disk.log.length - e.back);
            const [oldest, newest] = truths.bounds(ops);
            const unsynced = cutAt(disk, ops, e.bytes);
            const ways = [...waysReached(unsynced.pending.slice(-4), false)];
            const image = imageOf(unsynced, ways[e.way % ways.length] ?? [], (f) => {
              const contents = tornContents(f);
              return contents[e.torn % contents.length] ?? f.written;
            });
            disk = new PowerCutDisk(image, 41);
            file = fileOn(disk);
            const { text } = await file.load();
            const found = truths.indexOf(text);
            assert.ok(found >= oldest && found <= newest, `found ${found}, not ${oldest} to ${newest}`);
            const before = truths.texts.slice(0, found + 1);
            truths = new Truths();
            truths.begin(...before);
          }
        }
      }),
      { numRuns: 1_500 },
    );
  });
});
