import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { LbError } from '@openyurt/nodepool-types';
import { SpeakerMetrics } from '../../../edge-speaker/src/observe/metrics.ts';
import { PROBE_OUTCOMES } from '../../../edge-speaker/src/offline/endpoint-probe.ts';
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

  it('the local API is on loopback, elsewhere on loopback, or off', () => {
    const cases: [string[], unknown][] = [
      [[], { host: '127.0.0.1', port: 10371 }],
      [['--local-api-address=[::1]:80'], { host: '::1', port: 80 }],
      [['--local-api-address=off'], undefined],
    ];
    for (const [argv, want] of cases) {
      const options = parseOptions(argv, { NODE_NAME: 'a' });
      assert.ok(options !== 'help');
      assert.deepEqual(options.localApiAddress, want);
    }
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
    {
      name: 'a local API that others could reach',
      argv: ['--local-api-address=0.0.0.0:10371'],
      says: /no loopback address/,
      remedy: /127\.0\.0\.1:10371, or off/,
    },
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

  const typed = async (): Promise<(readonly [name: string, type: string])[]> => {
    const figures = {
      ...{
        offers: 0,
        announced: [],
        notOffered: new Map(),
        members: new Map(),
        standing: undefined,
        cloudLink: 'connected' as const,
      },
      ...{ contactAgeSeconds: undefined, cacheAgeSeconds: undefined, cacheBytes: 0, cacheGeneration: 0 },
      ...{ unvouchedSeconds: new Map(), staleOffers: 0, staleEndpoints: 0, watchedEndpoints: 0 },
      ...{ cacheDamaged: 0, cacheFailures: 0, cacheWrites: 0, cacheWrittenBytes: 0, cacheStuck: false },
    };
    const text = await new SpeakerMetrics('0', () => figures).page();
    return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type] as const);
  };

  it('list every metric, and no other', async () => {
    const known = (await typed()).map((line) => line.join(' '));
    const listed = [...page('metrics-speaker').matchAll(/^\| `(\w+)` \| (\w+)/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    assert.deepEqual(listed.sort(), known.sort());
  });

  it('name no metric that is not there, in alerts neither', async () => {
    const known = new Set((await typed()).map(([name]) => name));
    const docs = new URL('../../../docs/', import.meta.url);
    const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
    const named = pages.flatMap((name) =>
      [...readFileSync(new URL(name, docs), 'utf8').matchAll(/\byurtlb_speaker_\w+/g)].map(([metric]) => metric),
    );
    const wrong = named.filter((metric) => !known.has(metric.replace(/_(?:bucket|sum|count)$/, '')));
    assert.deepEqual([named.length > 20, wrong], [true, []]);
  });

  it('name every value of a label whose values are few', () => {
    const source = readFileSync(new URL('../../../edge-speaker/src/candidates/offers.ts', import.meta.url), 'utf8');
    const notOffered = /export type NotOffered = ([^;]+);/.exec(source)?.[1]?.match(/[a-z-]+(?=')/g) ?? [];
    assert.ok(notOffered.length > 3);
    const values: Record<string, readonly string[]> = {
      not_offered: notOffered,
      endpoint_probes_total: PROBE_OUTCOMES,
      cloud_link: ['connected', 'doubtful', 'offline'],
      standing: ['ready', 'young', 'draining', 'minority'],
    };
    for (const [name, wanted] of Object.entries(values)) {
      const row = new RegExp(`^\\| \`yurtlb_speaker_${name}\`.*$`, 'm').exec(page('metrics-speaker'))?.[0] ?? '';
      assert.deepEqual(
        wanted.filter((value) => !row.includes(`\`${value}\``)),
        [],
        name,
      );
    }
  });
});
