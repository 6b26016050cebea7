import { strict as assert } from 'node:assert';
import { LbError } from '@openyurt/nodepool-types';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import { statePage } from '../../../edge-speaker/src/observe/state-page.ts';
import { FakeTerminal } from './fake-terminal.ts';

const URL_OF_STATE = 'http://127.0.0.1:10372/state';
type Inputs = Parameters<typeof statePage>[0];

const address = (given: Partial<Inputs['addresses'][number]>): Inputs['addresses'][number] => ({
  address: '192.168.10.240',
  services: ['default/web'],
  owner: 'edge-1',
  ownerForMs: 754_000,
  known: { from: 'disk', forMs: 1000 },
  offered: true,
  staleEndpoints: false,
  ...given,
});

/** What the speaker of today says: the page is made by its own code. */
function state(change: Partial<Inputs> = {}): string {
  const inputs: Inputs = {
    version: '0.1.0',
    node: 'edge-1',
    nodePool: 'hangzhou',
    standing: { standing: 'ready' },
    cloud: { state: 'offline', sinceMs: 5_000, awayMs: 750_000, contactAgoMs: 754_000, failure: undefined },
    view: [],
    cache: { generation: 1, bytes: 1, ageMs: 1, damaged: 0, failures: 0 },
    addresses: [
      address({ here: { link: 'eth0', state: 'announced', forMs: 754_000 } }),
      address({ address: '192.168.10.241', services: ['shop/a', 'shop/b'], owner: 'edge-2' }),
      address({ address: '192.168.10.9', owner: undefined, ownerForMs: undefined, offered: 'no-endpoints' }),
    ],
    members: [
      {
        ...{ node: 'edge-2', state: 'alive', forMs: 90_000_000, address: '192.168.10.12', offers: 3, claims: 1 },
        ...{ sameConfig: true, standing: 'ready' },
      },
    ],
    ...change,
  };
  return `${JSON.stringify(statePage(inputs), null, 2)}\n`;
}

async function run(argv: string[], pages: Record<string, { status: number; text: string }>) {
  const terminal = new FakeTerminal({}, '', 0, pages);
  const code = await main(['status', ...argv], terminal);
  return { code, out: terminal.printed, err: terminal.complained.join('\n') };
}

