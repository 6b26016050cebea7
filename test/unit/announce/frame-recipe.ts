import fc from 'fast-check';
import { ARP_REPLY, ARP_REQUEST, encodeArp } from '../../../edge-speaker/src/wire/arp.ts';
import { BROADCAST_MAC } from '../../../edge-speaker/src/wire/ethernet.ts';
import {
  checksumOf,
  groupMacOf,
  groupOf,
  mac6,
  ndpFrame,
  nonce,
  option,
  sourceMac,
  targetMac,
} from '../../support/ndp-frames.ts';

/** Who and what may stand in a frame; few of each, so that they meet. */
export interface Cast {
  readonly macs: readonly string[];
  /** Those that speak most. */
  readonly stations: readonly string[];
  readonly ipv4: readonly number[];
  readonly ipv6: readonly string[];
  readonly groups: readonly string[];
  readonly nonces: readonly string[];
}

type Change = (frame: Buffer) => Buffer;

/** Frames of both protocols, valid ones and such as are damaged in one to three places, half of those with a checksum that is right. */
export function anyFrame(cast: Cast): fc.Arbitrary<Buffer> {
  const junk = fc.uint8Array({ maxLength: 140 }).map((bytes) => Buffer.from(bytes));
  const good = fc.oneof({ weight: 1, arbitrary: arpFrame(cast) }, { weight: 2, arbitrary: neighbourFrame(cast) });
  const damaged = fc
    .tuple(good, fc.array(anyChange(), { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([frame, changes, mended]) => {
      const after = changes.reduce((bytes, change) => change(bytes), frame);
      return mended ? mend(after) : after;
    });
  const labelled = fc.tuple(junk, fc.constantFrom(0x0806, 0x86dd, 0x8100)).map(([bytes, etherType]) => {
    if (bytes.length >= 14) bytes.writeUInt16BE(etherType, 12);
    return bytes;
  });
  return fc.oneof(
    { weight: 1, arbitrary: junk },
    { weight: 1, arbitrary: labelled },
    { weight: 4, arbitrary: good },
    { weight: 6, arbitrary: damaged },
  );
}

function arpFrame({ macs, stations, ipv4 }: Cast): fc.Arbitrary<Buffer> {
  const [mac, ip] = [fc.constantFrom(...macs), fc.constantFrom(...ipv4)];
  const sender = fc.oneof(fc.constantFrom(...stations), mac);
  return fc
    .tuple(fc.constantFrom(ARP_REQUEST, ARP_REQUEST, ARP_REPLY, 9), mac, sender, sender, mac, ip, ip, fc.boolean())
    .map(([operation, to, etherFrom, senderMac, target, senderIp, targetIp, toAll]) => {
      const macsOf = { to: toAll ? BROADCAST_MAC : mac6(to), senderMac: mac6(senderMac), targetMac: mac6(target) };
      const frame = encodeArp({ operation, ...macsOf, senderIp, targetIp });
      mac6(etherFrom).copy(frame, 6);
      return frame;
    });
}

function neighbourFrame({ macs, stations, ipv6, groups, nonces }: Cast): fc.Arbitrary<Buffer> {
  const [mac, ip] = [fc.constantFrom(...macs), fc.constantFrom(...ipv6)];
  const sender = fc.oneof(fc.constantFrom(...stations), mac);
  const oneOption = fc.oneof(
    sender.map(sourceMac),
    sender.map(targetMac),
    fc.constantFrom(...nonces).map(nonce),
    fc
      .tuple(fc.nat(255), fc.nat(3))
      .map(([type, units]) => option(type, Buffer.alloc(Math.max(0, 8 * units - 2)), units)),
  );
  const fields = fc.record({
    etherTo: mac,
    etherFrom: sender,
    from: fc.oneof(ip, fc.constant('::')),
    to: fc.oneof(ip, fc.constantFrom(...groups)),
    type: fc.constantFrom(135, 135, 136, 133),
    flags: fc.constantFrom('', 'O', 'S', 'SO', 'RO'),
    target: ip,
    options: fc.array(oneOption, { maxLength: 3 }),
    hopLimit: fc.constantFrom(255, 255, 255, 255, 64),
  });
  return fc.tuple(fields, fc.nat(3)).map(([plain, aim]) => {
    // Most go where a host would send them: to the target's group, or to the target.
    const to = aim < 2 ? groupOf(plain.target) : aim === 2 ? plain.target : plain.to;
    const etherTo = aim < 2 ? groupMacOf(to) : plain.etherTo;
    return ndpFrame({ ...plain, to, etherTo, etherType: 0x86dd, version: 6, nextHeader: 58, code: 0 });
  });
}

function anyChange(): fc.Arbitrary<Change> {
  const place = fc.nat(120);
  return fc.oneof(
    fc.tuple(place, fc.nat(7)).map(
      ([at, bit]) =>
        (frame: Buffer) =>
          set(frame, at, (old) => old ^ (1 << bit)),
    ),
    fc.tuple(place, fc.nat(255)).map(
      ([at, byte]) =>
        (frame: Buffer) =>
          set(frame, at, () => byte),
    ),
    place.map((length) => (frame: Buffer) => frame.subarray(0, length)),
    fc.nat(24).map((more) => (frame: Buffer) => Buffer.concat([frame, Buffer.alloc(more, 0x01)])),
    fc.nat(40).map((bytes) => (frame: Buffer) => set(frame, 19, () => bytes)), // the payload's length
    fc.constantFrom(0, 1, 2, 255).map((units) => (frame: Buffer) => set(frame, 79, () => units)), // the first option's
  );
}

function set(frame: Buffer, at: number, to: (old: number) => number): Buffer {
  const old = frame[at];
  if (old !== undefined) frame[at] = to(old);
  return frame;
}

/** Makes the checksum of a neighbour message right again, so that what lies behind it is reached. */
function mend(frame: Buffer): Buffer {
  if (frame.length < 58 || frame.readUInt16BE(12) !== 0x86dd) return frame;
  const message = frame.subarray(54, 54 + frame.readUInt16BE(18));
  if (message.length < 4) return frame;
  message.writeUInt16BE(0, 2);
  message.writeUInt16BE(checksumOf(frame.subarray(22, 38), frame.subarray(38, 54), message), 2);
  return frame;
}
