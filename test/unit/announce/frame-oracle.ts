import { advertisement, checksumOf, ip6, option } from '../../support/ndp-frames.ts';

/**
 * What a frame may make a responder do, worked out from the RFCs alone: no line of the product is used, and nothing here is
 * fast. Addresses and MACs are hexadecimal texts.
 */
export interface World {
  readonly ourMac: string;
  readonly poolMacs: ReadonlySet<string>;
  /** Of other links of this node. */
  readonly nodeMacs: ReadonlySet<string>;
  /** Addresses on the link that hears the frame, as frames hold them (four or sixteen bytes). */
  readonly ours: ReadonlyMap<string, { readonly address: string; readonly phase: 'probing' | 'announced' }>;
  /** What our own probes carry (RFC 7527). */
  readonly nonce: string;
}

export type Deed =
  | { readonly kind: 'frame'; readonly hex: string }
  /** An advertisement for this address to all nodes. */
  | { readonly kind: 'to-all'; readonly target: string }
  | { readonly kind: 'conflict' | 'hand-over'; readonly address: string; readonly byMac: string };

const colons = (hex: string) => hex.replace(/(..)(?!$)/g, '$1:');
const isStation = (mac: string) => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && !/^0+$/.test(mac);

/** @returns undefined: nothing at all */
export function deedFor(frame: Buffer, world: World): Deed | undefined {
  if (frame.length < 14) return undefined;
  const etherType = frame.toString('hex', 12, 14);
  if (etherType === '0806') return arpDeed(frame, world);
  return etherType === '86dd' ? ndpDeed(frame, world) : undefined;
}

/** What is left of it when the frame waited too long: only what makes us silent. */
export function lateDeedFor(frame: Buffer, world: World): Deed | undefined {
  const deed = deedFor(frame, world);
  if (deed?.kind !== 'conflict') return undefined;
  return [...world.ours.values()].some((one) => one.address === deed.address && one.phase === 'probing')
    ? deed
    : undefined;
}

function claim(world: World, owned: string, mac: string): Deed | undefined {
  const one = world.ours.get(owned);
  if (one === undefined || world.nodeMacs.has(mac)) return undefined;
  return { kind: world.poolMacs.has(mac) ? 'hand-over' : 'conflict', address: one.address, byMac: colons(mac) };
}

/** RFC 826 for the packet and the answer, RFC 5227 §2.1.1, §2.4 and §2.5 for the rest. */
function arpDeed(frame: Buffer, world: World): Deed | undefined {
  const hex = frame.toString('hex');
  const field = (at: number, bytes: number) => hex.slice(2 * at, 2 * (at + bytes));
  if (frame.length < 42 || field(14, 6) !== '000108000604') return undefined;
  const [etherTo, etherFrom, operation] = [field(0, 6), field(6, 6), field(20, 2)];
  const [senderMac, senderIp, targetIp] = [field(22, 6), field(28, 4), field(38, 4)];
  if ([etherFrom, senderMac].includes(world.ourMac)) return undefined;
  const claimed = claim(world, senderIp, senderMac);
  if (world.ours.has(senderIp) || operation !== '0001' || !isStation(senderMac)) return claimed;
  const asked = world.ours.get(targetIp);
  if (asked === undefined) return undefined;
  if (asked.phase === 'probing') {
    const rival = senderIp === '00000000' && ![world.poolMacs, world.nodeMacs].some((macs) => macs.has(senderMac));
    return rival ? { kind: 'conflict', address: asked.address, byMac: colons(senderMac) } : undefined;
  }
  const network = Number.parseInt(senderIp.slice(0, 2), 16);
  const isHost = senderIp === '00000000' || (network > 0 && network !== 127 && network < 224); // RFC 1122 §3.2.1.3
  if (!isHost || ![world.ourMac, 'ffffffffffff'].includes(etherTo)) return undefined;
  const reply = `${senderMac}${world.ourMac}08060001080006040002`;
  return { kind: 'frame', hex: `${reply}${world.ourMac}${targetIp}${senderMac}${senderIp}` };
}

