import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import { FakeTerminal } from './fake-terminal.ts';

const cases: { argv: string[]; code: number; out?: RegExp; err?: RegExp }[] = [
  { argv: ['--help'], code: 0, out: /^Usage: yurtlb COMMAND[\s\S]*validate FILE/ },
  { argv: ['-h'], code: 0, out: /^Usage: yurtlb COMMAND/ },
  { argv: ['help'], code: 0, out: /^Usage: yurtlb COMMAND/ },
  { argv: ['help', 'key'], code: 0, out: /^Usage: yurtlb key/ },
  { argv: ['validate', '--help'], code: 0, out: /^Usage: yurtlb validate FILE/ },
  { argv: ['key', '-h'], code: 0, out: /^Usage: yurtlb key/ },
  { argv: ['export', '--help'], code: 0, out: /^Usage: yurtlb export \[-n NAMESPACE/ },
  { argv: ['exprot'], code: 2, err: /Did you mean "export"\?/ },
  { argv: ['help', 'status'], code: 0, out: /^Usage: yurtlb status/ },
  { argv: ['stauts'], code: 2, err: /Did you mean "status"\?/ },
  { argv: ['--version'], code: 0, out: /^\d+\.\d+\.\d+/ },
  { argv: [], code: 2, err: /^Usage: yurtlb COMMAND/ },
  { argv: ['validat'], code: 2, err: /unknown command "validat"\. Did you mean "validate"\?/ },
  { argv: ['contoller'], code: 2, err: /Did you mean "controller"\?/ },
  { argv: ['frobnicate'], code: 2, err: /unknown command "frobnicate"\. Known are controller, speaker/ },
  { argv: ['constructor'], code: 2, err: /unknown command "constructor"/ },
  { argv: ['--verison'], code: 2, err: /Did you mean "--version"\?/ },
  { argv: ['--version', 'key'], code: 2, err: /Write key first/ },
];

describe('yurtlb', () => {
  for (const { argv, code, out, err } of cases) {
    it(`yurtlb ${argv.join(' ')} ends ${code}`, async () => {
      const terminal = new FakeTerminal();
      assert.equal(await main(argv, terminal), code);
      if (out === undefined) assert.deepEqual(terminal.printed, []);
      else assert.match(terminal.printed.join('\n'), out);
      if (err === undefined) assert.deepEqual(terminal.complained, []);
      else assert.match(terminal.complained.join('\n'), err);
    });
  }

  it('help fits a terminal of 100 columns', async () => {
    const terminal = new FakeTerminal();
    for (const argv of [[], ['validate'], ['key'], ['status'], ['export'], ['plan']])
      await main([...argv, '--help'], terminal);
    const wide = terminal.printed
      .join('\n')
      .split('\n')
      .filter((line) => line.length > 100);
    assert.deepEqual(wide, []);
  });
});

describe('bin/yurtlb.mjs', () => {
  const shim = fileURLToPath(new URL('../../../cloud-controller/bin/yurtlb.mjs', import.meta.url));
  let room = '';

  beforeEach(async () => {
    room = await mkdtemp(join(tmpdir(), 'yurtlb-bin-'));
    for (const folder of ['cloud-controller/bin', 'cloud-controller/dist', 'edge-speaker/dist']) {
      await mkdir(join(room, folder), { recursive: true });
    }
    await copyFile(shim, join(room, 'cloud-controller/bin/yurtlb.mjs'));
  });
  afterEach(() => rm(room, { recursive: true }));

  function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [join(room, 'cloud-controller/bin/yurtlb.mjs'), ...argv], (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
    });
  }

  const bundles: [string, string[], string[]][] = [
    ['cloud-controller/dist/controller.mjs', ['controller', '--classless'], ['--classless']],
    ['edge-speaker/dist/speaker.mjs', ['speaker', 'x'], ['x']],
    ['cloud-controller/dist/cli.mjs', ['validate', 'x'], ['validate', 'x']],
    ['cloud-controller/dist/cli.mjs', ['--help'], ['--help']],
    ['cloud-controller/dist/cli.mjs', [], []],
  ];
  for (const [bundle, argv, want] of bundles) {
    it(`yurtlb ${argv.join(' ')} starts ${bundle} and ends with its code`, async () => {
      await writeFile(
        join(room, bundle),
        'export const main = async (argv) => { console.log(JSON.stringify(argv)); return 7; };',
      );
      assert.deepEqual(await run(...argv), { code: 7, stdout: `${JSON.stringify(want)}\n`, stderr: '' });
    });
  }

  it('says what to do where nothing is built', async () => {
    const { code, stderr } = await run('controller');
    assert.equal(code, 1);
    assert.match(stderr, /dist\/controller\.mjs is missing\. Run "npm install" or "npm run build"/);
  });
});
