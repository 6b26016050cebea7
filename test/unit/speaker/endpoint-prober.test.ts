import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TcpProber } from '../../../edge-speaker/src/io/endpoint-prober.ts';

describe('a TCP connect that asks an endpoint', () => {
  const prober = new TcpProber();

  it('is answered, and ended with a reset', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const { port } = server.address() as AddressInfo;
    assert.equal(await prober.probe('127.0.0.1', port, 5_000), 'answered');
    const [socket] = await accepted;
    socket.resume();
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    server.close();
  });

  it('is refused where nobody listens', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    assert.equal(await prober.probe('127.0.0.1', port, 5_000), 'refused');
  });

  it('says nothing of the endpoint where this node cannot even ask', async () => {
    assert.equal(await prober.probe('fe80::1', 80, 5_000), 'unclear');
  });
});
