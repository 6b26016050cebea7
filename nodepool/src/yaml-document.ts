import { type Document, isAlias, isCollection, isNode, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import type { Problem } from './problem.ts';
import { exceedsBounds, type YamlBounds } from './yaml-bounds.ts';

/** Where a text breaks into lines, so that an offset has a line and a column. */
export type PlaceOf = (offset: number) => { readonly line: number; readonly col: number };

/** The documents of a text with positions, or why it is no YAML that we read. */
export type ParsedYaml =
  | { readonly ok: true; readonly documents: readonly Document.Parsed[]; readonly place: PlaceOf }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Syntax faults beyond these say nothing new. */
const MAX_SYNTAX_PROBLEMS = 20;

/**
 * Parses YAML 1.2, core schema. Work is linear in the text: bounds are checked first, duplicate keys are left to the
 * reader (the library compares each pair), nothing is expanded.
 */
export function parseYaml(written: string, bounds: YamlBounds): ParsedYaml {
  const text = written.startsWith('\uFEFF') ? written.slice(1) : written;
  const exceeded = exceedsBounds(text, bounds);
  if (exceeded !== undefined) {
    const { offset, problem, remedy } = exceeded;
    return { ok: false, problems: [{ ...placeIn(text, offset), problem, remedy }] };
  }
  const lineCounter = new LineCounter();
  const place: PlaceOf = (offset) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), col: Math.max(1, col) };
  };
  const parsed = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter,
  });
  const documents: readonly Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
  const errors = documents.flatMap((document) => document.errors);
  const problems: Problem[] = errors
    .slice(0, MAX_SYNTAX_PROBLEMS)
    .map(({ code, message, pos }) => ({ ...place(pos[0]), problem: sentence(message), remedy: syntaxRemedy(code) }));
  for (const { directives } of documents) {
    if (directives.yaml.version === '1.2') continue;
    const problem = `is marked as YAML ${directives.yaml.version}`;
    problems.push({ line: 1, col: 1, problem, remedy: 'Remove the %YAML line: YAML 1.2 is read.' });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, documents, place };
}

/** Anchors, aliases and tags: a configuration needs none, and each can make a small text mean a large or odd one. */
export function findExtras(document: Document.Parsed, place: PlaceOf): Problem[] {
  const problems: Problem[] = [];
  const refuse = (node: Node, problem: string, remedy: string) =>
    problems.push({ ...place(node.range?.[0] ?? 0), problem, remedy });
  visit(document, {
    Node(_, node) {
      if (problems.length >= MAX_SYNTAX_PROBLEMS) return visit.BREAK;
      if (isAlias(node)) refuse(node, `*${node.source} is an alias`, 'Write the value out: aliases are not read.');
      else if (node.anchor !== undefined) {
        refuse(node, `&${node.anchor} is an anchor`, 'Remove it: anchors are not read.');
      } else if (node.tag !== undefined && (isCollection(node) || isNode(node))) {
        refuse(node, `${node.tag} is a tag`, 'Remove it: tags are not read.');
      }
      return undefined;
    },
  });
  return problems;
}

function placeIn(text: string, offset: number): { line: number; col: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, col: (before.at(-1)?.length ?? 0) + 1 };
}

function sentence(message: string): string {
  return message.replace(/\s+/g, ' ').replace(/[.:]$/, '');
}

const SYNTAX_REMEDIES: Record<string, string> = {
  TAB_AS_INDENT: 'Indent with spaces.',
  BAD_INDENT: 'Give the keys and list entries of one level the same indentation.',
  BLOCK_AS_IMPLICIT_KEY: 'Begin a new line after the colon, and indent it.',
  BAD_ALIAS: 'Put text that begins with * or & in quotes.',
  MISSING_CHAR: 'Close the bracket, brace or quote, or mend the indentation.',
  MULTILINE_IMPLICIT_KEY: 'Write a key on one line, followed by a colon.',
  BAD_SCALAR_START: 'Put the text in quotes.',
};

function syntaxRemedy(code: string): string {
  return SYNTAX_REMEDIES[code] ?? 'Correct the YAML at this place.';
}
