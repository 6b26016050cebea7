import {
  formatLabelSelector,
  isLabelKey,
  isLabelValue,
  type LabelRequirement,
  type LabelSelector,
} from './label-selector.ts';
import { quote } from './problem.ts';
import type { Entry, Mapping, YamlReader } from './yaml-reader.ts';

const SELECTOR_KEYS = ['match-labels', 'match-expressions'];
const EXPRESSION_KEYS = ['key', 'operator', 'values'];

const OPERATORS: Readonly<Record<string, LabelRequirement['operator']>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: 'absent',
};

/** RFC 1123, as the API server takes it. */
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const NAMESPACE_REMEDY = 'Write up to 63 lower-case letters, digits and "-", with a letter or digit at both ends.';
const KEY_REMEDY = 'Write a label key, such as app or example.com/tier.';
const VALUE_REMEDY = 'Write a label value: up to 63 letters, digits, ".", "_" and "-".';
const OPERATOR_REMEDY = `Write ${Object.keys(OPERATORS).join(', ')}.`;

/** Reads `namespaces` of an address pool. Absent: every namespace; an empty list is refused, for it could mean none as well. */
export function decodeNamespaces(entry: Entry | undefined, what: string, reader: YamlReader): readonly string[] {
  const names = new Map<string, number>();
  for (const item of itemsOf(entry, 'namespace', what, reader)) {
    const name = reader.text(item, NAMESPACE_REMEDY);
    if (name === undefined || item.node === null) continue;
    const line = names.get(name);
    if (line !== undefined) {
      reader.refuse(
        item.node,
        `${what} lists the namespace ${quote(name)} twice, first in line ${line}`,
        'Keep one of them.',
      );
    } else if (!NAMESPACE.test(name))
      reader.refuse(item.node, `${quote(name)} is no name of a namespace`, NAMESPACE_REMEDY);
    else names.set(name, reader.lineOf(item.node));
  }
  return [...names.keys()];
}

/**
 * Reads `service-selectors` of an address pool: label selectors in the words that MetalLB's format has for nodes
 * (`node-selectors` of its peers), `match-labels` and `match-expressions`.
 */
export function decodeServiceSelectors(
  entry: Entry | undefined,
  what: string,
  reader: YamlReader,
): readonly LabelSelector[] {
  const selectors = new Map<string, { selector: LabelSelector; line: number }>();
  itemsOf(entry, 'service selector', what, reader).forEach((item, index) => {
    const said = `${what}: service selector ${index + 1}`;
    const before = reader.problems.length + reader.warnings.length;
    const mapping = reader.map(item.node, said, { keys: SELECTOR_KEYS }, item.node ?? item.keyNode);
    if (mapping === undefined) return;
    const requirements = [
      ...decodeMatchLabels(mapping.get('match-labels'), reader),
      ...decodeMatchExpressions(mapping.get('match-expressions'), said, reader),
    ];
    if (reader.problems.length + reader.warnings.length > before) return; // a speaker warns of keys it does not know
    if (requirements.length === 0) {
      reader.refuse(
        item.node,
        `${said} requires nothing, so it selects every Service`,
        'Write match-labels, or remove it.',
      );
      return;
    }
    const text = formatLabelSelector(requirements);
    const id = requirements
      .map((one) => formatLabelSelector([{ ...one, values: [...one.values].sort() }]))
      .sort()
      .join();
    const first = selectors.get(id);
    if (first === undefined)
      selectors.set(id, { selector: { text, requirements }, line: reader.lineOf(item.node ?? item.keyNode) });
    else reader.refuse(item.node, `${said} says the same as the one in line ${first.line}`, 'Keep one of them.');
  });
  return [...selectors.values()].map(({ selector }) => selector);
}

function itemsOf(entry: Entry | undefined, name: string, what: string, reader: YamlReader): readonly Entry[] {
  if (entry === undefined) return [];
  const items = reader.list(entry);
  if (items?.length === 0) {
    reader.refuse(entry.node, `${what} has an empty list of ${entry.name}`, `Remove ${entry.name} to serve all.`);
  }
  return (items ?? []).map((node) => ({ name, keyNode: entry.keyNode, node }));
}

