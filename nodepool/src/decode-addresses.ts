import { isScalar, type Node } from 'yaml';
import type { AddressConfig, AddressPool } from './address-pools.ts';
import { decodeAddressPool, type RangePlace } from './decode-address-pool.ts';
import { decodeSite } from './decode-site.ts';
import { didYouMean } from './edit-distance.ts';
import { compareProblems, type Decoded, type Problem, quote } from './problem.ts';
import { findOverlaps, type Placed } from './range-overlaps.ts';
import { DEFAULT_SITE_CONFIG, type SiteConfig } from './site-config.ts';
import { CONFIG_BOUNDS } from './yaml-bounds.ts';
import { findExtras, parseYaml } from './yaml-document.ts';
import { type Shape, type UnknownKeys, YamlReader } from './yaml-reader.ts';

export interface DecodeAddressOptions {
  /** Default `refuse`. */
  readonly unknownKeys?: UnknownKeys;
  /** What absent keys of `data.site` take; default {@link DEFAULT_SITE_CONFIG}. */
  readonly siteDefaults?: SiteConfig;
}

/** The keys of `data` in a NodePool's ConfigMap. */
export const ADDRESS_DATA_KEYS = ['config', 'site'] as const;

const bgp = (key: string) => ({
  problem: 'BGP is not supported by this version',
  remedy: `Use protocol layer2 in every address pool and remove ${key}.`,
});

const CONFIG_SHAPE: Shape = {
  keys: ['address-pools'],
  unsupported: {
    peers: bgp('peers'),
    'bgp-communities': bgp('bgp-communities'),
    'bfd-profiles': bgp('bfd-profiles'),
    'peer-autodiscovery': bgp('peer-autodiscovery'),
  },
};

/** More than these are cut: the first hundred say enough. */
const MAX_PROBLEMS = 100;

/**
 * Reads `data` of a NodePool's ConfigMap: `config` in MetalLB's format of v0.8 to v0.12, and `site`. Never throws.
 * All or nothing: any problem refuses the whole. Work is bounded by the length of the texts, whatever they say.
 */
export function decodeAddressConfig(
  data: Readonly<Record<string, string>>,
  { unknownKeys = 'refuse', siteDefaults = DEFAULT_SITE_CONFIG }: DecodeAddressOptions = {},
): Decoded<AddressConfig> {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const key of Object.keys(data)) {
    if (key === 'config' || key === 'site') continue;
    const remedy = didYouMean(key, ADDRESS_DATA_KEYS).trimStart() || 'Remove it; known are config and site.';
    const problem = { line: 1, col: 1, dataKey: key, problem: `data has the unknown key ${quote(key)}`, remedy };
    (unknownKeys === 'refuse' ? problems : warnings).push(problem);
  }
  const read = <T>(key: string, text: string, decode: (root: Node | null, reader: YamlReader) => T): T | undefined => {
    const answer = readText(key, text, unknownKeys, decode);
    problems.push(...answer.problems);
    warnings.push(...answer.warnings);
    return answer.value;
  };
  const pools = read('config', textOf(data, 'config') ?? '', decodePools);
  const siteText = textOf(data, 'site');
  const blank = siteText === undefined || siteText.trim() === '';
  const site = blank ? siteDefaults : read('site', siteText, (root, reader) => decodeSite(root, reader, siteDefaults));
  if (problems.length > 0 || pools === undefined || site === undefined) {
    return { ok: false, problems: problems.sort(compareProblems).slice(0, MAX_PROBLEMS) };
  }
  return { ok: true, value: { pools, site }, warnings: warnings.sort(compareProblems).slice(0, MAX_PROBLEMS) };
}

function textOf(data: Readonly<Record<string, string>>, key: string): string | undefined {
  const text: unknown = Object.hasOwn(data, key) ? data[key] : undefined;
  return typeof text === 'string' ? text : undefined;
}

interface TextAnswer<T> {
  readonly value?: T;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

function readText<T>(
  dataKey: string,
  text: string,
  unknownKeys: UnknownKeys,
  decode: (root: Node | null, reader: YamlReader) => T,
): TextAnswer<T> {
  const refused = (problems: readonly Problem[]) => ({
    problems: problems.map((problem) => ({ ...problem, dataKey })),
    warnings: [],
  });
  const parsed = parseYaml(text, CONFIG_BOUNDS);
  if (!parsed.ok) return refused(parsed.problems);
  const { documents, place } = parsed;
  const [document, second] = documents;
  if (second !== undefined) {
    const problem = 'holds more than one YAML document';
    return refused([{ ...place(second.range[0]), problem, remedy: 'Keep one document, without --- lines.' }]);
  }
  const extras = document === undefined ? [] : findExtras(document, place);
  if (extras.length > 0) return refused(extras);
  const reader = new YamlReader(dataKey, place, unknownKeys);
  const value = decode(document?.contents ?? null, reader);
  return { value, problems: reader.problems, warnings: reader.warnings };
}

function decodePools(root: Node | null, reader: YamlReader): readonly AddressPool[] {
  if (root === null || (isScalar(root) && root.value === null)) {
    reader.refuse(null, 'the configuration is empty', 'Write address-pools, or delete the ConfigMap.');
    return [];
  }
  const entries = reader.map(root, 'the configuration', CONFIG_SHAPE);
  const entry = entries?.get('address-pools');
  if (entry === undefined) {
    if (entries?.lacks('address-pools')) {
      reader.refuse(root, 'the configuration has no address-pools', 'Add address-pools.');
    }
    return [];
  }
  const items = reader.list(entry);
  if (items?.length === 0) {
    reader.refuse(entry.node, 'address-pools is an empty list', 'Add an address pool, or delete the ConfigMap.');
  }
  const ranges: Placed<RangePlace>[] = [];
  const pools = new Map<string, { pool: AddressPool; nameNode: Node }>();
  (items ?? []).forEach((item, index) => {
    const decoded = decodeAddressPool(item, entry.keyNode, index + 1, reader, ranges);
    if (decoded === undefined) return;
    const first = pools.get(decoded.pool.name);
    if (first === undefined) pools.set(decoded.pool.name, decoded);
    else {
      const line = reader.lineOf(first.nameNode);
      const problem = `a second address pool has the name ${quote(decoded.pool.name)}, first in line ${line}`;
      reader.refuse(decoded.nameNode, problem, 'Give it another name.');
    }
  });
  refuseOverlaps(ranges, reader);
  return [...pools.values()].map(({ pool }) => pool);
}

function refuseOverlaps(ranges: readonly Placed<RangePlace>[], reader: YamlReader): void {
  for (const { first, second } of findOverlaps(ranges)) {
    const say = ({ range, from }: Placed<RangePlace>) =>
      `${range.text} (address pool ${quote(from.pool)}, line ${reader.lineOf(from.node)})`;
    const problem = `${say(second)} overlaps ${say(first)}`;
    reader.refuse(second.from.node, problem, 'Remove the addresses they share from one of them.');
  }
}
