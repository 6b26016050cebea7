import { badRequest } from './status-error.ts';

/** Says whether a set of labels (or of selectable fields) is meant. */
export type Selector = (set: Readonly<Record<string, string>>) => boolean;

export const everything: Selector = () => true;

const KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const TOKEN = /\s*(==|!=|=|!|\(|\)|,|<|>|[^\s=!(),<>]+)/y;

function tokens(text: string): string[] {
  const out: string[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const hit = TOKEN.exec(text);
    if (hit === null) break;
    out.push(hit[1] ?? '');
  }
  return out;
}

/**
 * A label selector in the grammar of apimachinery's `labels.Parse`: `a=b`, `a==b`, `a!=b`, `a in (b,c)`,
 * `a notin (b)`, `a`, `!a`, `a>1`, `a<1`, joined by commas.
 *
 * @throws StatusError 400 as the real server says it
 */
export function parseLabelSelector(text: string): Selector {
  const words = tokens(text);
  if (words.length === 0) return everything;
  const all: Selector[] = [];
  let i = 0;
  const refuse = (why: string) => badRequest(`unable to parse requirement: ${why}`);
  const key = (): string => {
    const k = words[i++] ?? '';
    if (!KEY.test(k)) throw refuse(`found '${k}', expected: identifier`);
    if ((k.split('/').pop() ?? '').length > 63)
      throw refuse(`<nil>: Invalid value: "${k}": must be no more than 63 bytes`);
    return k;
  };
  const value = (): string => {
    const v = words[i];
    if (v === undefined || v === ',' || v === ')') return '';
    i++;
    if (!VALUE.test(v))
      throw refuse(
        `values[0][${v}]: Invalid value: "${v}": a valid label must be an empty string or consist of alphanumeric characters`,
      );
    return v;
  };
  const set = (): Set<string> => {
    const out = new Set<string>();
    if (words[i++] !== '(') throw refuse(`found '${words[i - 1] ?? ''}', expected: '('`);
    for (;;) {
      out.add(value());
      const sign = words[i++];
      if (sign === ')') return out;
      if (sign !== ',') throw refuse(`found '${sign ?? ''}', expected: ',' or ')'`);
    }
  };
  while (i < words.length) {
    if (words[i] === '!') {
      i++;
      const k = key();
      all.push((l) => l[k] === undefined);
    } else {
      const k = key();
      const operator = words[i];
      if (operator === undefined || operator === ',') all.push((l) => l[k] !== undefined);
      else {
        i++;
        all.push(
          requirement(k, operator, operator === 'in' || operator === 'notin' ? set() : new Set([value()]), refuse),
        );
      }
    }
    if (i < words.length && words[i++] !== ',')
      throw refuse(`found '${words[i - 1]}', expected: ',' or 'end of string'`);
    if (i === words.length && words[i - 1] === ',') throw refuse(`found '', expected: identifier after ','`);
  }
  return (labels) => all.every((one) => one(labels));
}

function requirement(k: string, operator: string, values: Set<string>, refuse: (why: string) => Error): Selector {
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return (l) => l[k] !== undefined && values.has(l[k]);
    case '!=':
    case 'notin':
      return (l) => l[k] === undefined || !values.has(l[k]);
    case '>':
    case '<': {
      const bound = Number([...values][0]);
      if (!Number.isInteger(bound)) throw refuse("for 'Gt', 'Lt' operators, the value must be an integer");
      return (l) => {
        const n = Number(l[k] ?? Number.NaN);
        return operator === '>' ? n > bound : n < bound;
      };
    }
    default:
      throw refuse(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

/**
 * A field selector: `a=b`, `a==b`, `a!=b` joined by commas (apimachinery `fields.ParseSelector`).
 *
 * @param rename the label under which the field is kept, undefined where the resource does not offer it
 * @throws StatusError 400 for text that does not parse and for a field that is not offered
 */
export function parseFieldSelector(text: string, rename: (label: string) => string | undefined): Selector {
  const all: Selector[] = [];
  for (const term of text.split(',')) {
    if (term === '') continue;
    const parts = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (parts === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const label = parts[1] ?? '';
    const value = parts[3] ?? '';
    const field = rename(label);
    if (field === undefined) throw badRequest(`field label not supported: ${label}`);
    const wantEqual = parts[2] !== '!=';
    all.push((fields) => ((fields[field] ?? '') === value) === wantEqual);
  }
  return (fields) => all.every((one) => one(fields));
}
