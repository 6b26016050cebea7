import { isMap, isScalar, type Node } from 'yaml';
import { type AddressPool, usableAddresses } from './address-pools.ts';
import { decodeNamespaces, decodeServiceSelectors } from './decode-pool-audience.ts';
import { didYouMean } from './edit-distance.ts';
import { LbError } from './errors.ts';
import { formatIpAddress, tryParseIpAddress } from './ip-address.ts';
import { type IpRange, parseIpRange } from './ip-range.ts';
import { quote } from './problem.ts';
import type { Placed } from './range-overlaps.ts';
import { specialMeaning } from './special-ranges.ts';
import { describe, type Entry, type Shape, type YamlReader } from './yaml-reader.ts';

/** Where a range stands. */
export interface RangePlace {
  readonly pool: string;
  readonly node: Node;
}

const REQUIRED = {
  name: 'Add name: default, or another name.',
  protocol: 'Add protocol: layer2.',
  addresses: 'Add addresses: [192.168.10.240-192.168.10.250].',
} as const;

const NO_BGP = 'BGP is not supported by this version';

const POOL_SHAPE: Shape = {
  keys: [
    ...['name', 'protocol', 'addresses', 'auto-assign', 'avoid-buggy-ips'],
    ...['priority', 'namespaces', 'service-selectors'],
  ],
  unsupported: {
    'namespace-selectors': {
      problem: 'namespaces are not selected by label in this version',
      remedy: 'List their names in namespaces.',
    },
    'bgp-advertisements': { problem: NO_BGP, remedy: 'Use protocol layer2 and remove bgp-advertisements.' },
  },
};

/** Enough for whoever numbers in steps of a thousand. */
const MOST_PRIORITY = 1_000_000;

/** Metric labels and annotations carry the name, so it keeps to what a label value may be. */
const POOL_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const NAME_REMEDY = 'Write up to 63 letters, digits, ".", "_" and "-", with a letter or digit at both ends.';
const RANGE_REMEDY = 'Write 192.168.10.240-192.168.10.250, 192.168.10.0/24 or a single address.';

/** Reads one entry of `address-pools`; undefined where anything in it was refused. `ranges` gets all that could be read. */
export function decodeAddressPool(
  node: Node | null,
  at: Node,
  position: number,
  reader: YamlReader,
  ranges: Placed<RangePlace>[],
): { pool: AddressPool; nameNode: Node } | undefined {
  const before = reader.problems.length;
  const what = nameInMessages(node, position);
  const entries = reader.map(node, what, POOL_SHAPE, node ?? at);
  if (entries === undefined) return undefined;
  for (const [key, remedy] of Object.entries(REQUIRED)) {
    if (entries.lacks(key)) reader.refuse(node, `${what} has no ${key}`, remedy);
  }
  const nameEntry = entries.get('name');
  const name = decodeName(nameEntry, reader);
  decodeProtocol(entries.get('protocol'), what, reader);
  const autoAssign = entries.get('auto-assign');
  const avoidBuggyIps = entries.get('avoid-buggy-ips');
  const priority = entries.get('priority');
  const pool: AddressPool = {
    name: name ?? '',
    ranges: decodeRanges(entries.get('addresses'), name ?? `${position}`, what, reader, ranges),
    autoAssign: autoAssign === undefined ? true : (reader.boolean(autoAssign) ?? true),
    avoidBuggyIps: avoidBuggyIps === undefined ? false : (reader.boolean(avoidBuggyIps) ?? false),
    priority: priority === undefined ? 0 : (reader.integer(priority, 0, MOST_PRIORITY) ?? 0),
    namespaces: decodeNamespaces(entries.get('namespaces'), what, reader),
    serviceSelectors: decodeServiceSelectors(entries.get('service-selectors'), what, reader),
  };
  if (nameEntry?.node == null || reader.problems.length > before) return undefined;
  if (usableAddresses(pool) === 0n) {
    reader.warn(nameEntry.node, `${what} holds no address that can be handed out`, 'Add a range.');
  }
  return { pool, nameNode: nameEntry.node };
}

/** The name where it is a good one: then every message about the pool says it. */
function nameInMessages(node: Node | null, position: number): string {
  const name: unknown = isMap(node) ? node.get('name') : undefined;
  return `address pool ${typeof name === 'string' && POOL_NAME.test(name) ? quote(name) : position}`;
}

function decodeName(entry: Entry | undefined, reader: YamlReader): string | undefined {
  if (entry === undefined) return undefined;
  const name = reader.text(entry, NAME_REMEDY);
  if (name === undefined || POOL_NAME.test(name)) return name;
  reader.refuse(entry.node, `${quote(name)} is no name for an address pool`, NAME_REMEDY);
  return undefined;
}

function decodeProtocol(entry: Entry | undefined, what: string, reader: YamlReader): void {
  if (entry === undefined) return;
  const protocol = reader.text(entry, 'Write layer2.');
  if (protocol === undefined || protocol === 'layer2') return;
  if (protocol === 'bgp') {
    reader.refuse(entry.node, NO_BGP, 'Use protocol: layer2.');
    return;
  }
  const remedy = didYouMean(protocol, ['layer2']).trimStart() || 'Write layer2.';
  reader.refuse(entry.node, `${what} has the unknown protocol ${quote(protocol)}`, remedy);
}

function decodeRanges(
  entry: Entry | undefined,
  pool: string,
  what: string,
  reader: YamlReader,
  placed: Placed<RangePlace>[],
): readonly IpRange[] {
  if (entry === undefined) return [];
  const items = reader.list(entry);
  if (items?.length === 0) reader.refuse(entry.node, `${what} has an empty list of addresses`, RANGE_REMEDY);
  const ranges: IpRange[] = [];
  for (const item of items ?? []) {
    const range = decodeRange({ name: 'address', keyNode: entry.keyNode, node: item }, reader);
    if (range === undefined || item === null) continue;
    ranges.push(range);
    placed.push({ range, from: { pool, node: item } });
  }
  return ranges;
}

function decodeRange(entry: Entry, reader: YamlReader): IpRange | undefined {
  const { node } = entry;
  if (isScalar(node) && typeof node.value === 'number') {
    reader.refuse(node, `${describe(node)} is no address`, RANGE_REMEDY);
    return undefined;
  }
  const text = reader.text(entry, RANGE_REMEDY);
  if (text === undefined) return undefined;
  try {
    const range = parseIpRange(text.trim());
    const meaning = specialMeaning(range);
    if (meaning !== undefined) {
      reader.refuse(node, `${text} holds ${meaning}`, 'Write a range of the LAN of this NodePool.');
      return undefined;
    }
    warnOfHostBits(range, entry, reader);
    return range;
  } catch (error) {
    if (!(error instanceof LbError)) throw error;
    reader.refuse(node, error.message.slice(`${error.code}: `.length), error.remedy);
    return undefined;
  }
}

function warnOfHostBits(range: IpRange, { node }: Entry, reader: YamlReader): void {
  const [address = '', prefix] = range.text.split('/');
  const written = prefix === undefined ? undefined : tryParseIpAddress(address);
  if (written === undefined || written.value === range.first) return;
  const network = `${formatIpAddress({ family: range.family, value: range.first })}/${prefix}`;
  reader.warn(node, `${range.text} is taken as ${network}`, `Write ${network}.`);
}
