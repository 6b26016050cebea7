import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { decodeMessage, UNKNOWN_KIND } from '../../../edge-speaker/src/session/decode-message.ts';
import { encodeFrame, FrameReader, MAX_FRAME } from '../../../edge-speaker/src/session/frames.ts';
import {
  decodeHeartbeat,
  deriveHeartbeatKeys,
  encodeHeartbeat,
  heartbeatSession,
} from '../../../edge-speaker/src/session/heartbeat.ts';
import { decodeHello, encodeHello } from '../../../edge-speaker/src/session/hello.ts';
import { type Message, toJson } from '../../../edge-speaker/src/session/messages.ts';
import { compareKeyIds, derivePoolKey, PoolKeyRing } from '../../../edge-speaker/src/session/pool-keys.ts';

/** From here on a change is another protocol version. */
const HELLO_V1 =
  '594c4201010000006e9072098ecba2410102030405060708cccccccccccccccc0000015e2885288506656467652d31ca75e6e504bb1866520c4b08c91c8765';
const SECRET = Buffer.alloc(32, 7);
const ring = new PoolKeyRing([{ id: 'k1', secret: SECRET }], 'hangzhou');
const key = ring.keys[0] ?? assert.fail('no key');
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map((b) => Buffer.from(b));
const junk = fc.uint8Array({ maxLength: 400 }).map((b) => Buffer.from(b));

describe('hello datagram', () => {
  const hello = fc.record(
    {
      node: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme-ascii' }),
      incarnation: u64,
      configHash: bytes(8),
      deadMs: fc.nat(),
      tcpPort: fc.nat(65535),
      udpPort: fc.nat(65535),
    },
    { noNullPrototype: true },
  );

  it('round trip', () => {
    fc.assert(fc.property(hello, (h) => assert.deepEqual(decodeHello(encodeHello(h, key), ring), h)));
  });
  it('any byte changed or cut is refused', () => {
    fc.assert(
      fc.property(hello, fc.nat(), fc.integer({ min: 1, max: 255 }), (h, at, flip) => {
        const b = encodeHello(h, key);
        const i = 4 + (at % (b.length - 4)); // magic and type are looked at before
        if (i >= 5 && i < 8) return; // reserved, covered by the MAC all the same
        b[i] = (b[i] ?? 0) ^ flip;
        assert.equal(typeof decodeHello(b, ring), 'string');
        assert.equal(typeof decodeHello(b.subarray(0, at % b.length), ring), 'string');
      }),
    );
  });
  it('of another pool or key is named so', () => {
    const other = derivePoolKey('k1', SECRET, 'beijing');
    const h = { node: 'a', incarnation: 1n, configHash: Buffer.alloc(8), deadMs: 350, tcpPort: 1, udpPort: 2 };
    assert.equal(decodeHello(encodeHello(h, other), ring), 'hello-foreign-pool');
    const forged = encodeHello(h, { ...key, helloKey: Buffer.alloc(32) });
    assert.equal(decodeHello(forged, ring), 'hello-forged');
  });
  it('junk never throws', () => {
    fc.assert(fc.property(junk, (b) => assert.equal(typeof decodeHello(b, ring), 'string')));
  });
  it('bytes of version 1', () => {
    const h = {
      node: 'edge-1',
      incarnation: 0x0102030405060708n,
      configHash: Buffer.alloc(8, 0xcc),
      deadMs: 350,
      tcpPort: 10373,
      udpPort: 10373,
    };
    assert.equal(encodeHello(h, key).toString('hex'), HELLO_V1);
  });
});

describe('heartbeat datagram', () => {
  const [dialer, acceptor] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
  const left = deriveHeartbeatKeys(key, dialer, acceptor, true);
  const right = deriveHeartbeatKeys(key, dialer, acceptor, false);
  const beat = fc.record(
    {
      sequence: u64,
      echo: u64,
      answerNow: fc.boolean(),
      toGroup: fc.boolean(),
      seeking: fc.boolean(),
      keptFrom: fc.integer({ min: 0, max: 0xffffffff }),
    },
    { noNullPrototype: true },
  );

  it('round trip, to the other side only', () => {
    fc.assert(
      fc.property(beat, (b) => {
        const wire = encodeHeartbeat(b, left);
        assert.equal(heartbeatSession(wire), right.sessionId);
        assert.deepEqual(decodeHeartbeat(wire, right), b);
        assert.equal(decodeHeartbeat(wire, left), undefined, 'reflected');
      }),
    );
  });
  it('any byte changed is refused', () => {
    fc.assert(
      fc.property(beat, fc.integer({ min: 0, max: 51 }), fc.integer({ min: 1, max: 255 }), (b, at, flip) => {
        const wire = encodeHeartbeat(b, left);
        wire[at] = (wire[at] ?? 0) ^ flip;
        assert.equal(decodeHeartbeat(wire, right), undefined);
      }),
    );
  });
  it('junk never throws', () => {
    fc.assert(fc.property(junk, (b) => assert.ok(heartbeatSession(b) === undefined || b.length === 52)));
  });
});

