import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import { readManifests } from '../../../cloud-controller/src/cli/manifests/manifest-file.ts';
import { systemTerminal } from '../../../cloud-controller/src/cli/terminal.ts';
import { clusterOf } from './fake-cluster.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { nodePool, service } from './plan-objects.ts';

const OURS = 'service.openyurt.io/';
const SERVICE =
  'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n';
const changed = (from: string, to: string) => SERVICE.replace(from, to);

interface Row {
  readonly name: string;
  readonly text: string;
  readonly want: readonly (string | RegExp)[];
}

/** What is wrong, and where. */
const faults: Row[] = [
  { name: 'no YAML', text: 'a: [1\nb: }', want: [/^f:2:1 \(document 1\) /, /^f:2:4 \(document 1\) .*"}"/] },
  {
    name: 'no YAML in the second document',
    text: `${SERVICE}---\na: {b\n`,
    want: [/^f:\d+:\d+ \(document 2\) /],
  },
  { name: 'nothing', text: '# only words\n', want: ['f (document 1) holds no object (Write manifests into it.)'] },
  {
    name: 'text',
    text: 'hello',
    want: ['f:1:1 (document 1) is text, not an object (Write manifests as kubectl takes them.)'],
  },
  {
    name: 'the text of an address configuration',
    text: 'address-pools: []',
    want: [/^f:1:1 \(document 1\) is the text of an address configuration alone \(Put it into a ConfigMap/],
  },
  { name: 'no apiVersion', text: 'kind: Service', want: [/^f:1:1 \(document 1\) has no apiVersion and kind/] },
  {
    name: 'no name',
    text: changed('{name: web}', '{generateName: web-}'),
    want: ['f:3:11 (document 1) Service: metadata.name is missing (Add it.)'],
  },
  {
    name: 'a truth value in an annotation',
    text: changed('name: web', `name: web, annotations: {${OURS}adopt: true}`),
    want: [
      'f:3:64 (document 1) Service web: metadata.annotations["service.openyurt.io/adopt"] is a truth value where text should be (Put it in quotes.)',
    ],
  },
  {
    name: 'all at once, in a List',
    text: stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [service('shop/fine'), service('shop/bad', {}, { ports: [{ port: 70_000, protocol: 'tcp' }] }), 'text'],
    }),
    want: [
      /^f:\d+:\d+ \(document 1, item 2\) Service bad: spec\.ports\[0\]\.port 70000 is no port \(Write 1 to 65535\.\)/,
      /^f:\d+:\d+ \(document 1, item 2\) Service bad: spec\.ports\[0\]\.protocol "tcp" is none of TCP, UDP, SCTP/,
      /^f:\d+:\d+ \(document 1, item 3\) is text, not an object \(Remove it\.\)/,
    ],
  },
  {
    name: 'JSON says the item',
    text: JSON.stringify({ apiVersion: 'v1', kind: 'ServiceList', items: [{ metadata: { name: 'web', labels: [] } }] }),
    want: [
      'f (document 1, item 1) Service web: metadata.labels is a list where a mapping should be (Write "key: value" lines below it.)',
    ],
  },
  {
    name: 'a key twice',
    text: changed('{name: web}', '\n  name: web\n  labels: {a: b}\n  labels: {c: d}'),
    want: ['f:6:3 (document 1) the key "labels" stands twice in one mapping (Remove one.)'],
  },
  {
    name: 'a port in quotes, a list that is none',
    text: changed('[{port: 80}]', '{port: "80"}'),
    want: [
      'f:4:35 (document 1) Service web: spec.ports is a mapping where a list should be (Begin each entry with "- ".)',
    ],
  },
];

/** What only the whole says: what the API server would refuse of an object or a change. */
const refusals: { name: string; text: string; argv?: string[]; want: RegExp }[] = [
  { name: 'no ports', text: changed(', ports: [{port: 80}]', ''), want: /Service default\/web has no spec\.ports/ },
  {
    name: 'another class',
    text: stringify(service('shop/there', {}, { loadBalancerClass: 'example.com/lb' })),
    argv: ['--cluster'],
    want: /Service shop\/there changes spec\.loadBalancerClass from service\.openyurt\.io\/vip to example\.com\/lb/,
  },
  {
    name: 'two families where there is one',
    text: stringify(service('shop/new', {}, { ipFamilyPolicy: 'RequireDualStack' })),
    argv: ['--cluster'],
    want: /Service shop\/new is RequireDualStack, and the Services of this cluster are IPv4 alone/,
  },
  {
    name: 'a family that is not there',
    text: stringify(service('shop/new', {}, { ipFamilies: ['IPv6'] })),
    argv: ['--cluster'],
    want: /Service shop\/new asks for IPv6, and the Services of this cluster are IPv4/,
  },
];

