import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer, type Socket, connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { DEFAULT_SITE_CONFIG, silentLog } from '@openyurt/nodepool-types';
import { PeerLan } from '../../../edge-speaker/src/io/peer-lan.ts';
import { systemClock, systemTimers } from '../../../edge-speaker/src/io/system-clock.ts';
import { PoolSession } from '../../../edge-speaker/src/pool-session.ts';
import type { RawPoolKey } from '../../../edge-speaker/src/ports/pool-key-source.ts';
import { PoolKeyRing } from '../../../edge-speaker/src/session/pool-keys.ts';

const ADDRESSES = ['10.9.0.1', '10.9.0.2', '10.9.0.3', '10.9.0.4', '10.9.0.5', '10.9.0.6'];
const KEY: RawPoolKey = { id: 'key-1', secret: Buffer.alloc(32, 7) };
const IPS = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];

/** A member on an address of the loopback network, all on one port, over real sockets. */
function member(index: number, port: number, keys: () => RawPoolKey[] = () => [KEY]) {
  const answers = new Set<string>();
  const counts = new Map<string, number>();
  const listeners = new Set<() => void>();
  const ip = IPS[index] ?? '';
  const session = new PoolSession({
    node: `n${index}`,
    nodePool: 'hangzhou',
    incarnation: randomBytes(8).readBigUInt64BE(),
    keys: {
      current: keys,
      onChange: (run) => {
        listeners.add(run);
        return () => listeners.delete(run);
      },
    },
    socket: new PeerLan({ port, address: ip, log: silentLog }),
    clock: systemClock,
    timers: systemTimers,
    randomBytes,
    log: silentLog,
    count: (reason) => counts.set(reason, (counts.get(reason) ?? 0) + 1),
    site: DEFAULT_SITE_CONFIG,
    port,
    announcedBefore: ADDRESSES,
    on: {
      announce: (address) => answers.add(address),
      withdraw: (address) => answers.delete(address),
      changed: () => {},
      remember: () => {},
    },
  });
  session.setMembers(IPS.map((address, i) => ({ node: `n${i}`, addresses: [address] })));
  session.setLinks([{ name: 'lo', mac: `02:00:00:00:00:0${index}`, ips: [ip] }]);
  session.setOffers({
    items: ADDRESSES.map((address) => ({ address, uids: ['u'], rv: 1n, proven: true })),
    seenRv: 1n,
  });
  const keysChanged = () => {
    for (const run of listeners) run();
  };
  return { session, answers, counts, keysChanged, ip };
}

