import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ConfigMapObject, decodeNodeReport, type NodeReport } from '@openyurt/nodepool-types';
import { ApiClient } from '../../../edge-speaker/src/kube/api-client.ts';
import { ReportWriter } from '../../../edge-speaker/src/kube/report-writer.ts';
import type { NodeWord } from '../../../edge-speaker/src/ports/report-sink.ts';
import { ApiServer } from '../../support/api-server/api-server.ts';

const AT = '2026-11-21T18:52:47.250Z';
const PATH = '/api/v1/namespaces/yurtlb-reports/configmaps';

const report: NodeReport = {
  ...{ version: 1, node: 'a', nodePool: 'p', writtenAt: AT, cloud: { state: 'connected', since: AT } },
  ...{ announced: [{ address: '192.168.1.1', since: AT }], conflicts: [] },
};
const word: NodeWord = { nodeName: 'a', nodeUid: 'n-1', report };

function writerTo(url: string): ReportWriter {
  const road = async () => ({
    base: new URL(url),
    credentials: async () => ({ headers: {}, tls: {} }),
    forget() {},
  });
  return new ReportWriter(new ApiClient(road, { deadlineMs: 2_000 }), '1.2.3');
}

describe('the report as the API takes it', () => {
  let server: ApiServer;

  beforeEach(async () => {
    server = await ApiServer.start({});
  });
  afterEach(() => server.stop());

  const post = (path: string, body: object) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const makeNamespace = () => post('/api/v1/namespaces', { metadata: { name: 'yurtlb-reports' } });
  const read = async () => (await (await fetch(`${server.url}${PATH}/a`)).json()) as ConfigMapObject;

  it('is made, owned by its Node, then changed in place', async () => {
    await makeNamespace();
    const writer = writerTo(server.url);
    assert.deepEqual(await writer.write(word), { kind: 'taken' });
    const made = await read();
    assert.deepEqual(decodeNodeReport(made), { ok: true, report });
    const [owner] = made.metadata.ownerReferences ?? [];
    assert.deepEqual([owner?.kind, owner?.name, owner?.uid], ['Node', 'a', 'n-1']);
    const moved: NodeReport = { ...report, nodePool: 'q', announced: [] };
    assert.deepEqual(await writer.write({ nodeName: 'a', nodeUid: 'n-2', report: moved }), { kind: 'taken' });
    const changed = await read();
    assert.deepEqual(decodeNodeReport(changed), { ok: true, report: moved });
    assert.deepEqual([changed.metadata.uid, changed.metadata.ownerReferences?.[0]?.uid], [made.metadata.uid, 'n-2']);
  });

  it('takes everything back where the node has left its NodePool, and makes nothing for that', async () => {
    await makeNamespace();
    const writer = writerTo(server.url);
    assert.deepEqual(await writer.write({ nodeName: 'a', report: undefined }), { kind: 'taken' });
    assert.equal((await fetch(`${server.url}${PATH}/a`)).status, 404);
    await writer.write(word);
    assert.deepEqual(await writer.write({ nodeName: 'a', report: undefined }), { kind: 'taken' });
    const { data, metadata } = await read();
    assert.deepEqual([data ?? {}, metadata.labels ?? {}], [{}, {}]);
  });

  it('is refused where the namespace is missing, with what to apply', async () => {
    const outcome = await writerTo(server.url).write(word);
    assert.equal(outcome.kind, 'refused');
    assert.match(
      outcome.kind === 'refused' ? outcome.error.remedy : '',
      /Apply manifests\/: the namespace yurtlb-reports/,
    );
  });
});

/** What a server that is no API server may say; each answer is taken once, the last for ever. */
type Say = (request: IncomingMessage, body: string) => { status: number; body?: unknown };

describe('answers to a report that do not count', () => {
  let server: Server;
  let says: Say[] = [];
  const asked: string[] = [];

  before(async () => {
    server = createServer((request: IncomingMessage, response: ServerResponse) => {
      let body = '';
      request.on('data', (text) => {
        body += text;
      });
      request.on('end', () => {
        asked.push(`${request.method} ${request.headers['content-type']} ${request.headers['user-agent']}`);
        const say = says.length > 1 ? says.shift() : says[0];
        const answer = say?.(request, body) ?? { status: 500 };
        response.writeHead(answer.status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(answer.body ?? { kind: 'Status', message: 'said so' }));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());
  beforeEach(() => asked.splice(0));

  const write = () => writerTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).write(word);
  const echo: Say = (_, body) => ({ status: 201, body: JSON.parse(body) });
  const none: Say = () => ({ status: 404 });
  const stored = { metadata: { name: 'a', uid: 'u', resourceVersion: '7' }, data: { report: '{"version":1}' } };

  const cases: { name: string; says: Say[]; want: string; requests: number }[] = [
    {
      name: 'the hub gives the object of before',
      says: [() => ({ status: 200, body: stored })],
      want: 'failed',
      requests: 1,
    },
    { name: 'the hub gives back what was created', says: [none, echo], want: 'failed', requests: 2 },
    { name: 'the hub says that it is offline', says: [() => ({ status: 400 })], want: 'failed', requests: 1 },
    { name: 'no API server', says: [() => ({ status: 502 })], want: 'failed', requests: 1 },
    { name: 'something else with 200', says: [() => ({ status: 200, body: 'hello' })], want: 'failed', requests: 1 },
    { name: 'too many requests', says: [() => ({ status: 429 })], want: 'failed', requests: 1 },
    { name: 'an expired token', says: [() => ({ status: 401 })], want: 'failed', requests: 1 },
    { name: 'no right to it', says: [() => ({ status: 403 })], want: 'refused', requests: 1 },
    { name: 'no right to make it', says: [none, () => ({ status: 403 })], want: 'refused', requests: 2 },
    { name: 'somebody made it immutable', says: [() => ({ status: 422 })], want: 'refused', requests: 1 },
    {
      name: 'somebody made it in between',
      says: [
        none,
        () => ({ status: 409 }),
        (_, body) => ({ status: 200, body: { ...stored, data: (JSON.parse(body) as ConfigMapObject).data } }),
      ],
      want: 'taken',
      requests: 3,
    },
  ];
  for (const { name, says: answers, want, requests } of cases) {
    it(`${name}: ${want}`, async () => {
      says = answers;
      const outcome = await write();
      assert.deepEqual([outcome.kind, asked.length], [want, requests]);
      if (outcome.kind !== 'taken') assert.ok(outcome.error.remedy.length > 0);
    });
  }

  it('speaks with an agent of its own', async () => {
    says = [none, echo];
    await write();
    assert.deepEqual(asked, [
      'PATCH application/merge-patch+json yurtlb-report/1.2.3',
      'POST application/json yurtlb-report/1.2.3',
    ]);
  });

  it('fails where nobody answers', async () => {
    const outcome = await writerTo('http://127.0.0.1:1').write(word);
    assert.equal(outcome.kind, 'failed');
  });
});
