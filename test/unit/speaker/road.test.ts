import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LbError } from '@openyurt/nodepool-types';
import { ApiClient } from '../../../edge-speaker/src/kube/api-client.ts';
import { badAnswer } from '../../../edge-speaker/src/kube/api-failure.ts';
import { roadTo, type TargetOptions } from '../../../edge-speaker/src/kube/api-target.ts';

const NOTHING: TargetOptions = { server: undefined, kubeconfig: undefined, tokenFile: undefined, caFile: undefined };

const kubeconfig = (server: string) =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c', users: [{ name: 'u', user: {} }] },
    clusters: [{ name: 'k', cluster: { server } }],
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
  });

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function failureOf(ask: Promise<unknown>): Promise<LbError> {
  const error = await ask.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof LbError, String(error));
  return error;
}

describe('the road to the API', () => {
  let folder: string;
  let server: Server;
  let port: number;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'yurtlb-road-'));
    server = createServer((_, response) => response.end('ok'));
    port = await listening(server);
  });
  after(() => {
    server.close().closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (client: ApiClient) => client.ask({ path: '/healthz', userAgent: 'test', deadlineMs: 200 });

  const unusable: { name: string; text: string | undefined; says: RegExp }[] = [
    { name: 'missing', text: undefined, says: /ENOENT/ },
    { name: 'empty', text: '', says: /cannot be used/ },
    { name: 'half written', text: '{"apiVersion": "v1", "clus', says: /cannot be used/ },
    { name: 'without a context', text: '{"apiVersion":"v1","kind":"Config"}', says: /no current context/ },
  ];
  for (const { name, text, says } of unusable) {
    it(`a kubeconfig that is ${name} is a named error, and counts once it serves`, async () => {
      const file = join(folder, `${name}.conf`);
      if (text !== undefined) writeFileSync(file, text);
      const client = new ApiClient(roadTo({ ...NOTHING, kubeconfig: file }, {}));
      const { code, message, remedy } = await failureOf(ask(client));
      assert.equal(code, 'LB_NO_KUBECONFIG');
      assert.match(message, says);
      assert.ok(message.includes(file) && remedy.length > 0);
      writeFileSync(file, kubeconfig(`http://127.0.0.1:${port}`));
      assert.equal((await ask(client)).status, 200);
      client.close();
    });
  }

  it('no server, no kubeconfig and no Pod is a named error', async () => {
    assert.equal((await failureOf(roadTo(NOTHING, {})())).code, 'LB_NO_KUBECONFIG');
  });

  it('names the kind of failure, the URL without its query, and a remedy', async () => {
    const silent = createTcpServer(() => {});
    const rude = createTcpServer((socket) => socket.destroy());
    const closed = createTcpServer();
    const closedPort = await listening(closed);
    closed.close();
    const cases = [
      { url: `http://127.0.0.1:${closedPort}`, says: /nothing listens there/, remedy: /YurtHub/ },
      { url: `http://127.0.0.1:${await listening(silent)}`, says: /no answer within 200 ms/, remedy: /link/ },
      { url: `http://127.0.0.1:${await listening(rude)}`, says: /hung up/, remedy: /log of YurtHub/ },
      { url: `https://127.0.0.1:${port}`, says: /TLS/, remedy: /--ca-file/ },
    ];
    try {
      for (const { url, says, remedy } of cases) {
        const client = new ApiClient(roadTo({ ...NOTHING, server: url }, {}));
        const failure = await failureOf(client.ask({ path: '/healthz?a=1', userAgent: 'test', deadlineMs: 200 }));
        assert.equal(failure.code, 'LB_API_UNREACHABLE');
        assert.match(failure.message, says);
        assert.match(failure.remedy, remedy);
        assert.ok(failure.message.includes(`${url}/healthz:`), failure.message);
        client.close();
      }
    } finally {
      silent.close();
      rude.close();
    }
  });

  const answers: { status: number; text: string; code: string; says: RegExp; remedy: RegExp }[] = [
    { status: 400, text: '', code: 'LB_API_UNREACHABLE', says: /HTTP 400$/, remedy: /YurtHub says/ },
    {
      status: 401,
      text: '{"message":"Unauthorized"}',
      code: 'LB_API_REFUSED',
      says: /: Unauthorized$/,
      remedy: /token/,
    },
    { status: 403, text: 'no\nmore', code: 'LB_API_REFUSED', says: /HTTP 403: no$/, remedy: /role/ },
    { status: 200, text: '<html>', code: 'LB_API_REFUSED', says: /<html>$/, remedy: /--server/ },
    { status: 503, text: '', code: 'LB_API_UNREACHABLE', says: /HTTP 503$/, remedy: /asked again/ },
  ];
  for (const { status, text, code, says, remedy } of answers) {
    it(`an answer of ${status} says what to do`, () => {
      const error = badAnswer('http://hub/healthz', status, text);
      assert.equal(error.code, code);
      assert.match(error.message, says);
      assert.match(error.remedy, remedy);
    });
  }
});
