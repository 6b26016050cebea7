import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { KubeObject, LbError } from '@openyurt/nodepool-types';
import { LocalApiServer } from '../../../edge-speaker/src/io/local-api-server.ts';
import { until } from '../../support/until.ts';
import { type Json, LocalSite, service } from './site.ts';

/** A server on a free port, and what its log said. */
class Listening {
  readonly site = new LocalSite();
  readonly said: { msg: string; fields: Json }[] = [];
  readonly server: LocalApiServer;
  port = 0;

  constructor(port = 0) {
    const say = (msg: string, fields: Json = {}) => void this.said.push({ msg, fields });
    const log = { debug: say, info: say, warn: say, error: say };
    this.server = new LocalApiServer({ host: '127.0.0.1', port }, this.site.api, log);
  }

  async start(): Promise<this> {
    this.server.listen();
    await until('it listens', () => this.said.some(({ msg }) => msg === 'local API served'));
    this.port = Number(this.said.find(({ msg }) => msg === 'local API served')?.fields.port);
    return this;
  }

  ask(
    path: string,
    { method = 'GET', host = `127.0.0.1:${this.port}`, body = '' } = {},
  ): Promise<{ code: number; body: string; headers: Json }> {
    return new Promise((resolve, reject) => {
      const sent = request({ port: this.port, path, method, headers: { host }, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.once('end', () => resolve({ code: response.statusCode ?? 0, body: text, headers: response.headers }));
        response.once('error', reject);
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }

  /** Opens a watch and begins to collect its lines. */
  async watch(path: string): Promise<{ lines: string[]; response: IncomingMessage; ended: () => boolean }> {
    const sent = get({ port: this.port, path, headers: { host: 'localhost' }, agent: false });
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.on('error', () => {}); // the server ends before the test does
    const lines: string[] = [];
    let ended = false;
    response.once('end', () => {
      ended = true;
    });
    let rest = '';
    response.setEncoding('utf8').on('data', (piece: string) => {
      const parts = `${rest}${piece}`.split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
    return { lines, response, ended: () => ended };
  }
}

const WATCH = '/api/v1/services?watch=1';

describe('local API server', () => {
  let local: Listening;
  beforeEach(async () => {
    local = await new Listening().start();
  });
  afterEach(() => local.server.close());

  const hosts: [string, number][] = [
    ['127.0.0.1', 200],
    ['127.0.0.1:10371', 200],
    ['localhost:10371', 200],
    ['LOCALHOST', 200],
    ['127.8.8.8:1', 200],
    ['[::1]:10371', 200],
    ['evil.example', 403],
    ['evil.example:10371', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example', 403],
    ['192.168.1.5:10371', 403],
    ['[fe80::1]', 403],
  ];
  for (const [host, code] of hosts) {
    it(`Host ${JSON.stringify(host)} gets ${code}`, async () => {
      assert.equal((await local.ask('/version', { host })).code, code);
    });
  }

  it('a long list comes whole', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => service(`s${i}`, { note: 'ü'.repeat(100) }));
    local.site.list('services', many);
    const { body, headers } = await local.ask('/api/v1/services');
    assert.equal((JSON.parse(body) as { items: unknown[] }).items.length, 3000);
    assert.deepEqual([headers['content-type'], headers['x-content-type-options']], ['application/json', 'nosniff']);
    assert.equal((await local.ask('/api/v1/services', { method: 'HEAD' })).body, '');
  });

  it('a write is refused after its body was taken; a body beyond 3 MiB is not', async () => {
    const small = await local.ask('/api/v1/namespaces/default/services', { method: 'POST', body: 'x'.repeat(200_000) });
    assert.equal(small.code, 405);
    assert.match(small.body, /read-only view of node edge-1/);
    const large = await local
      .ask('/api/v1/services', { method: 'POST', body: 'x'.repeat(4 * 1024 * 1024) })
      .catch((error: NodeJS.ErrnoException) => error.code);
    assert.ok(typeof large === 'string' ? /ECONNRESET|EPIPE/.test(large) : large?.code === 413);
  });

  it('a watch streams, and ends at its time', async () => {
    local.site.list('services', [service('a')]);
    const { lines, ended } = await local.watch(`${WATCH}&timeoutSeconds=1&allowWatchBookmarks=true`);
    await until('the first event', () => lines.length === 1);
    const added = service('b', {}, { metadata: { resourceVersion: '101' } });
    local.site.catalogue.changed('services', 'ADDED', added as KubeObject, 0);
    await until('the second event', () => lines.length >= 2);
    await until('its end', ended);
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { type: string }).type),
      ['ADDED', 'ADDED', 'BOOKMARK'],
    );
    local.site.catalogue.changed(
      'services',
      'DELETED',
      { ...added, metadata: { ...added.metadata, resourceVersion: '102' } },
      0,
    );
    assert.equal((await local.ask('/healthz')).code, 200);
  });

  it('who watches announcements hears of them without anybody telling', async () => {
    const { lines } = await local.watch('/apis/yurtlb.io/v1alpha1/announcements?watch=1');
    local.site.announced = [
      {
        address: '10.0.0.1',
        services: ['default/web'],
        owner: 'a',
        ownerSinceMs: 0,
        here: 'stands by',
        known: undefined,
      },
    ];
    await until('the event', () => lines.length === 1);
    assert.match(lines[0] ?? '', /^\{"type":"ADDED".*10\.0\.0\.1/);
  });

  it('more watches than it keeps are told to come again', async () => {
    local.site.list('services', []);
    const open = await Promise.all(Array.from({ length: 24 }, () => local.watch(WATCH)));
    const refused = await local.ask(WATCH);
    assert.deepEqual([refused.code, refused.headers['retry-after']], [429, '5']);
    open[0]?.response.destroy();
    let code = 429;
    const asked = async () => {
      const sent = get({ port: local.port, path: WATCH, headers: { host: 'localhost' }, agent: false });
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      code = response.statusCode ?? 0;
      sent.destroy();
    };
    for (let tries = 0; tries < 200 && code === 429; tries++) await asked();
    assert.equal(code, 200);
  });

  it('a client that leaves in the middle of a list costs nothing', async () => {
    local.site.list(
      'services',
      Array.from({ length: 5000 }, (_, i) => service(`s${i}`, { note: 'x'.repeat(2000) })),
    );
    const socket = connect(local.port, '127.0.0.1');
    socket.end('GET /api/v1/services HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    assert.equal((await local.ask('/healthz')).code, 200);
  });

  it('names a taken address with the remedy', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const second = new Listening((holder.address() as AddressInfo).port);
    second.server.listen();
    try {
      await until('the refusal', () => second.said.length > 0);
      const { msg, fields } = second.said[0] ?? { msg: '', fields: {} };
      const err = fields.err as LbError;
      assert.deepEqual([msg, err.code], ['local API address refused', 'LB_PORT_TAKEN']);
      assert.match(err.remedy, /--local-api-address, or off/);
    } finally {
      second.server.close();
      holder.close();
    }
  });
});
