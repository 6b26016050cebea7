import { strict as assert } from 'node:assert';
import { readAddressFile } from '@openyurt/nodepool-types';

const LABEL = 'apps.openyurt.io/nodepool';
const CONFIG = ['address-pools:', '- name: a', '  protocol: layer2', '  addresses: [10.0.0.1-10.0.0.9]'];

/** A ConfigMap whose `config` is a literal block of these lines. */
const manifest = (lines: readonly string[], label = `labels: {${LABEL}: hangzhou}`) =>
  [
    'kind: ConfigMap',
    'apiVersion: v1',
    `metadata: {name: m, ${label}}`,
    'data:',
    '  config: |',
    ...lines.map((line) => `    ${line}`),
  ].join('\n');

const places = (text: string) =>
  readAddressFile(text).problems.map(({ line, col, problem }) => `${line}:${col} ${problem}`);

describe('readAddressFile', () => {
  it('takes the bare text of config', () => {
    const { configs, problems } = readAddressFile(CONFIG.join('\n'));
    assert.deepEqual([configs.map(({ nodePool }) => nodePool), problems], [[undefined], []]);
  });

  it('takes a manifest', () => {
    const { configs, problems, notes } = readAddressFile(manifest(CONFIG));
    assert.deepEqual(
      configs.map(({ nodePool, line }) => [nodePool, line]),
      [['hangzhou', 1]],
    );
    assert.deepEqual([problems, notes], [[], []]);
  });

  it('takes JSON as kubectl prints it, Lists and several documents, and notes what it passes over', () => {
    const object = {
      kind: 'ConfigMap',
      metadata: { name: 'm', labels: { [LABEL]: 'hangzhou' } },
      data: { config: CONFIG.join('\n') },
    };
    const list = JSON.stringify(
      { kind: 'List', apiVersion: 'v1', items: [object, { kind: 'Service', metadata: { name: 's' } }] },
      null,
      2,
    );
    const other = 'kind: ConfigMap\nmetadata: {name: kube-root-ca.crt}\ndata: {ca.crt: x}';
    const { configs, problems, notes } = readAddressFile(
      [list, '', manifest(CONFIG).replace('hangzhou', 'beijing'), other].join('\n---\n'),
    );
    assert.deepEqual(
      configs.map(({ nodePool }) => nodePool),
      ['hangzhou', 'beijing'],
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      notes.map(({ problem }) => problem),
      ['skipped Service "s"', `skipped ConfigMap "kube-root-ca.crt": it has no label ${LABEL}`],
    );
  });

  const bad: [string, string, string[]][] = [
    [
      'a problem in a literal block has its place in the file',
      manifest([...CONFIG, '  colour: red']),
      ['10:7 address pool "a" has the unknown key "colour"'],
    ],
    [
      'the same after blank lines and CRLF',
      manifest(['', ...CONFIG, '  colour: red']).replaceAll('\n', '\r\n'),
      ['11:7 address pool "a" has the unknown key "colour"'],
    ],
    [
      'the same with an indentation indicator',
      manifest(CONFIG.map((line) => `  ${line}`))
        .replace('|', '|2')
        .replace('layer2', 'bgp'),
      ['8:19 BGP is not supported by this version'],
    ],
    [
      'a folded or quoted text: the key, and the inner place in words',
      `kind: ConfigMap\nmetadata: {labels: {${LABEL}: a}}\ndata:\n  config: "address-pools: 1"`,
      ['4:3 address-pools is the number 1, not a list (line 1, column 16 of the text of "config")'],
    ],
    ['an unknown key of data', `${manifest(CONFIG)}\n  sit: x`, ['10:3 data has the unknown key "sit"']],
    [
      'a mapping where text should be',
      `kind: ConfigMap\nmetadata: {labels: {${LABEL}: a}}\ndata:\n  config:\n    address-pools: []`,
      ['5:5 data is a mapping where text should be'],
    ],
    ['no data', `kind: ConfigMap\nmetadata: {labels: {${LABEL}: a}}`, ['1:1 the configuration is empty']],
    [
      'no label',
      manifest(CONFIG, 'labels: {}'),
      [`3:11 ConfigMap "m" has no label ${LABEL}, so no NodePool gets its addresses`],
    ],
    ['nothing for us', 'kind: Service\nmetadata: {name: s}', [`1:1 holds no ConfigMap with the label ${LABEL}`]],
    ['a syntax fault', 'kind: ConfigMap\n\tx: 1', ['2:1 Tabs are not allowed as indentation']],
    ['a text between objects', `${manifest(CONFIG)}\n---\nhello`, ['11:1 is the text "hello", not an object']],
  ];
  for (const [name, text, want] of bad) it(name, () => assert.deepEqual(places(text), want));

  it('moves warnings to their place in the file', () => {
    const { warnings } = readAddressFile(
      manifest(CONFIG.map((line) => line.replace('10.0.0.1-10.0.0.9', '10.0.0.1/24'))),
    );
    assert.deepEqual(
      warnings.map(({ line, col }) => [line, col]),
      [[9, 19]],
    );
  });

  it('does not count nesting inside the text of a ConfigMap as nesting of the file, but refuses it there', () => {
    assert.deepEqual(places(manifest(['address-pools: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[['])), ['6:52 nests too deep']);
  });
});
