import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  dumpRequest,
  type RouteFact,
  RTM_GETLINK,
  RTM_GETROUTE,
  readRouteFacts,
} from '../../../edge-speaker/src/io/rtnetlink.ts';

const MULTI = 0x2;

function attribute(type: number, value: Buffer): Buffer {
  const b = Buffer.alloc((4 + value.length + 3) & ~3);
  b.writeUInt16LE(4 + value.length, 0);
  b.writeUInt16LE(type, 2);
  value.copy(b, 4);
  return b;
}

function message(type: number, body: Buffer, { flags = 0, seq = 0 } = {}): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(seq, 8);
  return Buffer.concat([header, body]);
}

function link(family: number, flags: number): Buffer {
  const info = Buffer.alloc(16);
  info[0] = family;
  info.writeInt32LE(7, 4);
  info.writeUInt32LE(flags, 8);
  const kind = attribute(18, attribute(1, Buffer.from('veth\0')));
  return Buffer.concat([
    info,
    attribute(3, Buffer.from('eth0\0')),
    attribute(1, Buffer.from('020000000011', 'hex')),
    kind,
  ]);
}

function defaultRoute({ table = 254, bits = 0 } = {}): Buffer {
  const info = Buffer.from([2, bits, 0, 0, table, 3, 0, 1, 0, 0, 0, 0]);
  return Buffer.concat([info, attribute(4, Buffer.from([7, 0, 0, 0])), attribute(6, Buffer.from([100, 0, 0, 0]))]);
}

function address(family: number, prefixBits: number, bytes: string): Buffer {
  return Buffer.concat([Buffer.from([family, prefixBits, 0, 0, 7, 0, 0, 0]), attribute(2, Buffer.from(bytes, 'hex'))]);
}

const eth0 = { kind: 'link', index: 7, name: 'eth0', mac: Buffer.from('020000000011', 'hex'), type: 'veth' } as const;
const route = { kind: 'default-route', index: 7, priority: 100 } as const;

describe('rtnetlink', () => {
  const cases: { name: string; datagram: Buffer; want: RouteFact[] }[] = [
    {
      name: 'a link that is up',
      datagram: message(16, link(0, 0x10001)),
      want: [{ ...eth0, up: true, carrier: true }],
    },
    {
      name: 'a link without carrier',
      datagram: message(16, link(0, 0x1)),
      want: [{ ...eth0, up: true, carrier: false }],
    },
    {
      name: 'a wireless event (a roam, a scan) is no link without a MAC',
      datagram: message(16, Buffer.concat([link(0, 0x10001).subarray(0, 28), attribute(11, Buffer.alloc(24))])),
      want: [],
    },
    { name: 'a link that goes', datagram: message(17, link(0, 0)), want: [{ kind: 'link-gone', index: 7 }] },
    { name: 'a port that leaves its bridge is no link that goes', datagram: message(17, link(7, 0)), want: [] },
    {
      name: 'an IPv4 address',
      datagram: message(20, address(2, 24, 'c0a80a0b')),
      want: [{ kind: 'address', index: 7, address: { ip: '192.168.10.11', prefixBits: 24, family: 'IPv4' } }],
    },
    {
      name: 'an IPv6 address that goes',
      datagram: message(21, address(10, 64, 'fd000010000000000000000000000001')),
      want: [{ kind: 'address-gone', index: 7, address: { ip: 'fd00:10::1', prefixBits: 64, family: 'IPv6' } }],
    },
    {
      name: 'a default route in a dump',
      datagram: message(24, defaultRoute(), { flags: MULTI, seq: 3 }),
      want: [{ ...route, asked: true }],
    },
    {
      name: 'news of one, with the sequence number of whoever caused it',
      datagram: message(25, defaultRoute(), { seq: 1_700_000_000 }),
      want: [{ ...route, asked: false }],
    },
    { name: 'a route of another table', datagram: message(24, defaultRoute({ table: 100 })), want: [] },
    { name: 'a route to a network', datagram: message(24, defaultRoute({ bits: 24 })), want: [] },
    {
      name: 'several in one datagram',
      datagram: Buffer.concat([message(17, link(0, 0)), message(3, Buffer.alloc(4), { flags: MULTI | 0x10, seq: 9 })]),
      want: [
        { kind: 'link-gone', index: 7 },
        { kind: 'interrupted', seq: 9 },
        { kind: 'done', seq: 9 },
      ],
    },
    {
      name: 'a dump that says in its middle that it may have left something out',
      datagram: message(16, link(0, 0x10001), { flags: MULTI | 0x10, seq: 9 }),
      want: [
        { kind: 'interrupted', seq: 9 },
        { ...eth0, up: true, carrier: true },
      ],
    },
    {
      name: 'a refusal',
      datagram: message(2, Buffer.from('f0ffffff', 'hex'), { seq: 5 }),
      want: [{ kind: 'refused', seq: 5, errno: 16 }],
    },
  ];
  for (const { name, datagram, want } of cases) it(name, () => assert.deepEqual([...readRouteFacts(datagram)], want));

  it('a dump request says its own length', () => {
    for (const type of [RTM_GETLINK, RTM_GETROUTE]) {
      const request = dumpRequest(type, 1);
      assert.equal(request.readUInt32LE(0), request.length);
    }
  });

  it('never throws, whatever the bytes', () => {
    const types = fc.constantFrom(2, 3, 16, 17, 20, 21, 24, 25, 99);
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 96 }), fc.nat({ max: 40 }), (type, body, cut) => {
        const whole = message(type, Buffer.from(body));
        for (const datagram of [whole, whole.subarray(0, Math.max(0, whole.length - cut)), Buffer.from(body)]) {
          assert.ok([...readRouteFacts(datagram)].length <= 6);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
