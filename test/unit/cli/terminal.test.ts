import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { table } from '../../../cloud-controller/src/cli/table.ts';
import { visible } from '../../../cloud-controller/src/cli/terminal.ts';

const TERMINAL = new URL('../../../cloud-controller/src/cli/terminal.ts', import.meta.url).href;

describe('what others wrote', () => {
  it('does not steer the terminal', () => {
    assert.equal(visible('a\nb \u001b[31m\u009b2J\r\u0007 é'), 'a\nb \\u001b[31m\\u009b2J\\u000d\\u0007 é');
  });

  it('does not break a table', () => {
    assert.deepEqual(table(['A', 'B'], [['x\ny', '1']], ''), ['A      B', 'x\\ny   1']);
  });
});

describe('systemTerminal', function () {
  this.timeout(20_000);

  it('ends quietly when nobody reads any more', async () => {
    const script = `
      const { systemTerminal } = await import(${JSON.stringify(TERMINAL)});
      process.stdin.once('data', () => {
        setInterval(() => systemTerminal.out('x'.repeat(100_000)), 1);
      });
      systemTerminal.out('ready');`;
    const root = fileURLToPath(new URL('../../../', import.meta.url));
    const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], { cwd: root });
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.stdin.write('go\n');
    const [code] = await once(child, 'exit');
    assert.deepEqual({ code, said }, { code: 1, said: '' });
  });
});
