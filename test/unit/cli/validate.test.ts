import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import { FakeTerminal } from './fake-terminal.ts';

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/config/${name}`, import.meta.url), 'utf8');
const HANGZHOU = fixture('hangzhou.yaml');
const METALLB = fixture('metallb-0.12.txt');
const BAD = fixture('bad.yaml');
const WIDE = 'address-pools: [{name: a, protocol: layer2, addresses: ["fd00::/64", 10.0.0.1]}]';
const fault = (code: string) => Object.assign(new Error(code), { code });

interface Case {
  name: string;
  argv: string[];
  files?: Record<string, string | Uint8Array | Error>;
  input?: string;
  code: number;
  out: string[];
  err?: RegExp[];
}

const cases: Case[] = [
  { name: 'a manifest', argv: ['a.yaml'], files: { 'a.yaml': HANGZHOU }, code: 0, out: ['ok: 2 pools, 268 addresses'] },
  { name: 'a MetalLB file', argv: ['m'], files: { m: METALLB }, code: 0, out: ['ok: 2 pools, 31 addresses'] },
  { name: 'standard input', argv: ['-'], input: METALLB, code: 0, out: ['ok: 2 pools, 31 addresses'] },
  {
    name: 'exact beyond 2^53',
    argv: ['w'],
    files: { w: WIDE },
    code: 0,
    out: ['ok: 1 pool, 18446744073709551616 addresses'],
  },
  {
    name: 'several files',
    argv: ['a.yaml', '-', 'w'],
    files: { 'a.yaml': HANGZHOU, w: WIDE },
    input: METALLB,
    code: 0,
    out: ['ok: 5 pools, 18446744073709551915 addresses'],
  },
  {
    name: 'problems of all files, with their places',
    argv: ['bad.yaml', '-', 'a.yaml'],
    files: { 'bad.yaml': BAD, 'a.yaml': HANGZHOU },
    input: 'peers: []',
    code: 1,
    out: [
      'bad.yaml:10:17 BGP is not supported by this version (Use protocol: layer2.)',
      'bad.yaml:11:7 address pool "default" has the unknown key "adresses" (Did you mean "addresses"?)',
      'bad.yaml:12:20 auto-assign is the text "no", not true or false (Write true or false, without quotes.)',
      '<stdin>:1:1 BGP is not supported by this version (Use protocol layer2 in every address pool and remove peers.)',
      '<stdin>:1:1 the configuration has no address-pools (Add address-pools.)',
    ],
  },
  {
    name: 'two ConfigMaps for one NodePool',
    argv: ['a.yaml', 'b.yaml'],
    files: { 'a.yaml': HANGZHOU, 'b.yaml': `# copy\n${HANGZHOU}` },
    code: 1,
    out: [
      'b.yaml:2:1 a second ConfigMap for NodePool hangzhou, the first is a.yaml:1 (Put all its address pools into one.)',
    ],
  },
  {
    name: 'warnings and notes, which do not fail',
    argv: ['a.yaml'],
    files: { 'a.yaml': `${HANGZHOU.replace('10.230/31', '10.231/31')}---\nkind: Service\nmetadata: {name: s}\n` },
    code: 0,
    out: ['ok: 2 pools, 268 addresses'],
    err: [
      /^a\.yaml:18:19 warning: 192\.168\.10\.231\/31 is taken as 192\.168\.10\.230\/31 \(Write/,
      /^a\.yaml:24:1 note: skipped Service "s"$/,
    ],
  },
  { name: 'a missing file', argv: ['x'], code: 2, out: [], err: [/^yurtlb validate: x: no such file$/] },
  { name: 'a directory', argv: ['d'], files: { d: fault('EISDIR') }, code: 2, out: [], err: [/d: is a directory/] },
  { name: 'no permission', argv: ['d'], files: { d: fault('EACCES') }, code: 2, out: [], err: [/d: may not be read/] },
  {
    name: 'a fault of the disk',
    argv: ['d'],
    files: { d: fault('EIO') },
    code: 2,
    out: [],
    err: [/d: cannot be read: EIO/],
  },
  {
    name: 'a missing file beside a bad one',
    argv: ['x', '-'],
    input: '[]',
    code: 2,
    out: ['<stdin>:1:1 the configuration is a list, not a mapping (Write keys and values: address-pools.)'],
    err: [/x: no such file/],
  },
  {
    name: 'bytes that are no text',
    argv: ['b'],
    files: { b: new Uint8Array([0x7f, 0x45, 0xff, 0xfe]) },
    code: 1,
    out: ['b:1:1 is not UTF-8 text (Save the file as UTF-8.)'],
  },
  {
    name: 'binary that is UTF-8',
    argv: ['b'],
    files: { b: new Uint8Array([0x61, 0]) },
    code: 1,
    out: ['b:1:2 holds the control character U+0000 (Save the file as plain UTF-8 text.)'],
  },
  { name: 'no file', argv: [], code: 2, out: [], err: [/^yurtlb: validate wants a FILE\. Name files, or - for/] },
  { name: '- twice', argv: ['-', '-'], code: 2, out: [], err: [/- is given twice/] },
  {
    name: 'an unknown option',
    argv: ['--hepl'],
    code: 2,
    out: [],
    err: [/unknown option --hepl\. Did you mean "--help"\?/],
  },
  {
    name: 'a file named like an option',
    argv: ['--', '--help'],
    files: { '--help': METALLB },
    code: 0,
    out: ['ok: 2 pools, 31 addresses'],
  },
];

