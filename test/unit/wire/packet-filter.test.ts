import { strict as assert } from 'node:assert';
import {
  ETH_P_ARP,
  ETH_P_IPV6,
  type FrameKind,
  filterFor,
  PROTOCOLS,
} from '../../../edge-speaker/src/io/packet-filter.ts';
import { hexFrame } from '../../support/hex-frames.ts';

/** Runs a classic BPF program as the kernel does, for the instructions ours uses. @returns bytes to keep; 0: dropped */
function run(program: Buffer, packet: Buffer): number {
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const k = program.readUInt32LE(at + 4);
    const jump = (taken: boolean) => {
      at += 8 * program.readUInt8(at + (taken ? 2 : 3));
    };
    switch (program.readUInt16LE(at)) {
      case 0x28:
        if (k + 2 > packet.length) return 0;
        accumulator = packet.readUInt16BE(k);
        break;
      case 0x30:
        if (k + 1 > packet.length) return 0;
        accumulator = packet.readUInt8(k);
        break;
      case 0x15:
        jump(accumulator === k);
        break;
      case 0x35:
        jump(accumulator >= k);
        break;
      case 0x25:
        jump(accumulator > k);
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`unknown instruction ${program.readUInt16LE(at)}`);
    }
  }
  throw new Error('the program has no end');
}

function ipv6(nextHeader: number, type: number): Buffer {
  const frame = Buffer.alloc(86);
  frame.writeUInt16BE(ETH_P_IPV6, 12);
  frame[20] = nextHeader;
  frame[54] = type;
  return frame;
}

const arp = hexFrame('arp-request-linux');
const ipv4 = Buffer.alloc(60);
ipv4.writeUInt16BE(0x0800, 12);

describe('packet filter', () => {
  const frames: { name: string; frame: Buffer; kind: FrameKind | undefined }[] = [
    { name: 'ARP', frame: arp, kind: 'arp' },
    { name: 'IPv4', frame: ipv4, kind: undefined },
    ...[133, 135, 136, 137].map((type) => ({ name: `ICMPv6 ${type}`, frame: ipv6(58, type), kind: 'ndp' as const })),
    ...[128, 132, 138].map((type) => ({ name: `ICMPv6 ${type}`, frame: ipv6(58, type), kind: undefined })),
    { name: 'UDP over IPv6', frame: ipv6(17, 135), kind: undefined },
    { name: 'half a frame', frame: ipv6(58, 135).subarray(0, 50), kind: undefined },
  ];
  for (const wanted of ['arp', 'ndp'] satisfies FrameKind[]) {
    for (const { name, frame, kind } of frames) {
      it(`for ${wanted}: ${name} ${kind === wanted ? 'passes' : 'is dropped'}`, () => {
        assert.equal(run(filterFor(wanted), frame) > 0, kind === wanted);
      });
    }
  }

  it('binds to the protocol of its kind, never to all', () => {
    assert.deepEqual(PROTOCOLS, { arp: ETH_P_ARP, ndp: ETH_P_IPV6 });
  });
});
