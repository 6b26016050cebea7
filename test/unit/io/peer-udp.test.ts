import { strict as assert } from 'node:assert';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { silentLog } from '@openyurt/nodepool-types';
import { PeerLan } from '../../../edge-speaker/src/io/peer-lan.ts';
import { PeerUdp } from '../../../edge-speaker/src/io/peer-udp.ts';
import { until } from '../../support/until.ts';

const LOOPBACK = '127.0.0.1';
const BEATS = 5;

describe('datagrams of the pool session', () => {
  it('leave one a turn of the loop, in order, so that frames are looked at between them', async () => {
    const udp = new PeerUdp('IPv4', LOOPBACK, silentLog);
    await udp.open(0, () => {});
    const receiver = createSocket('udp4').bind(0, LOOPBACK);
    await once(receiver, 'listening');
    let turn = 0;
    let counting = true;
    const count = (): void => {
      turn++;
      if (counting) setImmediate(count);
    };
    const heard: { readonly beat: number; readonly turn: number }[] = [];
    receiver.on('message', (bytes) => heard.push({ beat: bytes[0] ?? -1, turn }));
    count();
    for (let beat = 0; beat < BEATS; beat++)
      udp.sendTo(Buffer.of(beat), { address: LOOPBACK, port: receiver.address().port });
    await until('all are heard', () => heard.length === BEATS);
    counting = false;
    receiver.close();
    await udp.close();
    assert.deepEqual(
      heard.map(({ beat }) => beat),
      [0, 1, 2, 3, 4],
    );
    assert.equal(new Set(heard.map((one) => one.turn)).size, BEATS, JSON.stringify(heard));
  });

  it('are looked at after what must not wait for them', async () => {
    const order: string[] = [];
    const lan = new PeerLan({ port: 0, address: LOOPBACK, log: silentLog, first: () => order.push('first') });
    const { udp } = await lan.open({
      datagram: (bytes) => order.push(`datagram ${bytes[0]}`),
      pskOf: () => undefined,
      accepted: () => undefined,
      dropped: () => {},
    });
    for (const beat of [1, 2]) lan.sendTo(Buffer.of(beat), { address: LOOPBACK, port: udp });
    await until('both are heard', () => order.length === 4);
    await lan.close();
    assert.deepEqual(order, ['first', 'datagram 1', 'first', 'datagram 2']);
  });
});
