import { LbError } from './errors.ts';
import { quote } from './problem.ts';

/** A Kubernetes label selector; all requirements must hold. No requirement: everything matches. */
export interface LabelSelector {
  readonly text: string;
  readonly requirements: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt';
  readonly values: readonly string[];
}

/** Whether labels satisfy a selector, by the API machinery's rules: `notin` and `!=` match an absent key. */
export function selectorMatches(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return selector.requirements.every((requirement) => holds(requirement, labels));
}

function holds({ key, operator, values }: LabelRequirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'in':
      return value !== undefined && values.includes(value);
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'gt':
    case 'lt':
      return compares(operator, value, values[0]);
  }
}

function compares(operator: 'gt' | 'lt', value: string | undefined, bound: string | undefined): boolean {
  if (value === undefined || bound === undefined || !isInt64(value)) return false;
  return operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

/** What ParseInt(text, 10, 64) takes and may be a label value: no sign. */
function isInt64(text: string): boolean {
  return /^\d{1,63}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** Blanks, then a sign or a word: what is neither sign nor blank belongs to a word, as in the API machinery's lexer. */
const TOKEN = /[ \t\r\n]*(==|!=|[()!,=<>]|[^()!,=<> \t\r\n]+)/y;
const LABEL_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const DNS_PREFIX = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/');
  return LABEL_NAME.test(text.slice(slash + 1)) && (slash < 0 || DNS_PREFIX.test(text.slice(0, slash)));
}

export function isLabelValue(text: string): boolean {
  return text === '' || LABEL_NAME.test(text);
}

/** The text that {@link parseLabelSelector} reads back; the order of the requirements, and of their values, is kept. */
export function formatLabelSelector(requirements: readonly LabelRequirement[]): string {
  return requirements.map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case 'absent':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
    case 'lt':
      return `${key}${operator === 'gt' ? '>' : '<'}${values[0]}`;
  }
}

/**
 * Reads `a=b,c in (x,y),!d,e notin (z),f>3`, as `labels.Parse` of the API machinery does.
 *
 * @throws LbError `LB_BAD_SELECTOR`, which names the text and the place
 */
export function parseLabelSelector(text: string): LabelSelector {
  const tokens = tokenize(text);
  const requirements: LabelRequirement[] = [];
  let at = 0;
  const peek = () => tokens[at];
  const fail = (what: string): never => {
    throw new LbError(
      'LB_BAD_SELECTOR',
      `label selector ${quote(text)}: ${what}`,
      'Write requirements such as region=east, tier in (shop,bar), !retired, separated by commas.',
    );
  };
  const next = (what: string): string => {
    const token = tokens[at++];
    return token ?? fail(`ends where ${what} should stand`);
  };
  const key = (): string => {
    const token = next('a label key');
    return isLabelKey(token) ? token : fail(`${quote(token)} is no label key`);
  };
  const value = (token: string): string => (isLabelValue(token) ? token : fail(`${quote(token)} is no label value`));
  const optionalValue = (): string => {
    const token = peek();
    return token === undefined || token === ',' || token === ')' ? '' : value(next('a value'));
  };
  const valueList = (): string[] => {
    if (next("'('") !== '(') fail("'in' and 'notin' want values in parentheses");
    const values = [optionalValue()];
    for (;;) {
      const token = next("')'");
      if (token === ')') return values;
      if (token !== ',') fail(`${quote(token)} stands where ',' or ')' should`);
      values.push(optionalValue());
    }
  };
  const requirement = (): LabelRequirement => {
    if (peek() === '!') {
      at++;
      return { key: key(), operator: 'absent', values: [] };
    }
    const name = key();
    const operator = peek();
    if (operator === undefined || operator === ',') return { key: name, operator: 'exists', values: [] };
    at++;
    if (operator === '=' || operator === '==') return { key: name, operator: 'in', values: [optionalValue()] };
    if (operator === '!=') return { key: name, operator: 'notin', values: [optionalValue()] };
    if (operator === 'in' || operator === 'notin') return { key: name, operator, values: valueList() };
    if (operator !== '>' && operator !== '<') return fail(`${quote(operator)} is no operator`);
    const bound = next('a number');
    if (!isInt64(bound)) fail(`${quote(bound)} is no whole number`);
    return { key: name, operator: operator === '>' ? 'gt' : 'lt', values: [bound] };
  };
  while (at < tokens.length) {
    requirements.push(requirement());
    if (at === tokens.length) break;
    if (next("','") !== ',') fail(`${quote(tokens[at - 1] ?? '')} stands where ',' should`);
    if (at === tokens.length) fail('ends with a comma');
  }
  return { text, requirements };
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) tokens.push(match[1] ?? '');
  return tokens;
}
