import { strict as assert } from 'node:assert';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LbError } from '@openyurt/nodepool-types';
import { CloudSite, type Way } from './cloud-site.ts';
import type { EdgeNode } from './edge-node.ts';

interface Fault {
  readonly name: string;
  readonly inflict: (site: CloudSite) => Promise<void> | void;
  /** The hub notices, and then says so. */
  readonly hubNotices?: boolean;
  /** What the line for people says, straight. */
  readonly says: RegExp;
  readonly remedy: RegExp;
}

const json = { 'Content-Type': 'application/json' };
const always = (answer: (response: ServerResponse, request: IncomingMessage) => void) => (site: CloudSite) =>
  site.odd.turn((request, response) => {
    answer(response, request);
    return true;
  });
/** One byte now and then, for ever. */
function drip(response: ServerResponse): void {
  response.writeHead(200, json);
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
}
/** 13 MB a second, for ever. */
function flood(response: ServerResponse): void {
  response.writeHead(200, json);
  const piece = Buffer.alloc(64 * 1024, 0x20);
  const timer = setInterval(() => response.write(piece), 5);
  response.on('close', () => clearInterval(timer));
}

const faults: Fault[] = [
  {
    name: 'a black hole',
    inflict: ({ road }) => road.blackHole(),
    says: /no answer within/,
    remedy: /link to the cloud/,
    hubNotices: true,
  },
  { name: 'resets', hubNotices: true, inflict: ({ road }) => road.resets(), says: /hung up/, remedy: /log of/ },
  {
    name: 'nothing listens',
    hubNotices: true,
    inflict: ({ road }) => road.refuses(),
    says: /nothing listens/,
    remedy: /runs/,
  },
  {
    name: '5 s of latency',
    hubNotices: true,
    inflict: ({ road }) => road.delays(5_000 / 2 / 8),
    says: /no answer within/,
    remedy: /link to the cloud/,
  },
  {
    name: 'answers of 500',
    inflict: always((response) => response.writeHead(500, json).end('{"message":"etcd is away"}')),
    says: /HTTP 500: etcd is away/,
    remedy: /asked again/,
  },
  {
    name: 'answers of 401',
    inflict: always((response) => response.writeHead(401, json).end('{"message":"Unauthorized"}')),
    says: /HTTP 401: Unauthorized/,
    remedy: /token/,
  },
  {
    name: 'truncated answers',
    inflict: always((response) => {
      response.writeHead(200, { ...json, 'Content-Length': 1000 });
      response.write('{"kind":"List","items":[', () => response.destroy());
    }),
    says: /hung up|aborted/,
    remedy: /log of|link/,
  },
  {
    name: 'a portal with pages',
    inflict: always((response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Please sign in</html>'),
    ),
    says: /HTTP 200: <html>Please/,
    remedy: /Kubernetes API/,
  },
  { name: 'bodies without end', inflict: always(flood), says: /larger than 65536 bytes/, remedy: /link/ },
  { name: 'bodies that drip', inflict: always(drip), says: /not whole after|no answer/, remedy: /link/ },
];

for (const way of ['straight', 'through a YurtHub'] satisfies Way[]) {
  describe(`the cloud link ${way}: faults`, function () {
    this.timeout(60_000);
    let site: CloudSite;
    let node: EdgeNode;

    beforeEach(async () => {
      site = await CloudSite.start(way);
      node = await site.node();
    });
    afterEach(() => site.stop());

    // What the far end answers reaches the speaker through a hub as it does straight; silence does not.
    const met = way === 'straight' ? faults : faults.filter(({ hubNotices }) => hubNotices);
    for (const { name, inflict, hubNotices, says, remedy } of met) {
      it(`${name}: doubtful, offline, and back`, async () => {
        const before = node.offered;
        const cutMs = performance.now();
        const isSure = node.link === 'connected';
        const linesBefore = node.lines.length;
        await inflict(site);
        await node.comesTo('offline', cutMs);
        if (hubNotices && site.hub !== undefined) {
          await site.hub.until('offline');
          await node.until('the hub says so', () =>
            /YurtHub says/.test(node.speaker.cloud.failure?.error.remedy ?? ''),
          );
        }
        await site.changeMeanwhile();
        const states = node.turns.filter(({ atMs }) => atMs >= cutMs).map(({ state }) => state);
        if (way === 'straight' && isSure) assert.deepEqual(states, ['doubtful', 'offline']);
        assert.equal(states.at(-1), 'offline');
        assert.deepEqual(node.offered, before, 'an error takes nothing away');
        const lines = node.lines.slice(linesBefore);
        assert.ok(lines.length <= 8, `no spam: ${JSON.stringify(lines)}`);
        if (way === 'straight') sayOnce(lines, says, remedy);
        const healedMs = performance.now();
        const offersBefore = node.offers.length;
        site.odd.turnQuietly(() => false);
        await site.road.heal();
        await node.comesTo('connected', healedMs);
        await node.until('the view equals the cloud', () => String(node.services) === String(site.services));
        await node.until('it offers what the cloud gives', () => node.offered.length === site.services.length);
        if (way === 'straight')
          assert.deepEqual(steps(before, node.offers.slice(offersBefore)), [
            ['192.168.1.1', '192.168.1.2', '192.168.1.4'],
          ]);
      });
    }
  });
}

function sayOnce(lines: EdgeNode['lines'], says: RegExp, remedy: RegExp): void {
  const errors = lines.flatMap(({ err }) => (err === undefined ? [] : [err]));
  const said = errors.find(({ message }) => says.test(message)) as LbError | undefined;
  assert.ok(said !== undefined, `says ${says}: ${errors.map(({ message }) => message).join('\n')}`);
  assert.match(said.remedy, remedy);
  assert.match(said.message, /http:\/\/127\.0\.0\.1:\d+\//, 'it names where');
}

/** Offers that differ from those before them, each sorted. */
function steps(before: readonly string[], offers: readonly (readonly string[])[]): string[][] {
  let last = String([...before].sort());
  const out: string[][] = [];
  for (const offer of offers) {
    const sorted = [...offer].sort();
    if (String(sorted) !== last) out.push(sorted);
    last = String(sorted);
  }
  return out;
}
