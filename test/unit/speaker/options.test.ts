import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { LbError } from '@openyurt/nodepool-types';
import { SpeakerMetrics } from '../../../edge-speaker/src/observe/metrics.ts';
import { FLAGS, parseOptions, USAGE } from '../../../edge-speaker/src/options.ts';

const page = (name: string) => readFileSync(new URL(`../../../docs/reference/${name}.md`, import.meta.url), 'utf8');

describe('speaker options', () => {
  it('take the node name from the environment and defaults for the rest', () => {
    const options = parseOptions(['--interfaces', 'eth0, lan*'], { NODE_NAME: 'a' });
    assert.ok(options !== 'help');
    assert.deepEqual(
      [options.nodeName, options.healthAddress, options.sessionPort, options.interfaces, options.cacheDir],
      ['a', { host: '127.0.0.1', port: 10372 }, 10373, ['eth0', 'lan*'], '/var/lib/yurtlb'],
    );
  });

  it('--help is asked for in two ways', () => {
    for (const flag of ['--help', '-h']) assert.equal(parseOptions([flag], {}), 'help');
  });

  const refused: { name: string; argv: string[]; says: RegExp; remedy: RegExp }[] = [
    { name: 'no node name', argv: [], says: /name of this node/, remedy: /NODE_NAME/ },
    {
      name: 'an unknown flag',
      argv: ['--cache-dri=x'],
      says: /no flag --cache-dri/,
      remedy: /Did you mean --cache-dir\?/,
    },
    { name: 'a flag that resembles nothing', argv: ['--zzz=x'], says: /no flag --zzz/, remedy: /--help/ },
    { name: 'a word', argv: ['x'], says: /"x" is no flag/, remedy: /--help/ },
    { name: 'a flag without its value', argv: ['--server'], says: /--server needs a value/, remedy: /--server URL/ },
    { name: 'a server that is no URL', argv: ['--server=here'], says: /"here" is no URL/, remedy: /10261/ },
    { name: 'a port out of range', argv: ['--session-port=70000'], says: /"70000" is no port/, remedy: /65535/ },
    { name: 'an address without a port', argv: ['--health-address=localhost'], says: /HOST:PORT/, remedy: /10372/ },
    { name: 'an unknown level', argv: ['--log-level=loud'], says: /"loud" is unknown/, remedy: /debug, info/ },
  ];
  for (const { name, argv, says, remedy } of refused) {
    it(`refuse ${name}, with a remedy`, () => {
      assert.throws(
        () => parseOptions(name === 'no node name' ? argv : ['--node-name=a', ...argv], {}),
        (error) =>
          error instanceof LbError &&
          error.code === 'LB_BAD_OPTION' &&
          says.test(error.message) &&
          remedy.test(error.remedy),
      );
    });
  }
});

describe('speaker reference pages', () => {
  it('list every flag with its default, and no other', () => {
    const text = page('speaker-flags');
    const listed = [...text.matchAll(/^\| `--([a-z-]+)/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), Object.keys(FLAGS).sort());
    for (const { fallback } of Object.values(FLAGS))
      if (fallback !== undefined) assert.ok(text.includes(`\`${fallback}\``), fallback);
    for (const name of Object.keys(FLAGS)) assert.ok(USAGE.includes(`--${name} `));
  });

  it('list every metric, and no other', async () => {
    const figures = {
      ...{ offers: 0, announced: [], notOffered: new Map(), members: new Map(), cloudLink: 'connected' as const },
      ...{ contactAgeSeconds: undefined, cacheAgeSeconds: undefined, cacheBytes: 0, cacheGeneration: 0 },
      ...{ cacheDamaged: 0, cacheFailures: 0 },
    };
    const metrics = new SpeakerMetrics('0', () => figures);
    const known = [...(await metrics.page()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const listed = [...page('metrics-speaker').matchAll(/^\| `(\w+)` \| (\w+)/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    assert.deepEqual(listed.sort(), known.sort());
  });
});