function decodeMatchLabels(entry: Entry | undefined, reader: YamlReader): LabelRequirement[] {
  const requirements: LabelRequirement[] = [];
  if (entry === undefined) return requirements;
  for (const pair of reader.pairs(entry, 'Write labels, such as match-labels: {app: web}.') ?? []) {
    if (!isLabelKey(pair.name)) reader.refuse(pair.keyNode, `${quote(pair.name)} is no label key`, KEY_REMEDY);
    const value = decodeValue({ ...pair, name: `label ${quote(pair.name)}` }, reader);
    if (value !== undefined) requirements.push({ key: pair.name, operator: 'in', values: [value] });
  }
  return requirements;
}

function decodeMatchExpressions(entry: Entry | undefined, what: string, reader: YamlReader): LabelRequirement[] {
  const requirements: LabelRequirement[] = [];
  itemsOf(entry, 'expression', what, reader).forEach((item, index) => {
    const said = `${what}, expression ${index + 1}`;
    const mapping = reader.map(item.node, said, { keys: EXPRESSION_KEYS }, item.node ?? item.keyNode);
    if (mapping === undefined) return;
    for (const key of ['key', 'operator']) {
      if (mapping.lacks(key))
        reader.refuse(item.node, `${said} has no ${key}`, key === 'key' ? KEY_REMEDY : OPERATOR_REMEDY);
    }
    const key = decodeKey(mapping.get('key'), reader);
    const operator = decodeOperator(mapping.get('operator'), reader);
    const values = decodeValues(mapping, operator, said, item, reader);
    if (key !== undefined && operator !== undefined) requirements.push({ key, operator, values });
  });
  return requirements;
}

function decodeKey(entry: Entry | undefined, reader: YamlReader): string | undefined {
  const key = entry && reader.text(entry, KEY_REMEDY);
  if (entry === undefined || key === undefined || isLabelKey(key)) return key;
  reader.refuse(entry.node, `${quote(key)} is no label key`, KEY_REMEDY);
  return undefined;
}

function decodeOperator(entry: Entry | undefined, reader: YamlReader): LabelRequirement['operator'] | undefined {
  const text = entry && reader.text(entry, OPERATOR_REMEDY);
  if (entry === undefined || text === undefined) return undefined;
  if (Object.hasOwn(OPERATORS, text)) return OPERATORS[text];
  reader.refuse(entry.node, `${quote(text)} is no operator`, OPERATOR_REMEDY);
  return undefined;
}

function decodeValues(
  mapping: Mapping,
  operator: LabelRequirement['operator'] | undefined,
  what: string,
  { node }: Entry,
  reader: YamlReader,
): readonly string[] {
  const entry = mapping.get('values');
  const takesValues = operator === 'in' || operator === 'notin';
  if (operator !== undefined && takesValues && mapping.lacks('values')) {
    reader.refuse(node, `${what} has no values`, 'Add values: [web].');
  }
  if (entry === undefined) return [];
  if (operator !== undefined && !takesValues) {
    reader.refuse(entry.keyNode, `${what} has values, which its operator does not take`, 'Remove values.');
    return [];
  }
  const items = reader.list(entry);
  if (items?.length === 0) reader.refuse(entry.node, `${what} has an empty list of values`, VALUE_REMEDY);
  return (items ?? []).flatMap(
    (item) => decodeValue({ name: 'value', keyNode: entry.keyNode, node: item }, reader) ?? [],
  );
}

/** An empty text is a label value too. */
function decodeValue(entry: Entry, reader: YamlReader): string | undefined {
  const value = reader.anyText(entry, VALUE_REMEDY);
  if (value === undefined || isLabelValue(value)) return value;
  reader.refuse(entry.node, `${quote(value)} is no label value`, VALUE_REMEDY);
  return undefined;
}
