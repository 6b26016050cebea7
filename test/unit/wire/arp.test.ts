import { strict as assert } from 'node:assert';
import { formatIpv4, ipv4Value } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import {
  ARP_FRAME_BYTES,
  ARP_REPLY,
  ARP_REQUEST,
  ArpView,
  arpAnnouncement,
  arpProbe,
  arpRequest,
  encodeArp,
  gratuitousReply,
} from '../../../edge-speaker/src/wire/arp.ts';
import { formatMac } from '../../../edge-speaker/src/wire/mac-address.ts';
import { hexFrame } from '../../support/hex-frames.ts';

const OURS = Buffer.from('020000000011', 'hex');
const CLIENT = Buffer.from('0200000000c8', 'hex');
const VIP = ipv4Value('192.168.10.240');
const CLIENT_IP = ipv4Value('192.168.10.200');

/** Into a buffer that held something else: it is used again for each answer. */
function answerTo(request: Buffer): Buffer {
  const answer = Buffer.alloc(ARP_FRAME_BYTES, 0xee);
  ArpView.over(request)?.answer(OURS, answer);
  return answer;
}

describe('ARP encoding', () => {
  const cases: { fixture: string; frame: Buffer }[] = [
    { fixture: 'arp-request-linux', frame: arpRequest(CLIENT, CLIENT_IP, VIP) },
    { fixture: 'arp-reply', frame: answerTo(arpRequest(CLIENT, CLIENT_IP, VIP)) },
    { fixture: 'arp-reply', frame: answerTo(hexFrame('arp-relayed')) },
    { fixture: 'arp-reply', frame: answerTo(hexFrame('arp-request-padded')) },
    { fixture: 'arp-probe', frame: arpProbe(OURS, VIP) },
    { fixture: 'arp-announcement', frame: arpAnnouncement(OURS, VIP) },
    { fixture: 'arp-gratuitous-reply', frame: gratuitousReply(OURS, VIP) },
  ];
  for (const { fixture, frame } of cases) {
    it(`writes ${fixture}.hex`, () => assert.equal(frame.toString('hex'), hexFrame(fixture).toString('hex')));
  }
});

describe('ArpView', () => {
  for (const fixture of ['arp-request-linux', 'arp-request-padded', 'arp-relayed']) {
    it(`reads ${fixture}.hex`, () => {
      const packet = ArpView.over(hexFrame(fixture));
      assert.ok(packet);
      assert.equal(packet.operation, ARP_REQUEST);
      assert.equal(formatMac(packet.senderMac), '02:00:00:00:00:c8');
      assert.equal(formatIpv4(packet.senderIp), '192.168.10.200');
      assert.equal(formatMac(packet.targetMac), '00:00:00:00:00:00');
      assert.equal(formatIpv4(packet.targetIp), '192.168.10.240');
    });
  }

  for (const fixture of ['arp-token-ring', 'arp-long-hardware', 'arp-cut-short']) {
    it(`refuses ${fixture}.hex`, () => assert.equal(ArpView.over(hexFrame(fixture)), undefined));
  }

  it('refuses every frame that is cut short', () => {
    const whole = hexFrame('arp-reply');
    for (let length = 0; length < whole.length; length++)
      assert.equal(ArpView.over(whole.subarray(0, length)), undefined);
  });

  it('refuses other EtherTypes', () => {
    const frame = hexFrame('arp-reply');
    frame.writeUInt16BE(0x0800, 12);
    assert.equal(ArpView.over(frame), undefined);
  });

  it('reads back whatever was written', () => {
    const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => Buffer.from(bytes));
    const ip = fc.nat({ max: 0xffffffff });
    const operation = fc.constantFrom(ARP_REQUEST, ARP_REPLY, 0, 0xffff);
    const fields = fc.record({ operation, senderMac: mac, senderIp: ip, targetMac: mac, targetIp: ip, to: mac });
    fc.assert(
      fc.property(fields, fc.nat({ max: 60 }), (f, padding) => {
        const packet = ArpView.over(Buffer.concat([encodeArp(f), Buffer.alloc(padding, 0xa5)]));
        assert.ok(packet);
        const { operation, senderMac, senderIp, targetMac, targetIp } = packet;
        const read = { operation, senderMac, senderIp, targetMac, targetIp, to: packet.ethernet.destination };
        assert.deepEqual(read, { ...f });
      }),
    );
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), fc.boolean(), (bytes, asArp) => {
        const frame = Buffer.from(bytes);
        if (asArp && frame.length >= 22) Buffer.from('080600010800060400', 'hex').copy(frame, 12);
        const packet = ArpView.over(frame);
        if (packet !== undefined) assert.equal(packet.senderMac.length + packet.targetMac.length, 12);
      }),
      { numRuns: 2_000 },
    );
  });
});
