import { canonicalIp } from '@openyurt/nodepool-types';
import { ENDPOINTS_WORDS, type OfferItem, STANDINGS, type Standing } from '../election/offer.ts';
import { type Facts, MAX_LINKS, type Message } from './messages.ts';

/** Services that share one address. A frame's length bounds the rest. */
const MAX_UIDS = 20_000;

/** The message is of a kind this version does not know: a newer member's. Ignored. */
export const UNKNOWN_KIND = 'unknown-kind';

/** Why a message ends the session; the metric label. */
export type MessageRefusal = 'message-not-json' | 'message-malformed';

class Malformed extends Error {}

/** Never throws. */
export function decodeMessage(body: Buffer): Message | typeof UNKNOWN_KIND | MessageRefusal {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return 'message-not-json';
  }
  try {
    return read(json);
  } catch (error) {
    if (error instanceof Malformed) return 'message-malformed';
    throw error;
  }
}

function read(json: unknown): Message | typeof UNKNOWN_KIND {
  const o = object(json);
  switch (text(o.t, 32)) {
    case 'hello':
      return {
        t: 'hello',
        v: count(o.v),
        node: text(o.node, 253, 1),
        incarnation: hex(o.incarnation, 16),
        nonce: hex(o.nonce, 32),
        ...facts(o),
      };
    case 'about':
      return { t: 'about', ...facts(o) };
    case 'offers':
      return {
        t: 'offers',
        version: count(o.version),
        seen: version(o.seen),
        items: list(o.items, item),
        more: more(o),
      };
    case 'offers-delta':
      return {
        t: 'offers-delta',
        ...span(o),
        seen: version(o.seen),
        set: list(o.set, item),
        gone: list(o.gone, address),
        more: more(o),
      };
    case 'claims':
      return { t: 'claims', version: count(o.version), items: list(o.items, address), more: more(o) };
    case 'claims-delta':
      return { t: 'claims-delta', ...span(o), set: list(o.set, address), gone: list(o.gone, address), more: more(o) };
    case 'ask-full':
      if (o.what !== 'offers' && o.what !== 'claims') throw new Malformed();
      return { t: 'ask-full', what: o.what };
    case 'farewell':
      return { t: 'farewell', reason: text(o.reason, 200) };
    default:
      return UNKNOWN_KIND;
  }
}

type Json = Record<string, unknown>;

function facts(o: Json): Facts {
  const macs = list(o.macs, (value) => {
    const mac = object(value);
    return { link: text(mac.link, 32, 1), mac: macAddress(mac.mac) };
  });
  if (macs.length > MAX_LINKS) throw new Malformed();
  return {
    configHash: hex(o.configHash, 16),
    heartbeatMs: within(o.heartbeatMs, 1, 60_000),
    deadMs: within(o.deadMs, 1, 600_000),
    tcpPort: within(o.tcpPort, 0, 65_535),
    udpPort: within(o.udpPort, 0, 65_535),
    macs,
    standing: standing(o.standing),
  };
}

/** A word of a newer release is taken for the one that changes least. */
function standing(value: unknown): Standing {
  if (value === undefined) return 'ready';
  const told = text(value, 32);
  return STANDINGS.find((one) => one === told) ?? 'young';
}

function item(value: unknown): OfferItem {
  const o = object(value);
  if (o.gone === true) return { address: address(o.address), gone: true, rv: version(o.rv) };
  const uids = list(o.uids, (uid) => text(uid, 64));
  if (uids.length > MAX_UIDS || typeof o.proven !== 'boolean') throw new Malformed();
  const offer = { address: address(o.address), uids, rv: version(o.rv), proven: o.proven };
  if (o.endpoints === undefined) return offer;
  // A word of a newer release is taken for the one that changes least.
  return { ...offer, endpoints: ENDPOINTS_WORDS.find((word) => word === o.endpoints) ?? 'not-asked' };
}

function span(o: Json): { from: number; to: number } {
  return { from: count(o.from), to: count(o.to) };
}

function object(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed();
  return value as Json;
}

function list<T>(value: unknown, each: (value: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new Malformed();
  return value.map(each);
}

function text(value: unknown, max: number, min = 0): string {
  if (typeof value !== 'string' || value.length > max || value.length < min) throw new Malformed();
  return value;
}

function address(value: unknown): string {
  const told = text(value, 45);
  if (canonicalIp(told) !== told) throw new Malformed(); // one spelling: members compare text
  return told;
}

function macAddress(value: unknown): string {
  const told = text(value, 17);
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(told)) throw new Malformed();
  return told;
}

function hex(value: unknown, digits: number): string {
  const told = text(value, digits, digits);
  if (!/^[0-9a-f]+$/.test(told)) throw new Malformed();
  return told;
}

/** A resourceVersion: decimal, below 10^20. */
function version(value: unknown): bigint {
  const told = text(value, 20, 1);
  if (!/^\d+$/.test(told)) throw new Malformed();
  return BigInt(told);
}

function count(value: unknown): number {
  return within(value, 0, Number.MAX_SAFE_INTEGER);
}

function within(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw new Malformed();
  return value;
}

function more(o: Json): boolean {
  return o.more === true;
}