describe('frames', () => {
  it('come out whole however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.json(), { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 9 })), (texts, cuts) => {
        const stream = Buffer.concat(texts.map((text) => encodeFrame(JSON.parse(text))));
        const reader = new FrameReader();
        const seen: string[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i] ?? 1000;
          for (const body of reader.push(stream.subarray(at, at + size)) ?? assert.fail()) seen.push(body.toString());
          at += size;
        }
        assert.deepEqual(
          seen,
          texts.map((text) => JSON.stringify(JSON.parse(text))),
        );
      }),
    );
  });
  it('too long a frame is refused at its length', () => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(MAX_FRAME + 1);
    assert.equal(new FrameReader().push(head), undefined);
  });
  it('junk never throws', () => {
    fc.assert(fc.property(junk, (b) => void new FrameReader().push(b)));
  });
});

describe('messages', () => {
  const facts = {
    configHash: 'ab'.repeat(8),
    heartbeatMs: 100,
    deadMs: 350,
    tcpPort: 1,
    udpPort: 2,
    macs: [{ link: 'eth0', mac: '02:00:00:00:00:01' }],
    standing: 'young',
  } as const;
  const messages: Message[] = [
    { t: 'hello', v: 1, node: 'a', incarnation: '0'.repeat(16), nonce: 'f'.repeat(32), ...facts },
    { t: 'about', ...facts },
    {
      t: 'offers',
      version: 1,
      seen: 9n,
      items: [
        { address: '10.0.0.1', uids: ['u'], rv: 2n ** 60n, proven: true },
        { address: '10.0.0.2', uids: ['u'], rv: 1n, proven: false, endpoints: 'dead' },
      ],
      more: false,
    },
    {
      t: 'offers-delta',
      from: 1,
      to: 2,
      seen: 9n,
      set: [{ address: 'fd00::1', gone: true, rv: 4n }],
      gone: ['10.0.0.1'],
      more: true,
    },
    { t: 'claims', version: 1, items: ['10.0.0.1'], more: false },
    { t: 'claims-delta', from: 1, to: 2, set: [], gone: ['10.0.0.1'], more: false },
    { t: 'ask-full', what: 'claims' },
    { t: 'farewell', reason: 'SIGTERM' },
  ];
  const decode = (json: unknown) => decodeMessage(Buffer.from(JSON.stringify(json)));

  for (const message of messages)
    it(`round trip: ${message.t}`, () => assert.deepEqual(decode(toJson(message)), message));

  const standings: [unknown, string][] = [
    ['draining', 'draining'],
    ['asleep', 'young'],
    [undefined, 'ready'],
  ];
  for (const [told, want] of standings) {
    it(`a member that says it stands ${told} is taken for ${want}`, () => {
      const about = decode({ t: 'about', ...facts, standing: told });
      assert.equal(typeof about === 'object' && about.t === 'about' && about.standing, want);
    });
  }

  const refused: { name: string; json: unknown }[] = [
    { name: 'no object', json: [] },
    { name: 'an address in another spelling', json: { t: 'claims', version: 1, items: ['010.0.0.1'] } },
    { name: 'an IPv6 address in upper case', json: { t: 'claims', version: 1, items: ['FD00::1'] } },
    { name: 'a resourceVersion that is a number', json: { t: 'offers', version: 1, seen: 9, items: [] } },
    { name: 'a negative version', json: { t: 'claims', version: -1, items: [] } },
    { name: 'a fractional port', json: { t: 'about', ...facts, tcpPort: 1.5 } },
    {
      name: 'proven left out',
      json: { t: 'offers', version: 1, seen: '9', items: [{ address: '10.0.0.1', uids: [], rv: '1' }] },
    },
    { name: 'a short nonce', json: { ...messages[0], nonce: 'ff' } },
    { name: 'no name', json: { ...messages[0], node: '' } },
  ];
  for (const { name, json } of refused) it(`refuses ${name}`, () => assert.equal(decode(json), 'message-malformed'));

  it('a Service without a UID ends no session', () => {
    const items = [{ address: '10.9.0.1', uids: [''], rv: '1', proven: false }];
    assert.ok(typeof decode({ t: 'offers', version: 1, seen: '1', items }) !== 'string');
  });
  it('a kind of a newer version is ignored', () => assert.equal(decode({ t: 'weather' }), UNKNOWN_KIND));
  it('junk never throws', () => {
    fc.assert(fc.property(junk, (b) => void decodeMessage(b)));
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(...messages), (text, m) => {
        const odd = JSON.parse(text);
        for (const field of Object.keys(m)) void decode({ ...(toJson(m) as object), [field]: odd });
      }),
    );
  });
});

describe('key ids', () => {
  it('sort as people count', () => {
    const ids = ['key-10', 'key-9', 'a', '2026-10', '2026-9', 'key-9b'];
    assert.deepEqual([...ids].sort(compareKeyIds), ['2026-9', '2026-10', 'a', 'key-9', 'key-9b', 'key-10']);
  });
  it('the newest comes first in the ring', () => {
    const two = new PoolKeyRing(
      ['k9', 'k10'].map((id) => ({ id, secret: SECRET })),
      'hangzhou',
    );
    assert.deepEqual(
      two.keys.map(({ id }) => id),
      ['k10', 'k9'],
    );
  });
});
