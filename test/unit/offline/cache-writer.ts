import { writeSync } from 'node:fs';
import { FolderDisk } from '../../../edge-speaker/src/io/cache-disk.ts';
import { SnapshotFile } from '../../../edge-speaker/src/io/snapshot-file.ts';
import { systemClock as clock, systemTimers as timers } from '../../../edge-speaker/src/io/system-clock.ts';

// A process that does nothing but write its cache, to be killed: `cache-writer.mjs FOLDER COUNT`. It says what it found, and
// each number once the disk has it.
const [folder = '', count = '0'] = process.argv.slice(2);
const store = new SnapshotFile({ disk: new FolderDisk(folder), folder, clock, timers, name: 'view', format: 1 });
const say = (words: string) => writeSync(1, `${words}\n`); // at once, and not from a buffer that dies with the process
const { text, problems } = await store.load();
for (const { code, message } of problems) say(`problem ${code} ${message}`);
const found = text === undefined ? 0 : Number.parseInt(text, 10);
say(`found ${found}`);
for (let number = found + 1; number <= found + Number(count); number++) {
  try {
    await store.save(`${number} ${'.'.repeat((number % 7) * 9_000)}`);
    say(`saved ${number}`);
  } catch (error) {
    say(`failed ${(error as Error).message}`);
  }
}
say('done');
process.stdin.on('data', () => process.exit(0)); // holds the folder until it is told to go
