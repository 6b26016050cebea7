import { isScalar, type Node } from 'yaml';
import { parseDurationMs } from './duration.ts';
import { didYouMean } from './edit-distance.ts';
import { quote } from './problem.ts';
import { FAIL_BACKS, type SiteConfig, SPLIT_POLICIES } from './site-config.ts';
import type { Entry, Shape, YamlReader } from './yaml-reader.ts';

const SITE_SHAPE: Shape = {
  keys: [
    'heartbeat',
    'splitPolicy',
    'failBack',
    'minReadySeconds',
    'probes',
    'gratuitous',
    'refresh',
    'interfaces',
    'allowOutsideRanges',
  ],
};
const BURST_SHAPE: Shape = { keys: ['count', 'interval'] };

/** Limits of `data.site`; times in milliseconds. The longest probe interval is RFC 5227's PROBE_MAX. */
export const SITE_LIMITS = {
  heartbeatMs: { least: 20, most: 10_000 },
  minReadySeconds: { least: 0, most: 300 },
  probes: { count: { least: 1, most: 10 }, intervalMs: { least: 1, most: 2_000 } },
  gratuitous: { count: { least: 1, most: 20 }, intervalMs: { least: 10, most: 60_000 } },
  /** Or 0: none. */
  refreshMs: { least: 1_000, most: 3_600_000 },
} as const;

/** Linux takes 15 bytes, none of them a blank or a slash; `*` stands for any run of characters. */
const INTERFACE = /^[A-Za-z0-9_.:@*-]{1,15}$/;

interface Burst {
  readonly count: number;
  readonly intervalMs: number;
}

interface BurstLimits {
  readonly count: { readonly least: number; readonly most: number };
  readonly intervalMs: { readonly least: number; readonly most: number };
}

/** Reads the mapping of `data.site`; what is absent or refused keeps its default. */
export function decodeSite(node: Node | null, reader: YamlReader, defaults: SiteConfig): SiteConfig {
  const entries = reader.map(node, 'the site', SITE_SHAPE);
  const read = <T>(key: string, decode: (entry: Entry) => T | undefined, fallback: T): T => {
    const entry = entries?.get(key);
    return (entry && decode(entry)) ?? fallback;
  };
  const { least, most } = SITE_LIMITS.heartbeatMs;
  const ready = SITE_LIMITS.minReadySeconds;
  return {
    heartbeatMs: read('heartbeat', (entry) => reader.durationMs(entry, least, most), defaults.heartbeatMs),
    probes: read('probes', (e) => decodeBurst(e, reader, SITE_LIMITS.probes, defaults.probes), defaults.probes),
    gratuitous: read(
      'gratuitous',
      (entry) => decodeBurst(entry, reader, SITE_LIMITS.gratuitous, defaults.gratuitous),
      defaults.gratuitous,
    ),
    refreshMs: read('refresh', (entry) => decodeRefresh(entry, reader), defaults.refreshMs),
    interfaces: read('interfaces', (entry) => decodeInterfaces(entry, reader), defaults.interfaces),
    allowOutsideRanges: read('allowOutsideRanges', (entry) => reader.boolean(entry), defaults.allowOutsideRanges),
    splitPolicy: read('splitPolicy', (entry) => oneWord(entry, reader, SPLIT_POLICIES), defaults.splitPolicy),
    failBack: read('failBack', (entry) => oneWord(entry, reader, FAIL_BACKS), defaults.failBack),
    minReadySeconds: read(
      'minReadySeconds',
      (entry) => reader.integer(entry, ready.least, ready.most),
      defaults.minReadySeconds,
    ),
  };
}

function decodeBurst(entry: Entry, reader: YamlReader, limits: BurstLimits, defaults: Burst): Burst | undefined {
  const entries = reader.map(entry.node, entry.name, BURST_SHAPE, entry.node ?? entry.keyNode);
  const count = entries?.get('count');
  const interval = entries?.get('interval');
  return {
    count: (count && reader.integer(count, limits.count.least, limits.count.most)) ?? defaults.count,
    intervalMs:
      (interval && reader.durationMs(interval, limits.intervalMs.least, limits.intervalMs.most)) ?? defaults.intervalMs,
  };
}

/** A zero in any spelling turns it off. */
function decodeRefresh(entry: Entry, reader: YamlReader): number | undefined {
  const { least, most } = SITE_LIMITS.refreshMs;
  const value: unknown = isScalar(entry.node) ? entry.node.value : undefined;
  const isOff = value === 0 || (typeof value === 'string' && parseDurationMs(value) === 0);
  return isOff ? 0 : reader.durationMs(entry, least, most, '0 for none');
}

function decodeInterfaces(entry: Entry, reader: YamlReader): readonly string[] | undefined {
  const names = new Set<string>();
  for (const node of reader.list(entry) ?? []) {
    const name = reader.text({ name: 'interface', keyNode: entry.keyNode, node }, 'Write a name such as eth0 or en*.');
    if (name === undefined) continue;
    if (!INTERFACE.test(name)) {
      reader.refuse(node, `${quote(name)} is no interface name or pattern`, 'Write a name such as eth0 or en*.');
    } else names.add(name);
  }
  return [...names];
}

function oneWord<W extends string>(entry: Entry, reader: YamlReader, words: readonly W[]): W | undefined {
  const choices = words.join(' or ');
  const text = reader.text(entry, `Write ${choices}.`);
  if (text === undefined) return undefined;
  const word = words.find((one) => one === text);
  if (word === undefined) {
    const remedy = didYouMean(text, [...words]).trimStart() || `Write ${choices}.`;
    reader.refuse(entry.node, `${entry.name} has the unknown value ${quote(text)}`, remedy);
  }
  return word;
}
