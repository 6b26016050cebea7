import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@openyurt/nodepool-types';
import { PoolKeyFiles } from '../../../edge-speaker/src/io/pool-key-files.ts';
import { systemTimers } from '../../../edge-speaker/src/io/system-clock.ts';

describe('PoolKeyFiles', () => {
  let folder: string;
  let files: PoolKeyFiles;
  const errors: { msg: string; fields: Record<string, unknown> | undefined }[] = [];
  const log = { ...silentLog, error: (msg: string, fields?: Record<string, unknown>) => errors.push({ msg, fields }) };
  const base64 = (byte: number) => `${Buffer.alloc(32, byte).toString('base64')}\n`;
  const ids = () => files.current().map(({ id }) => id);

  beforeEach(() => {
    errors.length = 0;
    folder = mkdtempSync(join(tmpdir(), 'pool-key-'));
    files = new PoolKeyFiles(folder, systemTimers, log);
  });
  afterEach(() => {
    files.close();
    rmSync(folder, { recursive: true });
  });

  it('reads what is a key and names what is not, with the remedy', async () => {
    writeFileSync(join(folder, 'key-1'), base64(1));
    for (const [id, text] of [
      ['short', 'AAAA'],
      ['words', 'no key at all'],
      ['twice', base64(1) + base64(2)],
    ] as const) {
      writeFileSync(join(folder, id), text);
    }
    await files.start();
    assert.deepEqual(files.current(), [{ id: 'key-1', secret: Buffer.alloc(32, 1) }]);
    assert.deepEqual(
      errors.map(({ fields }) => fields?.code),
      Array(3).fill('LB_POOL_KEY_UNUSABLE'),
    );
    assert.match(errors[0]?.msg ?? '', /short: it is not the base64 of 32 bytes/);
  });

  it('no folder is no key, said once', async () => {
    const none = new PoolKeyFiles(join(folder, 'none'), systemTimers, log);
    await none.start();
    none.close();
    assert.deepEqual(none.current(), []);
    assert.equal(errors.length, 1);
  });

  it('keys that go for the second time are said for the second time', async () => {
    const none = () => errors.filter(({ msg }) => msg.endsWith('no usable key')).length;
    const turn = () => new Promise<void>((resolve) => files.onChange(resolve));
    await files.start();
    assert.equal(none(), 1);
    for (const seen of [1, 2]) {
      const came = turn();
      writeFileSync(join(folder, 'key-1'), base64(1));
      await came;
      assert.equal(none(), seen);
      const went = turn();
      rmSync(join(folder, 'key-1'));
      await went;
      assert.equal(none(), seen + 1);
    }
  });

  it('follows the swap of a mounted Secret', async () => {
    const write = (version: string, keys: Record<string, string>) => {
      mkdirSync(join(folder, version));
      for (const [id, text] of Object.entries(keys)) writeFileSync(join(folder, version, id), text);
      symlinkSync(version, join(folder, '..tmp'));
      renameSync(join(folder, '..tmp'), join(folder, '..data'));
    };
    write('..1', { 'key-1': base64(1) });
    symlinkSync('..data/key-1', join(folder, 'key-1'));
    await files.start();
    assert.deepEqual(ids(), ['key-1']);
    const changed = new Promise<void>((resolve) => files.onChange(resolve));
    write('..2', { 'key-1': base64(1), 'key-2': base64(2) });
    symlinkSync('..data/key-2', join(folder, 'key-2'));
    await changed;
    assert.deepEqual(ids(), ['key-1', 'key-2']);
  });
});