describe('yurtlb status', () => {
  it('prints the cloud, the members and the addresses', async () => {
    const { code, out } = await run([], { [URL_OF_STATE]: { status: 200, text: state() } });
    assert.equal(code, 0);
    assert.deepEqual(out, [
      'node edge-1, NodePool hangzhou, ready, yurtlb 0.1.0',
      'cloud: offline for 12m, last answer 12m ago',
      '',
      'MEMBER   STATE   STANDING   SINCE   ADDRESS',
      'edge-2   alive   ready      25h     192.168.10.12',
      '',
      'ADDRESS          SERVICE         OWNER    SINCE    HERE',
      '192.168.10.9     default/web     <none>   <none>   no-endpoints',
      '192.168.10.240   default/web     edge-1   12m      announced on eth0',
      '192.168.10.241   shop/a,shop/b   edge-2   12m      stands by',
    ]);
  });

  it('says what is wrong with an address, in the order of the addresses', async () => {
    const here = { link: 'eth0', state: 'announced', forMs: 1000 };
    const addresses = [
      address({ address: '192.168.10.10', here: { ...here, byMac: '02:00:00:00:00:02' } }),
      address({ address: '192.168.10.9', here: { ...here, state: 'conflicted', byMac: '02:00:00:00:00:09' } }),
      address({ address: '192.168.10.11', owner: 'edge-2', staleEndpoints: true }),
      address({ address: '192.168.10.12', here, staleEndpoints: true }),
      address({
        address: '192.168.10.13',
        offered: 'conflict',
        conflict: {
          kind: 'refused',
          byMac: '02:00:00:00:00:99',
          link: 'eth0',
          forMs: 1,
          lastSeenAgoMs: 1,
          retryInMs: 9,
        },
      }),
      address({
        address: '192.168.10.14',
        here,
        conflict: { kind: 'contested', byMac: '02:00:00:00:00:99', link: 'eth0', forMs: 1, lastSeenAgoMs: 1 },
      }),
    ];
    const { out } = await run([], { [URL_OF_STATE]: { status: 200, text: state({ addresses }) } });
    assert.deepEqual(
      out.slice(-6).map((line) => line.split(/ {3,}/).at(-1)),
      [
        'conflicted on eth0, used by 02:00:00:00:00:09',
        'announced on eth0, also by 02:00:00:00:00:02',
        'stands by, endpoints dead',
        'announced on eth0, endpoints dead',
        'conflict, owned by 02:00:00:00:00:99',
        'announced on eth0, claimed by 02:00:00:00:00:99',
      ],
    );
  });

  it('a member that is not there has no standing, and a young node says when it is ready', async () => {
    const members = (['unknown', 'dead', 'suspect'] as const).map((kind, i) => ({
      ...{ node: `edge-${i + 2}`, state: kind, forMs: 1000, offers: 0, claims: 0, sameConfig: true, standing: 'ready' },
    }));
    const standing = { standing: 'young', readyInMs: 3_400 };
    const { out } = await run([], { [URL_OF_STATE]: { status: 200, text: state({ members, standing }) } });
    assert.equal(out[0], 'node edge-1, NodePool hangzhou, young, ready in 3s, yurtlb 0.1.0');
    assert.deepEqual(out.slice(4, 7), [
      'edge-2   unknown   <none>     1s      <none>',
      'edge-3   dead      <none>     1s      <none>',
      'edge-4   suspect   ready      1s      <none>',
    ]);
  });

  it('nothing known is told from nothing there, and a start without the cloud from a doubt', async () => {
    const services = { resource: 'services', facts: 0, origins: {}, vouchedAgoMs: undefined };
    const cloud = { state: 'doubtful', sinceMs: 500, awayMs: 150_000, contactAgoMs: undefined, failure: undefined };
    const text = state({ addresses: [], view: [services], cloud });
    const { out } = await run([], { [URL_OF_STATE]: { status: 200, text } });
    assert.equal(out[1], 'cloud: doubtful, away for 2m30s, no answer yet');
    assert.equal(out.at(-1), 'no addresses known: the cloud has not answered yet, and the cache is empty');
  });

  it('says why the cloud is away, and what is not there', async () => {
    const failure = { error: new LbError('LB_API_UNREACHABLE', 'no route', 'See that the uplink is up.'), agoMs: 1 };
    const cloud = { state: 'doubtful', sinceMs: 0, awayMs: undefined, contactAgoMs: undefined, failure };
    const text = state({ cloud, nodePool: undefined, members: [], addresses: [] });
    const { out } = await run([], { [URL_OF_STATE]: { status: 200, text } });
    assert.deepEqual(out, [
      'node edge-1, in no NodePool (label the Node apps.openyurt.io/nodepool), yurtlb 0.1.0',
      'cloud: doubtful for 0s, no answer yet',
      '  no route',
      '  See that the uplink is up.',
      '',
      'no other members known',
      '',
      'no addresses',
    ]);
  });

  it('-o json prints the page as it is', async () => {
    const text = state();
    const pages = { 'http://127.0.0.1:9999/state': { status: 200, text } };
    const { out } = await run(['--server=http://127.0.0.1:9999', '-o', 'json'], pages);
    assert.deepEqual(out, [text.trimEnd()]);
  });

  const failures: {
    name: string;
    argv?: string[];
    page?: { status: number; text: string };
    code: number;
    err: RegExp;
  }[] = [
    {
      name: 'nobody listens',
      code: 1,
      err: /^yurtlb: no speaker answers at http:\S+\/state: nothing listens there\. Run it on an edge node/,
    },
    {
      name: 'another program listens',
      page: { status: 200, text: '<html>' },
      code: 1,
      err: /is no speaker's state page/,
    },
    { name: 'an error comes', page: { status: 500, text: '' }, code: 1, err: /answers HTTP 500/ },
    { name: 'the server is no URL', argv: ['--server=here'], code: 2, err: /"here" is no URL/ },
    { name: 'the output is unknown', argv: ['-o', 'yaml'], code: 2, err: /no output "yaml"/ },
    { name: 'an argument too many', argv: ['x'], code: 2, err: /takes no argument "x"/ },
  ];
  for (const { name, argv = [], page, code, err } of failures) {
    it(`ends ${code} where ${name}`, async () => {
      const ended = await run(argv, page === undefined ? {} : { [URL_OF_STATE]: page });
      assert.equal(ended.code, code);
      assert.match(ended.err, err);
    });
  }
});