describe('yurtlb validate', () => {
  for (const { name, argv, files, input, code, out, err = [] } of cases) {
    it(name, async () => {
      const terminal = new FakeTerminal(files, input);
      assert.equal(await main(['validate', ...argv], terminal), code);
      assert.deepEqual(terminal.printed, out);
      assert.equal(terminal.complained.length, err.length, terminal.complained.join('\n'));
      for (const [index, words] of err.entries()) assert.match(terminal.complained[index] ?? '', words);
    });
  }
});

/** What `docs/migrate-from-metallb.md` changes of MetalLB's ConfigMap: the namespace, and the label. */
function moved(file: string): string {
  const text = readFileSync(new URL(`../../fixtures/metallb/${file}`, import.meta.url), 'utf8');
  const label = '  labels: { apps.openyurt.io/nodepool: hangzhou }';
  return text.replace('  namespace: metallb-system', `  namespace: yurtlb-system\n${label}`);
}

describe("yurtlb validate, MetalLB's ConfigMaps as its documentation of v0.8 to v0.12 has them", () => {
  const good: Record<string, string> = {
    'layer2.yaml': 'ok: 1 pool, 11 addresses',
    'layer2-prefix.yaml': 'ok: 1 pool, 16 addresses',
    'layer2-auto-assign.yaml': 'ok: 2 pools, 4100 addresses',
    'layer2-buggy-networks.yaml': 'ok: 1 pool, 2 addresses',
    'layer2-ipv6.yaml': 'ok: 2 pools, 292 addresses',
    'layer2-all-keys.yaml': 'ok: 1 pool, 305 addresses',
    'site.yaml': 'ok: 2 pools, 31 addresses',
  };
  for (const [file, out] of Object.entries(good)) {
    it(`${file} is good`, async () => {
      const terminal = new FakeTerminal({ [file]: moved(file) });
      assert.equal(await main(['validate', file], terminal), 0);
      assert.deepEqual([terminal.printed, terminal.complained], [[out], []]);
    });
  }

  const layer2 = 'Use protocol layer2';
  const refused: Record<string, string[]> = {
    'bgp.yaml': [
      `10:5 BGP is not supported by this version (${layer2} in every address pool and remove peers.)`,
      '16:17 BGP is not supported by this version (Use protocol: layer2.)',
    ],
    'bgp-peers.yaml': [
      `10:5 BGP is not supported by this version (${layer2} in every address pool and remove peers.)`,
      `23:5 BGP is not supported by this version (${layer2} in every address pool and remove bfd-profiles.)`,
    ],
    'bgp-advertisements.yaml': [
      `10:5 BGP is not supported by this version (${layer2} in every address pool and remove peers.)`,
      '16:17 BGP is not supported by this version (Use protocol: layer2.)',
      `19:7 BGP is not supported by this version (${layer2} and remove bgp-advertisements.)`,
      `25:5 BGP is not supported by this version (${layer2} in every address pool and remove bgp-communities.)`,
    ],
  };
  for (const [file, lines] of Object.entries(refused)) {
    it(`${file} is refused, and where`, async () => {
      const terminal = new FakeTerminal({ [file]: moved(file) });
      assert.equal(await main(['validate', file], terminal), 1);
      assert.deepEqual(
        terminal.printed,
        lines.map((line) => `${file}:${line}`),
      );
    });
  }

  it('without the label it is said', async () => {
    const terminal = new FakeTerminal({ f: moved('layer2.yaml').replace(/ +labels:.*\n/, '') });
    assert.equal(await main(['validate', 'f'], terminal), 1);
    assert.match(terminal.printed.join('\n'), /ConfigMap "config" has no label apps\.openyurt\.io\/nodepool/);
  });
});
