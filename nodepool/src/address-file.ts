import { type Document, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import type { AddressConfig } from './address-pools.ts';
import { ADDRESS_DATA_KEYS, decodeAddressConfig } from './decode-addresses.ts';
import { NODE_POOL_LABEL } from './names.ts';
import { compareProblems, type Decoded, type Problem, quote } from './problem.ts';
import { MANIFEST_BOUNDS } from './yaml-bounds.ts';
import { type PlaceOf, parseYaml } from './yaml-document.ts';
import { describe } from './yaml-reader.ts';

/** One NodePool's configuration found in a file; the line is where it begins. */
export interface FoundConfig {
  /** Absent: the file holds the text of `config` alone. */
  readonly nodePool: string | undefined;
  readonly line: number;
  readonly col: number;
  readonly config: AddressConfig;
}

/** All that one file says. Every line and column counts in the file, not in the text inside a ConfigMap. */
export interface AddressFile {
  readonly configs: readonly FoundConfig[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Objects that were passed over, and why. */
  readonly notes: readonly Problem[];
}

const MANIFEST_KEY = /\b(?:kind|apiVersion)\b/;

/**
 * Reads a file as a person has it: manifests (several documents, Lists, other kinds between them) with NodePools'
 * ConfigMaps, or only the text of `config`. Never throws.
 */
export function readAddressFile(written: string): AddressFile {
  const text = written.startsWith('\uFEFF') ? written.slice(1) : written;
  if (!MANIFEST_KEY.test(text)) return readConfigText(text); // so that its own, closer bounds hold
  const parsed = parseYaml(text, MANIFEST_BOUNDS);
  if (!parsed.ok) return { configs: [], problems: parsed.problems, warnings: [], notes: [] };
  if (!parsed.documents.some(isManifest)) return readConfigText(text);
  const file = new ManifestReader(text, parsed.place);
  for (const { contents } of parsed.documents) if (contents !== null) file.readObject(contents);
  return file.result();
}

function readConfigText(text: string): AddressFile {
  const decoded = decodeAddressConfig({ config: text });
  const bare = ({ dataKey: _, ...problem }: Problem): Problem => problem;
  if (!decoded.ok) return { configs: [], problems: decoded.problems.map(bare), warnings: [], notes: [] };
  const found: FoundConfig = { nodePool: undefined, line: 1, col: 1, config: decoded.value };
  return { configs: [found], problems: [], warnings: decoded.warnings.map(bare), notes: [] };
}

function isManifest({ contents }: Document.Parsed): boolean {
  return isMap(contents) && (contents.has('kind') || contents.has('apiVersion'));
}

class ManifestReader {
  private readonly lines: readonly string[];
  private readonly configs: FoundConfig[] = [];
  private readonly problems: Problem[] = [];
  private readonly warnings: Problem[] = [];
  private readonly notes: Problem[] = [];

  constructor(
    text: string,
    private readonly place: PlaceOf,
  ) {
    this.lines = text.split(/\r?\n/);
  }

  result(): AddressFile {
    if (this.configs.length === 0 && this.problems.length === 0) {
      const problem = `holds no ConfigMap with the label ${NODE_POOL_LABEL}`;
      this.problems.push({ line: 1, col: 1, problem, remedy: `Add ${NODE_POOL_LABEL}: <nodepool> to its labels.` });
    }
    const { configs, problems, warnings, notes } = this;
    return { configs, problems: problems.sort(compareProblems), warnings: warnings.sort(compareProblems), notes };
  }

  readObject(node: Node): void {
    if (isScalar(node) && node.value === null) return; // an empty document
    if (!isMap(node)) {
      this.problems.push({ ...this.at(node), problem: `is ${describe(node)}, not an object`, remedy: 'Remove it.' });
      return;
    }
    const kind = textAt(node, 'kind');
    const items = node.get('items', true) as Node | undefined;
    if (kind?.endsWith('List') && isSeq(items)) {
      for (const item of items.items) this.readObject(item as Node);
    } else if (kind === 'ConfigMap') this.readConfigMap(node);
    else this.note(node, `skipped ${kind ?? 'an object without a kind'}${nameOf(node)}`);
  }

  private readConfigMap(node: YAMLMap): void {
    const metadata = node.get('metadata', true);
    const labels = isMap(metadata) ? metadata.get('labels', true) : undefined;
    const nodePool = isMap(labels) ? textAt(labels, NODE_POOL_LABEL) : undefined;
    const data = pairOf(node, 'data');
    const texts = this.readData(data);
    if (nodePool === undefined || nodePool === '') {
      if (/^\s*["']?address-pools["']?\s*:/m.test(texts.get('config')?.text ?? '')) {
        const problem = `ConfigMap${nameOf(node)} has no label ${NODE_POOL_LABEL}, so no NodePool gets its addresses`;
        const remedy = `Add ${NODE_POOL_LABEL}: <nodepool> to its labels.`;
        this.problems.push({ ...this.at(isMap(metadata) ? metadata : node), problem, remedy });
      } else this.note(node, `skipped ConfigMap${nameOf(node)}: it has no label ${NODE_POOL_LABEL}`);
      return;
    }
    const before = this.problems.length;
    for (const { scalar, node: value } of texts.values()) {
      if (scalar !== undefined) continue;
      const problem = `data is ${describe(value)} where text should be`;
      this.problems.push({
        ...this.at(value ?? node),
        problem,
        remedy: 'Write "config: |" and indent the text below.',
      });
    }
    if (this.problems.length > before) return;
    const decoded = decodeAddressConfig(Object.fromEntries([...texts].map(([key, { text }]) => [key, text])));
    const inFile = (problem: Problem) => this.inFile(problem, texts, (data?.key as Node | undefined) ?? node);
    this.keep(decoded, nodePool, node, inFile);
  }

  private keep(decoded: Decoded<AddressConfig>, nodePool: string, node: Node, inFile: (p: Problem) => Problem): void {
    if (!decoded.ok) this.problems.push(...decoded.problems.map(inFile));
    else {
      this.configs.push({ nodePool, ...this.at(node), config: decoded.value });
      this.warnings.push(...decoded.warnings.map(inFile));
    }
  }

  private readData(data: Pair | undefined): Map<string, DataText> {
    const texts = new Map<string, DataText>();
    if (!isMap(data?.value)) return texts;
    for (const { key, value } of data.value.items) {
      const scalar = isScalar(value) && typeof value.value === 'string' ? (value as Scalar<string>) : undefined;
      const name = isScalar(key) ? `${key.value}` : '';
      texts.set(name, { keyNode: key as Node, node: value as Node | null, scalar, text: scalar?.value ?? '' });
    }
    return texts;
  }

  /** From the text inside the ConfigMap to the file: exact in a literal block, else the key and the inner place in words. */
  private inFile({ dataKey, ...inner }: Problem, texts: Map<string, DataText>, fallback: Node): Problem {
    const found = texts.get(dataKey ?? '');
    if (found?.scalar === undefined) return { ...inner, ...this.at(fallback) };
    const isConfigKey = ADDRESS_DATA_KEYS.some((key) => key === dataKey);
    if (found.scalar.type === 'BLOCK_LITERAL' && isConfigKey) {
      const line = this.at(found.scalar).line + inner.line;
      const indent = (this.lines[line - 1]?.length ?? 0) - (found.text.split('\n')[inner.line - 1]?.length ?? 0);
      return { ...inner, line, col: inner.col + Math.max(0, indent) };
    }
    if (!isConfigKey) return { ...inner, ...this.at(found.keyNode) };
    const problem = `${inner.problem} (line ${inner.line}, column ${inner.col} of the text of ${quote(dataKey ?? '')})`;
    return { ...inner, problem, ...this.at(found.keyNode) };
  }

  private note(node: Node, problem: string): void {
    this.notes.push({ ...this.at(node), problem, remedy: '' });
  }

  private at(node: Node): { line: number; col: number } {
    return this.place(node.range?.[0] ?? 0);
  }
}

interface DataText {
  readonly keyNode: Node;
  readonly node: Node | null;
  /** Absent: the value is no text. */
  readonly scalar: Scalar<string> | undefined;
  readonly text: string;
}

function textAt(map: YAMLMap, key: string): string | undefined {
  const value: unknown = map.get(key);
  return typeof value === 'string' ? value : undefined;
}

function nameOf(object: YAMLMap): string {
  const metadata = object.get('metadata', true);
  const name = isMap(metadata) ? textAt(metadata, 'name') : undefined;
  return name === undefined ? '' : ` ${quote(name)}`;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}
