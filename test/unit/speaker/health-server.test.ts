import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '@openyurt/nodepool-types';
import { HealthServer } from '../../../edge-speaker/src/observe/health-server.ts';

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

describe('health server', () => {
  const broken = {
    notReady: () => [],
    metrics: () => Promise.reject(new Error('a metric threw')),
    state: () => {
      throw new Error('the state threw');
    },
  };

  it('answers 500 where a page throws, and goes on', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
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
});
