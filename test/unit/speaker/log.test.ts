import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { unblocked } from '../../../edge-speaker/src/observe/log.ts';

const LOG = fileURLToPath(new URL('../../../edge-speaker/src/observe/log.ts', import.meta.url));

/** Runs `body` with a `log` in a process of its own; its standard error is a pipe. */
function run(body: string): ChildProcess {
  const program = `import(${JSON.stringify(LOG)}).then(({ openLog }) => { const log = openLog('info', 'json'); ${body} });`;
  return spawn(process.execPath, ['--import', 'tsx', '-e', program], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** All it says until it ends. */
async function textOf({ stderr }: ChildProcess): Promise<string> {
  assert.ok(stderr !== null);
  let text = '';
  stderr.on('data', (piece: Buffer) => {
    text += piece;
  });
  await once(stderr, 'end');
  return text;
}

describe('log', function () {
  this.timeout(20_000);

  it('what waits for a reader is bounded; what was dropped is counted once it reads', () => {
    const written: string[] = [];
    const sink = { writableLength: 0, write: (text: string) => written.push(text), on: () => sink };
    const write = unblocked(sink);
    write('first\n');
    sink.writableLength = 1024 * 1024; // nobody reads
    for (let i = 0; i < 3; i++) write('lost\n');
    sink.writableLength = 0; // somebody does again
    write('after\n');
    assert.deepEqual([written.length, written[0], written[2]], [3, 'first\n', 'after\n']);
    const { level, dropped } = JSON.parse(written[1] ?? '') as { level: string; dropped: number };
    assert.deepEqual([level, dropped], ['warn', 3]);
  });

  it('times are whole milliseconds, all else is as it was said', async () => {
    const text = await textOf(run(`log.info('x', { quietMs: 351.3743909999903, share: 0.25, when: 'now' });`));
    const { quietMs, share, when } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual([quietMs, share, when], [351, 0.25, 'now']);
  });

  it('the last word of a process that ends at once is not lost', async () => {
    const text = await textOf(run(`log.fatal('speaker failed', { err: new Error('why') }); process.exit(1);`));
    assert.match(text, /"msg":"speaker failed"/);
    assert.match(text, /"message":"why"/);
  });
});
