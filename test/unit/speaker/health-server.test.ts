import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '@openyurt/nodepool-types';
import { HealthServer } from '../../../edge-speaker/src/io/health-server.ts';

/** Resolves with the fields of the first line whose message is `msg`. */
function listening(): { log: Log; line: (msg: string) => Promise<Record<string, unknown>> } {
  const lines: { msg: string; fields: Record<string, unknown> }[] = [];
  const wake = new Set<() => void>();
  const say = (msg: string, fields: Record<string, unknown> = {}) => {
    lines.push({ msg, fields });
    for (const run of wake) run();
  };
  const line = async (msg: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = lines.find((each) => each.msg === msg);
      if (found !== undefined) return found.fields;
      await new Promise<void>((resolve) => wake.add(resolve));
    }
  };
  return { log: { debug: say, info: say, warn: say, error: say }, line };
}

async function freePort(): Promise<number> {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  return port;
}

async function codeOf(port: number, path: string, host: string): Promise<number> {
  const sent = get({ port, path, headers: { host }, agent: false });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode ?? 0;
}

describe('health server', () => {
  const broken = {
    notReady: () => [],
    metrics: () => Promise.reject(new Error('a metric threw')),
    state: () => {
      throw new Error('the state threw');
    },
  };

  it('answers 500 where a page throws, and goes on', async () => {
    const port = await freePort();
    const { log, line } = listening();
    const server = new HealthServer({ host: '127.0.0.1', port }, broken, log);
    server.listen();
    try {
      await line('health and metrics served');
      for (const [path, status] of [
        ['/metrics', 500],
        ['/state', 500],
        ['/livez', 200],
      ] as const) {
        assert.equal((await fetch(`http://127.0.0.1:${port}${path}`)).status, status, path);
      }
    } finally {
      server.close();
    }
  });

  it('names a taken address with the remedy', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { log, line } = listening();
    const server = new HealthServer({ host: '127.0.0.1', port }, broken, log);
    server.listen();
    try {
      const { err } = await line('health address refused');
      assert.match(String(err), /LB_PORT_TAKEN: .*127\.0\.0\.1/);
    } finally {
      server.close();
      holder.close();
    }
  });

  it('tells nothing to who calls it by a name that is not its own', async () => {
    const port = await freePort();
    const { log, line } = listening();
    const pages = { notReady: () => ['the pool session is not open'], metrics: async () => 'm 1\n', state: () => ({}) };
    const server = new HealthServer({ host: '127.0.0.1', port }, pages, log);
    server.listen();
    try {
      await line('health and metrics served');
      const asked: [string, string, number][] = [
        ['/state', `127.0.0.1:${port}`, 200],
        ['/metrics', 'localhost', 200],
        ['/readyz', `[::1]:${port}`, 503],
        ['/state', 'evil.example', 403],
        ['/metrics', `evil.example:${port}`, 403],
        ['/readyz', '127.0.0.1.evil.example', 403],
        ['/nope', 'evil.example', 403],
        ['/livez', 'evil.example', 200], // a probe with a name of its own must not restart the announcer
        ['/healthz', 'evil.example', 200],
      ];
      assert.equal((await fetch(`http://127.0.0.1:${port}/state`, { method: 'POST' })).status, 405);
      for (const [path, host, code] of asked) assert.equal(await codeOf(port, path, host), code, `${path} as ${host}`);
    } finally {
      server.close();
    }
  });
});