/** Waits for a condition, asked every 2 ms. */
async function until(what: string, holds: () => boolean, withinMs = 5000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    assert.ok(performance.now() < endMs, `not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('pool session over real sockets', () => {
  let port = 0;
  let members: ReturnType<typeof member>[] = [];

  beforeEach(async () => {
    port = await freePort();
    members = [];
  });
  afterEach(async () => {
    for (const { session } of members) await session.close();
  });

  const start = async (count: number, keys?: (index: number) => () => RawPoolKey[]) => {
    for (let i = 0; i < count; i++) members.push(member(i, port, keys?.(i)));
    for (const { session } of members) await session.start();
  };
  const answered = () => ADDRESSES.map((address) => members.filter((m) => m.answers.has(address)).length);
  const allOnce = () => answered().every((count) => count === 1);
  const inSession = (count: number) => members.every((m) => m.session.members().filter(alive).length === count - 1);
  const alive = ({ state }: { state: string }) => state === 'alive';

  it('members meet, and each address has one announcer', async () => {
    await start(3);
    await until('all in session', () => inSession(3));
    await until('each address answered once', allOnce);
    assert.deepEqual([...(members[0]?.session.poolMacs().values() ?? [])].sort(), ['n1', 'n2']);
  });

  it('farewell hands over without a gap', async () => {
    await start(3);
    await until('settled', () => inSession(3) && allOnce());
    const leaver = members.find((m) => m.answers.size > 0) ?? assert.fail();
    let gaps = 0;
    const left = leaver.session.leave('SIGTERM');
    while (leaver.answers.size > 0) {
      gaps += answered().filter((count) => count === 0).length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await left;
    await leaver.session.close();
    members = members.filter((m) => m !== leaver);
    assert.equal(gaps, 0);
    assert.ok(allOnce());
  });

  it('a closed process is replaced at once', async () => {
    await start(3);
    await until('settled', () => inSession(3) && allOnce());
    const victim = members.find((m) => m.answers.size > 0) ?? assert.fail();
    members = members.filter((m) => m !== victim);
    const atMs = performance.now();
    await victim.session.close();
    await until('taken over', allOnce);
    assert.ok(performance.now() - atMs < 200, 'sooner than silence would have told');
  });

  it('a member with another key stays outside; with the key it comes in', async () => {
    const other: RawPoolKey = { id: 'key-2', secret: Buffer.alloc(32, 9) };
    let keys = [other];
    await start(2, (i) => () => (i === 0 ? [KEY] : keys));
    await until('the key is refused', () => (members[1]?.counts.get('session-handshake') ?? 0) > 0);
    assert.ok(!inSession(2));
    keys = [KEY, other];
    members[1]?.keysChanged();
    await until('in session', () => inSession(2));
  });

  it('keys are exchanged without a lost session', async () => {
    const next: RawPoolKey = { id: 'key-2', secret: Buffer.alloc(32, 9) };
    const keys: RawPoolKey[][] = [[KEY], [KEY]];
    await start(2, (i) => () => keys[i] ?? []);
    await until('settled', () => inSession(2) && allOnce());
    for (const ring of [[KEY, next], [next]]) {
      for (const i of [0, 1]) {
        keys[i] = ring;
        members[i]?.keysChanged();
        assert.ok(inSession(2));
      }
      await until('still in session', () => inSession(2) && allOnce());
    }
  });

  it('junk on its ports is dropped and counted', async () => {
    await start(2);
    await until('settled', () => inSession(2) && allOnce());
    const [first] = members;
    const udp = createSocket('udp4');
    for (const text of ['', 'YLB', 'junk junk junk', `YLB\x01\x01${'x'.repeat(172)}`, `YLB\x02\x01${'x'.repeat(47)}`]) {
      udp.send(Buffer.from(text, 'latin1'), port, first?.ip);
    }
    const tcp = tcpConnect(port, first?.ip ?? '', () => tcp.write('GET / HTTP/1.0\r\n\r\n'));
    tcp.on('error', () => {});
    for (const reason of ['datagram-foreign', 'hello-foreign-pool', 'heartbeat-unknown-session', 'session-handshake']) {
      await until(reason, () => (first?.counts.get(reason) ?? 0) > 0);
    }
    udp.close();
    tcp.destroy();
    assert.ok(inSession(2) && allOnce());
  });

  it('a flood of half-open calls from one host pushes out its own, not another one', async () => {
    await start(1);
    const [first] = members;
    const call = (localAddress: string) =>
      new Promise<Socket>((resolve) => {
        const socket = tcpConnect({ port, host: first?.ip ?? '', localAddress }, () => resolve(socket));
        socket.on('error', () => {});
      });
    const honest = await call('127.0.0.99');
    const ends = { honest: false, flood: 0 };
    honest.once('close', () => {
      ends.honest = true;
    });
    const flood = await Promise.all(Array.from({ length: 200 }, () => call('127.0.0.66')));
    for (const socket of flood) {
      socket.resume().once('close', () => {
        ends.flood += 1;
      });
    }
    await until('the flood is cut back to the bound', () => ends.flood >= 200 - 63, 1000);
    assert.equal(ends.honest, false);
    for (const socket of [honest, ...flood]) socket.destroy();
  });

  it('closes within a bound although the other side never ends its connection', async () => {
    await start(1);
    const [first] = members;
    const { identity, psk } = new PoolKeyRing([KEY], 'hangzhou').keys[0] ?? assert.fail();
    const socket = tlsConnect({
      ...{ host: first?.ip, port, allowHalfOpen: true, minVersion: 'TLSv1.3' },
      ...{
        ciphers: 'TLS_AES_128_GCM_SHA256',
        pskCallback: () => ({ identity, psk }),
        checkServerIdentity: () => undefined,
      },
    });
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.once('data', () => resolve()));
    const atMs = performance.now();
    await first?.session.close();
    assert.ok(performance.now() - atMs < 1000);
    socket.destroy();
  });

  it('a taken port is named and another one used', async () => {
    const holder = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => holder.listen(port, IPS[1], resolve));
    await start(3);
    await until('in session all the same', () => inSession(3));
    await until('each address answered once', allOnce);
    await new Promise((resolve) => holder.close(resolve));
  });
});
