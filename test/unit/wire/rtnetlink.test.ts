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

/** @param master index of it and the kind it gives its ports */
function link(family: number, flags: number, master?: { index: number; kind: string }): Buffer {
  const info = Buffer.alloc(16);
  info[0] = family;
  info.writeInt32LE(7, 4);
  info.writeUInt32LE(flags, 8);
  const slave = master === undefined ? [] : [attribute(4, Buffer.from(`${master.kind}\0`))];
  const kind = attribute(18, Buffer.concat([attribute(1, Buffer.from('veth\0')), ...slave]));
  return Buffer.concat([
    info,
    attribute(3, Buffer.from('eth0\0')),
    attribute(1, Buffer.from('020000000011', 'hex')),
    kind,
    ...(master === undefined ? [] : [attribute(10, Buffer.from([master.index, 0, 0, 0]))]),
  ]);
}

function defaultRoute({ family = 2, table = 254, bits = 0, type = 1, more = [] as Buffer[] } = {}): Buffer {
  const info = Buffer.from([family, bits, 0, 0, table, 3, 0, type, 0, 0, 0, 0]);
  const hop = attribute(4, Buffer.from([7, 0, 0, 0]));
  return Buffer.concat([info, hop, attribute(6, Buffer.from([100, 0, 0, 0])), ...more]);
}

function address(family: number, prefixBits: number, bytes: string, flags = 0): Buffer {
  const info = Buffer.from([family, prefixBits, flags & 0xff, 0, 7, 0, 0, 0]);
  return Buffer.concat([info, attribute(2, Buffer.from(bytes, 'hex')), attribute(8, Buffer.from([flags, 0, 0, 0]))]);
}

/** An IPv6 default route over two hops, the first through interface 7. */
function multipath(): Buffer {
  const hop = (index: number) => Buffer.from([8, 0, 0, 0, index, 0, 0, 0]);
  return Buffer.concat([
    Buffer.from([10, 0, 0, 0, 254, 9, 0, 1, 0, 0, 0, 0]),
    attribute(9, Buffer.concat([hop(7), hop(8)])),
  ]);
}

const FD = 'fd000010000000000000000000000001';

const eth0 = {
  kind: 'link',
  index: 7,
  name: 'eth0',
  mac: Buffer.from('020000000011', 'hex'),
  type: 'veth',
  portOf: undefined,
} as const;
const up = { up: true, carrier: true } as const;
const route = { kind: 'default-route', family: 'IPv4', index: 7, priority: 100, preference: 0 } as const;
const fd1 = { ip: 'fd00:10::1', prefixBits: 64, family: 'IPv6' } as const;

describe('rtnetlink', () => {
  const cases: { name: string; datagram: Buffer; want: RouteFact[] }[] = [
    {
      name: 'a link that is up',
      datagram: message(16, link(0, 0x10001)),
      want: [{ ...eth0, ...up }],
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
      datagram: message(21, address(10, 64, FD)),
      want: [{ kind: 'address-gone', index: 7, address: fd1 }],
    },
    {
      name: 'one that is deprecated is one',
      datagram: message(20, address(10, 64, FD, 0x20)),
      want: [{ kind: 'address', index: 7, address: fd1 }],
    },
    {
      name: 'one that is still tentative',
      datagram: message(20, address(10, 64, FD, 0x40)),
      want: [{ kind: 'address', index: 7, address: { ...fd1, tentative: true } }],
    },
    {
      name: 'an optimistic one is used while it is tentative',
      datagram: message(20, address(10, 64, FD, 0x40 | 0x04)),
      want: [{ kind: 'address', index: 7, address: fd1 }],
    },
    {
      name: 'one that another host has',
      datagram: message(20, address(10, 64, FD, 0x40 | 0x08)),
      want: [{ kind: 'address', index: 7, address: { ...fd1, duplicate: true } }],
    },
    ...['bond', 'bridge', 'team', 'openvswitch'].map((kind) => ({
      name: `a port of a ${kind}`,
      datagram: message(16, link(0, 0x10001, { index: 5, kind })),
      want: [{ ...eth0, ...up, portOf: 5 }],
    })),
    {
      name: 'a member of a VRF answers for itself',
      datagram: message(16, link(0, 0x10001, { index: 5, kind: 'vrf' })),
      want: [{ ...eth0, ...up }],
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
    {
      name: 'an IPv6 default route that a router of high preference told',
      datagram: message(24, defaultRoute({ family: 10, more: [attribute(20, Buffer.from([1]))] }), { flags: MULTI }),
      want: [{ ...route, family: 'IPv6', preference: 1, asked: true }],
    },
    {
      name: 'one of low preference',
      datagram: message(24, defaultRoute({ family: 10, more: [attribute(20, Buffer.from([3]))] }), { flags: MULTI }),
      want: [{ ...route, family: 'IPv6', preference: -1, asked: true }],
    },
    {
      name: 'one over two hops, without a metric',
      datagram: message(24, multipath(), { flags: MULTI }),
      want: [{ ...route, family: 'IPv6', priority: 0, asked: true }],
    },
    { name: 'a default route that refuses', datagram: message(24, defaultRoute({ family: 10, type: 7 })), want: [] },
    { name: 'a route of another family', datagram: message(24, defaultRoute({ family: 28 })), want: [] },
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
        { ...eth0, ...up },
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