const usage: { argv: string[]; want: RegExp }[] = [
  { argv: [], want: /plan wants files or a cluster\. Name files with -f FILE, or write --cluster/ },
  { argv: ['pools.yaml'], want: /plan takes no argument "pools\.yaml"\. Write -f pools\.yaml for a file\./ },
  { argv: ['-f'], want: /option -f has no value\. Write -f VALUE\./ },
  { argv: ['-f='], want: /option -f has no value/ },
  { argv: ['--filename', 'a', '-n'], want: /option -n has no value/ },
  { argv: ['-f', '-', '-f', '-'], want: /-f - is given twice/ },
  { argv: ['-f', 'a', '-o', 'yaml'], want: /there is no output "yaml"/ },
  { argv: ['-f', 'a', '--loadbalancerset', 'offf'], want: /"offf" is no mode\. Did you mean "off"\?/ },
  { argv: ['-f', 'a', '--classles'], want: /Did you mean "--classless"\?/ },
  { argv: ['-f', 'a', '--all', '--all'], want: /option --all is given twice/ },
];

describe('yurtlb plan, bad input', () => {
  for (const { name, text, want } of faults) {
    it(name, async () => {
      const terminal = new FakeTerminal({ f: text });
      assert.equal(await main(['plan', '-f', 'f'], terminal), 1);
      const last = terminal.complained.pop();
      assert.equal(last, 'yurtlb plan: nothing was planned, since the API server would refuse this input');
      assert.equal(terminal.complained.length, want.length, terminal.complained.join('\n'));
      for (const [i, one] of want.entries()) {
        if (typeof one === 'string') assert.equal(terminal.complained[i], one);
        else assert.match(terminal.complained[i] ?? '', one);
      }
      assert.deepEqual(terminal.printed, []);
    });
  }

  const single = clusterOf([{ ...service('shop/there'), status: {} } as ReturnType<typeof service>]);
  for (const { name, text, argv = [], want } of refusals) {
    it(`refused: ${name}`, async () => {
      const cluster = { ...single, serviceFamilies: async () => ['IPv4' as const] };
      const terminal = new FakeTerminal({ f: text }, '', undefined, {}, cluster);
      assert.equal(await main(['plan', '-f', 'f', ...argv], terminal), 1);
      assert.match(terminal.complained[0] ?? '', want);
      assert.match(terminal.complained[0] ?? '', /^f:1:1 \(document 1\) /);
      assert.deepEqual(terminal.printed, []);
    });
  }

  for (const { argv, want } of usage) {
    it(`wrong usage: plan ${argv.join(' ')}`, async () => {
      const terminal = new FakeTerminal({ a: SERVICE });
      assert.equal(await main(['plan', ...argv], terminal), 2);
      assert.match(terminal.complained.join('\n'), want);
    });
  }

  it('files that cannot be read are all named, and nothing is planned', async () => {
    const denied = Object.assign(new Error('no'), { code: 'EACCES' });
    const terminal = new FakeTerminal({ a: SERVICE, secret: denied, 'odd/readme.txt': '', latin: Buffer.from([0xff]) });
    const folder = terminal.folder.bind(terminal);
    terminal.folder = (path) => (path === 'locked' ? Promise.reject(denied) : folder(path));
    const argv = ['a', 'secret', 'gone', 'odd', 'latin', 'locked'].flatMap((path) => ['-f', path]);
    assert.equal(await main(['plan', ...argv], terminal), 2);
    assert.deepEqual(terminal.complained, [
      'yurtlb plan: secret: may not be read by this user',
      'yurtlb plan: gone: no such file',
      'yurtlb plan: odd: the folder holds no .yaml, .yml or .json file',
      'yurtlb plan: latin: is not UTF-8 text',
      'yurtlb plan: locked: may not be read by this user',
    ]);
    assert.deepEqual(terminal.printed, []);
  });

  it('reads a folder by name, not what lies below, and standard input', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'yurtlb-plan-'));
    try {
      writeFileSync(join(dir, '2.yml'), SERVICE);
      writeFileSync(join(dir, '1.json'), JSON.stringify(nodePool('hangzhou')));
      writeFileSync(join(dir, 'notes.txt'), 'no manifest');
      writeFileSync(join(dir, '3.yaml'), '# {{ if }} left it empty\n');
      mkdirSync(join(dir, 'old.yaml'));
      const terminal = new FakeTerminal({}, '# nothing\n');
      const real = Object.assign(terminal, { folder: systemTerminal.folder, readFile: systemTerminal.readFile });
      assert.equal(await main(['plan', '--classless', '-f', `${dir}/`], real), 1);
      assert.deepEqual(terminal.complained, [
        `read from ${dir}/1.json: NodePool 1`,
        `read from ${dir}/2.yml: Service 1`,
        `read from ${dir}/3.yaml: nothing that the controller reads`,
      ]);
      assert.equal(await main(['plan', '-f', '-'], terminal), 1);
      assert.match(terminal.complained.join('\n'), /<stdin> \(document 1\) holds no object/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('never throws, whatever a file holds', () => {
    const anything = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'{}[]:,-\n "&*!a1|>#%'), maxLength: 60 }),
      fc.json({ maxDepth: 5 }),
      fc
        .object({ key: fc.constantFrom('kind', 'apiVersion', 'metadata', 'spec', 'ports', 'items', 'name') })
        .map((one) => stringify(one)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const { faults: found, manifests } = readManifests('f', text);
        for (const { problem, remedy } of found) assert.ok(problem !== '' && remedy !== '');
        for (const { object } of manifests) assert.equal(typeof object.metadata.name, 'string');
      }),
      { numRuns: 150 },
    );
  });
});