/** RFC 4861 §7.1.1 and §7.1.2 for what is valid, §7.2.3 and §7.2.4 for answers, RFC 4862 §5.4.3 and §5.4.4 for duplicates. */
function ndpDeed(frame: Buffer, world: World): Deed | undefined {
  if (frame.length < 54) return undefined;
  const hex = frame.toString('hex');
  const field = (at: number, bytes: number) => hex.slice(2 * at, 2 * (at + bytes));
  const message = frame.subarray(54, 54 + frame.readUInt16BE(18));
  const [from, to] = [field(22, 16), field(38, 16)];
  const isIpv6WithIcmp = field(14, 1).startsWith('6') && field(20, 1) === '3a';
  if (!isIpv6WithIcmp || message.length < frame.readUInt16BE(18) || message.length < 24) return undefined;
  const asks = message[0] === 135;
  if ((!asks && message[0] !== 136) || message[1] !== 0 || frame[21] !== 255) return undefined;
  if (from.startsWith('ff') || BigInt(`0x${from}`) === 1n) return undefined; // RFC 4291 §2.7, §2.5.3
  if (checksumOf(frame.subarray(22, 38), frame.subarray(38, 54), message) !== 0) return undefined;
  const target = message.toString('hex', 8, 24);
  if (target.startsWith('ff')) return undefined;
  const options = optionsOf(message.subarray(24));
  const named = options?.find(({ type }) => type === (asks ? 1 : 2))?.body;
  if (options === undefined || (named !== undefined && named.length !== 12)) return undefined;
  const detects = asks && /^0+$/.test(from);
  if (detects && (!to.startsWith('ff0200000000000000000001ff') || named !== undefined)) return undefined;
  if (!asks && to.startsWith('ff') && ((message[4] ?? 0) & 0x40) !== 0) return undefined;

  const etherFrom = field(6, 6);
  const who = named ?? etherFrom;
  if ([etherFrom, who].includes(world.ourMac)) return undefined;
  const claimed = claim(world, asks ? from : target, who);
  if (world.ours.has(asks ? from : target) || !asks || !isStation(who)) return claimed;
  const asked = world.ours.get(target);
  const ownNonce = options.find(({ type, body }) => type === 14 && body.length === 12)?.body === world.nonce;
  if (asked === undefined || (detects && ownNonce)) return undefined;
  if (asked.phase === 'probing') {
    const rival = detects && ![world.poolMacs, world.nodeMacs].some((macs) => macs.has(who));
    return rival ? { kind: 'conflict', address: asked.address, byMac: colons(who) } : undefined;
  }
  const listensAt = [target, `ff0200000000000000000001ff${target.slice(-6)}`, 'ff020000000000000000000000000001'];
  const etherTo = field(0, 6);
  const arrives =
    etherTo === world.ourMac || ((Number.parseInt(etherTo.slice(0, 2), 16) & 1) === 1 && etherTo !== 'ffffffffffff');
  if (!listensAt.includes(to) || !arrives) return undefined;
  if (detects) return { kind: 'to-all', target };
  return { kind: 'frame', hex: answerTo(world.ourMac, target, who, from) };
}

/** RFC 4861 §4.6. @returns undefined where a length is 0 or runs past the end */
function optionsOf(bytes: Buffer): { type: number; body: string }[] | undefined {
  const found: { type: number; body: string }[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const length = 8 * (rest[1] ?? 0);
    if (length === 0 || length > rest.length) return undefined;
    found.push({ type: rest[0] ?? 0, body: rest.toString('hex', 2, length) });
    rest = rest.subarray(length);
  }
  return found;
}

/** RFC 4861 §7.2.4: to the asker, S=1, O=1, R=0, with the target link-layer address. */
function answerTo(ourMac: string, target: string, asker: string, from: string): string {
  const text = (address: string) => address.replace(/(....)(?!$)/g, '$1:');
  const addresses = { from: text(target), to: text(from), etherFrom: colons(ourMac), etherTo: colons(asker) };
  const options = [option(2, Buffer.from(ourMac, 'hex'))];
  return advertisement(text(target), { ...addresses, options, flags: 'SO' }).toString('hex');
}

/** As frames hold it. */
export const hex6 = (text: string) => ip6(text).toString('hex');
