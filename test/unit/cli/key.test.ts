import { strict as assert } from 'node:assert';
import { compareNatural } from '@openyurt/nodepool-types';
import { parse } from 'yaml';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import { FakeTerminal } from './fake-terminal.ts';

async function run(argv: string[], input = '', now?: number) {
  const terminal = new FakeTerminal({}, input, now);
  const code = await main(['key', ...argv], terminal);
  return { code, text: terminal.printed.join('\n'), complaint: terminal.complained.join('\n') };
}

/** What the speaker finds in the mounted directory: key id → text of the file. */
const mounted = (text: string): [string, string][] =>
  Object.entries(parse(text).data as Record<string, string>).map(([id, value]) => [
    id,
    Buffer.from(value, 'base64').toString(),
  ]);

describe('yurtlb key', () => {
  it('prints a Secret whose file is 32 bytes in base64', async () => {
    const { code, text } = await run([]);
    const { data, metadata, ...rest } = parse(text);
    assert.deepEqual([code, rest], [0, { apiVersion: 'v1', kind: 'Secret', type: 'Opaque' }]);
    assert.deepEqual([metadata.name, metadata.namespace], ['yurtlb-pool-key', 'yurtlb-system']);
    assert.deepEqual(Object.keys(data), ['k20261121-130455-042']);
    const [[, file = ''] = []] = mounted(text);
    assert.match(file, /^[A-Za-z0-9+/]{43}=$/);
    assert.equal(Buffer.from(file, 'base64').length, 32);
  });

  it('takes a namespace and an id', async () => {
    const { text } = await run(['--namespace', 'edge', '--id=k1']);
    const { data, metadata } = parse(text);
    assert.deepEqual([metadata.namespace, Object.keys(data)], ['edge', ['k1']]);
  });

  it('rotates to two keys, then drops the oldest; the newest sorts last', async () => {
    const first = await run([], '', Date.UTC(2026, 0, 1));
    const second = await run(['--rotate'], first.text, Date.UTC(2026, 0, 2));
    const third = await run(['--rotate'], second.text, Date.UTC(2026, 0, 3));
    assert.deepEqual(
      [first, second, third].map(({ code }) => code),
      [0, 0, 0],
    );
    const ids = mounted(third.text).map(([id]) => id);
    assert.deepEqual(
      ids.map((id) => id.slice(0, 9)),
      ['k20260102', 'k20260103'],
    );
    assert.deepEqual([...ids].sort(compareNatural), ids);
    assert.deepEqual(mounted(third.text)[0], mounted(second.text)[1]);
  });

  it('keeps name and namespace, and reads JSON', async () => {
    const secret = {
      kind: 'Secret',
      metadata: { name: 'other', namespace: 'edge' },
      data: parse((await run(['--id=k1'])).text).data,
    };
    const { text } = await run(['--rotate', '--id=k2'], JSON.stringify(secret));
    assert.deepEqual([parse(text).metadata.name, parse(text).metadata.namespace], ['other', 'edge']);
    assert.deepEqual(
      mounted(text).map(([id]) => id),
      ['k1', 'k2'],
    );
  });

  const secret = (data: string) => `kind: Secret\nmetadata: {name: a, namespace: b}\n${data}`;
  const refused: [string, string[], string, number, RegExp][] = [
    ['an argument', ['x'], '', 2, /takes no argument "x"/],
    ['a bad id', ['--id=a/b'], '', 2, /"a\/b" is no key id/],
    ['an id without a value', ['--id'], '', 2, /option --id has no value\. Write --id=VALUE/],
    ['a bad namespace', ['--namespace=A'], '', 2, /"A" is no namespace/],
    ['a flag with a value', ['--rotate=yes'], '', 2, /--rotate takes no value/],
    ['an option twice', ['--id=a', '--id=b'], '', 2, /--id is given twice/],
    ['a misspelt option', ['--rotat'], '', 2, /Did you mean "--rotate"/],
    ['a namespace beside --rotate', ['--rotate', '--namespace=a'], '', 2, /exclude each other/],
    ['no input', ['--rotate'], '', 1, /standard input holds no Secret\. Pipe in: kubectl/],
    ['another kind', ['--rotate'], 'kind: ConfigMap', 1, /no Secret/],
    ['a Secret without a name', ['--rotate'], 'kind: Secret', 1, /no name or namespace/],
    ['a Secret without keys', ['--rotate'], secret('data: {}'), 1, /holds no key/],
    ['a key that is no key', ['--rotate'], secret('data: {k1: aGVsbG8=}'), 1, /key k1 is not 32 bytes in base64/],
  ];
  for (const [name, argv, input, code, words] of refused) {
    it(`refuses ${name}`, async () => {
      const answer = await run(argv, input);
      assert.deepEqual([answer.code, answer.text], [code, '']);
      assert.match(answer.complaint, words);
    });
  }

  it('refuses an id that would not be the newest', async () => {
    const { text } = await run(['--id=k10']);
    const answer = await run(['--rotate', '--id=k9'], text);
    assert.equal(answer.code, 2);
    assert.match(answer.complaint, /key id k9 would not be the newest: k10 sorts after it\. Choose/);
    assert.equal((await run(['--rotate', '--id=k10'], text)).code, 2);
  });
});
