import { strict as assert } from 'node:assert';
import { type ArpLine, answerers, outages } from '../../support/netns/arp-client.ts';

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const answer = (atMs: number, mac: string, address = '192.168.10.240'): ArpLine => ({
  kind: 'answer',
  atMs,
  address,
  mac,
});
const log: ArpLine[] = [
  { kind: 'start', atMs: 0, intervalMs: 5 },
  answer(5, A),
  answer(6, A, '192.168.10.241'),
  answer(10.25, A),
  { kind: 'gratuitous', atMs: 20, address: '192.168.10.240', mac: B },
  answer(35.25, B),
  answer(40.25, B),
];

describe('outages of an ARP log', () => {
  it('are gaps longer than the interval of asking, less that interval', () => {
    const gap = { address: '192.168.10.240', fromMs: 10.25, toMs: 35.25, ms: 20, macBefore: A, macAfter: B };
    assert.deepEqual(outages(log), [gap]);
    assert.deepEqual(outages(log, 21), []);
  });

  it('answerers are one entry per change', () => {
    const changes = answerers(log, '192.168.10.240').map(({ mac, atMs }) => [mac, atMs]);
    assert.deepEqual(changes, [
      [A, 5],
      [B, 35.25],
    ]);
  });
});
