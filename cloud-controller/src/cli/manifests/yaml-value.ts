import type { PlaceOf } from '@openyurt/nodepool-types';
import { type Document, isScalar, Scalar, visit } from 'yaml';

/** A value, or why the API server never sees one. */
export type YamlValue =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

export interface YamlFault {
  readonly line: number;
  readonly col: number;
  readonly problem: string;
  readonly remedy: string;
}

const MAX_ALIASES = 1000;
/** YAML 1.1 says these are truth values, and kubectl reads YAML 1.1 (go-yaml v2, resolve.go). */
const TRUTH_VALUES = new Map(
  Object.entries({ yes: true, on: true, no: false, off: false }).flatMap(([word, value]) => [
    [word, value] as const,
    [`${word.charAt(0).toUpperCase()}${word.slice(1)}`, value] as const,
    [word.toUpperCase(), value] as const,
  ]),
);

/** What kubectl would send of a document: aliases and merge keys (`<<`) written out. */
export function yamlValue(document: Document.Parsed, placeOf: PlaceOf): YamlValue {
  const faults: YamlFault[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const problem = `the key ${JSON.stringify(key.value)} stands twice in one mapping`;
        if (seen.has(key.value)) faults.push({ ...placeOf(key.range?.[0] ?? 0), problem, remedy: 'Remove one.' });
        seen.add(key.value);
      }
    },
    Scalar: (at, scalar) => {
      const truth = scalar.type === Scalar.PLAIN ? TRUTH_VALUES.get(String(scalar.value)) : undefined;
      if (at !== 'key' && truth !== undefined) scalar.value = truth;
    },
  });
  if (faults.length > 0) return { ok: false, faults };
  try {
    document.setSchema('1.2', { schema: 'core', merge: true });
    return { ok: true, value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const place = placeOf(document.contents?.range?.[0] ?? 0);
    return { ok: false, faults: [{ ...place, problem, remedy: 'Write the values out.' }] };
  }
}
