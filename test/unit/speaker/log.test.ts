import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LOG = fileURLToPath(new URL('../../../edge-speaker/src/observe/log.ts', import.meta.url));
const FLOOD = 20_000;

/** Runs `body` with a `log` in a process of its own; its standard error is a pipe. */
function run(body: string): ChildProcess {
  const program = `import(${JSON.stringify(LOG)}).then(({ openLog }) => { const log = openLog('info', 'json'); ${body} });`;
  return spawn(process.execPath, ['--import', 'tsx', '-e', program], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
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

  it('a reader that stalls does not stop the process; what was dropped is counted once it reads', async () => {
    const child = run(`
      for (let i = 0; i < ${FLOOD}; i++) log.info('address announced', { i, filler: 'x'.repeat(100) });
      process.send('wrote all', () => process.disconnect());
      const look = setInterval(() => {
        if (process.stderr.writableLength > 0) return;
        clearInterval(look);
        log.info('after');
      }, 10);
    `);
    try {
      assert.deepEqual(await once(child, 'message'), ['wrote all', undefined]); // nothing was read so far
      const lines = (await textOf(child))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { msg: string; dropped?: number });
      const dropped = lines.find((line) => line.dropped !== undefined)?.dropped ?? 0;
      assert.equal(lines.at(-1)?.msg, 'after');
      assert.equal(lines.filter(({ msg }) => msg === 'address announced').length + dropped, FLOOD);
      assert.ok(dropped > 0);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('the last word of a process that ends at once is not lost', async () => {
    const text = await textOf(run(`log.fatal('speaker failed', { err: new Error('why') }); process.exit(1);`));
    assert.match(text, /"msg":"speaker failed"/);
    assert.match(text, /"message":"why"/);
  });
});
