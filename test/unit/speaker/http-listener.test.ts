import { strict as assert } from 'node:assert';
import { createServer, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '@openyurt/nodepool-types';
import { HttpListener } from '../../../edge-speaker/src/io/http-listener.ts';
import { until } from '../../support/until.ts';

/** A listener on a port; `lines` is its log, `servers` every server it ever made, `ends` what became of them. */
function bench(port: number) {
  const lines: string[] = [];
  const servers: Server[] = [];
  const ends: string[] = [];
  const say = (msg: string) => lines.push(msg);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    servers.push(this);
    for (const end of ['error', 'close']) this.on(end, () => ends.push(end));
    return Reflect.apply(listen, this, args) as Server;
  } as typeof listen;
  const listener = new HttpListener({
    address: { host: '127.0.0.1', port },
    log,
    words: { what: 'pages', served: 'served', refused: 'refused', flag: '--address' },
    serve: (_, response) => response.end('ok'),
  });
  const close = () => {
    listener.close();
    Server.prototype.listen = listen;
  };
  return { lines, servers, ends, listener, close };
}

describe('a port for people', () => {
  it('stays the one it is where a connection comes to nothing', async () => {
    const { lines, servers, listener, close } = bench(0);
    try {
      listener.listen();
      await until('served', () => lines.includes('served'));
      const [server] = servers;
      server?.emit('error', new Error('accept EMFILE'));
      const { port } = (server ?? assert.fail()).address() as AddressInfo;
      assert.equal((await fetch(`http://127.0.0.1:${port}`)).status, 200);
      assert.deepEqual([lines, servers.length], [['served'], 1]);
    } finally {
      close();
    }
    assert.equal(servers[0]?.listening, false);
  });

  it('says once that it is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await until('held', () => holder.listening);
    const { lines, ends, listener, close } = bench((holder.address() as AddressInfo).port);
    try {
      listener.listen();
      listener.listen(); // as the timer does
      await until('refused twice', () => ends.length === 2);
      assert.deepEqual(lines, ['refused']);
    } finally {
      close();
      holder.close();
    }
  });

  it('is not opened by who was closed meanwhile', async () => {
    const { lines, servers, ends, listener, close } = bench(0);
    listener.listen();
    close();
    await until('closed', () => ends.includes('close'));
    listener.listen();
    assert.deepEqual([lines, servers.length], [[], 1]);
  });
});
