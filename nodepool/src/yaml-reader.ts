import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { formatDurationMs, parseDurationMs } from './duration.ts';
import { didYouMean, nearest } from './edit-distance.ts';
import { type Problem, quote } from './problem.ts';
import type { PlaceOf } from './yaml-document.ts';

/** One key of a mapping with its value; `node` is null where nothing was written after the colon. */
export interface Entry {
  readonly name: string;
  readonly keyNode: Node;
  readonly node: Node | null;
}

/** The keys that a mapping may have. */
export interface Shape {
  readonly keys: readonly string[];
  /** Keys that mean something to others but not to this version, each with the sentence that says so. */
  readonly unsupported?: Readonly<Record<string, { problem: string; remedy: string }>>;
}

/** A mapping that was read: each key once. */
export interface Mapping {
  get(key: string): Entry | undefined;
  /** Neither there nor misspelt there: one fault is told once. */
  lacks(key: string): boolean;
}

/** What to do about keys nobody knows: a controller refuses, an older speaker that meets a newer file warns. */
export type UnknownKeys = 'refuse' | 'warn';

/** Takes typed values out of YAML nodes. Coerces nothing; every fault is kept with its place, and reading goes on. */
export class YamlReader {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];

  constructor(
    private readonly dataKey: string,
    private readonly place: PlaceOf,
    private readonly unknownKeys: UnknownKeys,
  ) {}

  lineOf(node: Node): number {
    return this.place(node.range?.[0] ?? 0).line;
  }

  refuse(node: Node | null, problem: string, remedy: string): void {
    this.problems.push(this.problemAt(node, problem, remedy));
  }

  warn(node: Node | null, problem: string, remedy: string): void {
    this.warnings.push(this.problemAt(node, problem, remedy));
  }

  /** @param what names the mapping in messages: `the configuration`, `address pool "default"` */
  map(node: Node | null, what: string, shape: Shape, at: Node | null = node): Mapping | undefined {
    if (!isMap(node)) {
      const keys = shape.keys.join(', ');
      this.refuse(at ?? node, `${what} is ${describe(node)}, not a mapping`, `Write keys and values: ${keys}.`);
      return undefined;
    }
    const entries = this.entriesOf(node, what);
    for (const { name, keyNode } of entries.values()) {
      if (!shape.keys.includes(name)) this.strangeKey(keyNode, name, what, shape);
    }
    const misspelt = new Set([...entries.keys()].map((name) => nearest(name, shape.keys)));
    return { get: (key) => entries.get(key), lacks: (key) => !entries.has(key) && !misspelt.has(key) };
  }

  /** A mapping whose keys are free; each stands once. */
  pairs(entry: Entry, remedy: string): Iterable<Entry> | undefined {
    if (isMap(entry.node)) return this.entriesOf(entry.node, entry.name).values();
    this.wrongKind(entry, 'a mapping', remedy);
    return undefined;
  }

  list(entry: Entry): readonly (Node | null)[] | undefined {
    if (isSeq(entry.node)) return entry.node.items as (Node | null)[];
    const hint = isScalar(entry.node) && entry.node.value !== null ? `[${entry.node.source ?? ''}]` : '[…]';
    this.wrongKind(entry, 'a list', `Write a list, such as ${entry.name}: ${quote(hint).slice(1, -1)}.`);
    return undefined;
  }

  boolean(entry: Entry): boolean | undefined {
    if (isScalar(entry.node) && typeof entry.node.value === 'boolean') return entry.node.value;
    this.wrongKind(entry, 'true or false', 'Write true or false, without quotes.');
    return undefined;
  }

  text(entry: Entry, remedy: string): string | undefined {
    const text = this.anyText(entry, remedy);
    if (text === undefined || text.trim() !== '') return text;
    this.refuse(entry.node, `${entry.name} is an empty text`, remedy);
    return undefined;
  }

  /** Text that may be empty. */
  anyText(entry: Entry, remedy: string): string | undefined {
    const { node } = entry;
    if (isScalar(node) && typeof node.value === 'string') return node.value;
    this.wrongKind(entry, 'text', textRemedy(node, remedy));
    return undefined;
  }

  integer(entry: Entry, least: number, most: number): number | undefined {
    const value: unknown = isScalar(entry.node) ? entry.node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    this.wrongKind(entry, `a whole number from ${least} to ${most}`, `Write a number from ${least} to ${most}.`);
    return undefined;
  }

  /** @param besides what else may stand there, for the problem's text */
  durationMs(entry: Entry, leastMs: number, mostMs: number, besides = ''): number | undefined {
    const value: unknown = isScalar(entry.node) ? entry.node.value : undefined;
    const ms = typeof value === 'string' ? parseDurationMs(value) : undefined;
    if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
    const bounds = `from ${formatDurationMs(leastMs)} to ${formatDurationMs(mostMs)}`;
    const or = besides === '' ? '' : `, or ${besides}`;
    const example = leastMs < 1_000 ? '100ms or 2s' : '30s or 2m';
    this.wrongKind(entry, `a duration ${bounds}${or}`, `Write a duration ${bounds}, such as ${example}${or}.`);
    return undefined;
  }

  private entriesOf(node: YAMLMap, what: string): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const { key, value } of node.items) {
      const keyNode = key as Node;
      const name: unknown = isScalar(key) ? key.value : undefined;
      if (typeof name !== 'string') {
        this.refuse(keyNode, `${what} has a key that is ${describe(keyNode)}, not text`, 'Write keys as text.');
        continue;
      }
      const first = entries.get(name);
      if (first === undefined) entries.set(name, { name, keyNode, node: value as Node | null });
      else {
        const line = this.lineOf(first.keyNode);
        this.refuse(keyNode, `${what} has the key ${quote(name)} twice, first in line ${line}`, 'Keep one of them.');
      }
    }
    return entries;
  }

  private wrongKind(entry: Entry, wanted: string, remedy: string): void {
    this.refuse(entry.node ?? entry.keyNode, `${entry.name} is ${describe(entry.node)}, not ${wanted}`, remedy);
  }

  private strangeKey(keyNode: Node, name: string, what: string, { keys, unsupported = {} }: Shape): void {
    const known = Object.hasOwn(unsupported, name) ? unsupported[name] : undefined;
    const { problem, remedy } = known ?? {
      problem: `${what} has the unknown key ${quote(name)}`,
      remedy: didYouMean(name, keys).trimStart() || `Remove it; known are ${keys.join(', ')}.`,
    };
    if (this.unknownKeys === 'refuse') this.refuse(keyNode, problem, remedy);
    else this.warn(keyNode, problem, remedy);
  }

  private problemAt(node: Node | null, problem: string, remedy: string): Problem {
    return { ...this.place(node?.range?.[0] ?? 0), problem, remedy, dataKey: this.dataKey };
  }
}

/** What stands there, in words that say why it is not what was wanted. */
export function describe(node: Node | null): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node) || node.value === null) return isScalar(node) && node.source ? quote(node.source) : 'empty';
  const { value } = node;
  if (typeof value === 'string') return value === '' ? 'an empty text' : `the text ${quote(value)}`;
  return typeof value === 'boolean' ? `${value}` : `the number ${quote(node.source ?? `${value}`).slice(1, -1)}`;
}

function textRemedy(node: Node | null, remedy: string): string {
  if (isMap(node)) return 'Put text that holds a colon in quotes.';
  return isScalar(node) && node.source ? `Put it in quotes if it is meant: ${quote(node.source)}.` : remedy;
}
