/** How much YAML is read at all. Looked at before any parser sees the text, in one pass over its characters. */
export interface YamlBounds {
  readonly maxChars: number;
  readonly maxDepth: number;
  /** Line ends and punctuation that YAML gives a meaning: what the parser's time goes with, some 10 µs each. */
  readonly maxMarks: number;
}

/** One NodePool's configuration: a thousand ranges fit, read or refused within milliseconds. */
export const CONFIG_BOUNDS: YamlBounds = { maxChars: 64 * 1024, maxDepth: 32, maxMarks: 2048 };
/** A file of manifests, which only `yurtlb validate` reads. */
export const MANIFEST_BOUNDS: YamlBounds = { maxChars: 4 * 1024 * 1024, maxDepth: 64, maxMarks: 256 * 1024 };

export interface BoundExceeded {
  readonly offset: number;
  readonly problem: string;
  readonly remedy: string;
}

/** Not printable (YAML 1.2.2 §5.1), and a carriage return by itself, which the parser would not take for a line end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNREADABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)/;

/** Spaces before text, counted as at most this many levels per column, so 128 columns are deeper than anyone writes. */
const MAX_INDENT = 128;
/** Markers in a row on one line: `- - - x`, `? - ? x`. */
const MAX_MARKERS = 16;

/**
 * Whether the text is too long or may nest too deep. Brackets in quotes and comments count as well: a false alarm
 * wants more unclosed ones than `maxDepth`.
 */
export function exceedsBounds(text: string, { maxChars, maxDepth, maxMarks }: YamlBounds): BoundExceeded | undefined {
  if (text.length > maxChars) {
    return {
      offset: 0,
      problem: `holds ${text.length} characters, more than the ${maxChars} that are read`,
      remedy: 'Write ranges instead of single addresses.',
    };
  }
  const tooDeep = (offset: number): BoundExceeded => ({
    offset,
    problem: 'nests too deep',
    remedy: `Nest at most ${maxDepth} levels.`,
  });
  const unreadable = UNREADABLE.exec(text);
  if (unreadable !== null) {
    const code = unreadable[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase();
    const problem = `holds the control character U+${code}`;
    const remedy = code === '000D' ? 'Save the file with LF or CRLF line ends.' : 'Save the file as plain UTF-8 text.';
    return { offset: unreadable.index, problem, remedy };
  }
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (at === 0 || text[at - 1] === '\n') {
      if (text.startsWith('---', at)) depth = 0;
      const start = lineStart(text, at);
      if (start.tooDeep) return tooDeep(start.at);
      at = start.at;
    }
    const char = text[at];
    if (char === '[' || char === '{') {
      if (++depth > maxDepth) return tooDeep(at);
    } else if ((char === ']' || char === '}') && depth > 0) depth--;
  }
  const marked = nthMark(text, maxMarks + 1);
  if (marked === undefined) return undefined;
  const problem = `holds more than ${maxMarks} line ends, commas, quotes and other marks`;
  return { offset: marked, problem, remedy: 'Write ranges instead of single addresses.' };
}

const MARK = /[\n[\]{},"'&*!|>%@`\\?#]|[:-](?=[ \t\n])/g;

/** Where the n-th mark stands; undefined: there are fewer. */
function nthMark(text: string, n: number): number | undefined {
  MARK.lastIndex = 0;
  for (let left = n; ; left--) {
    const found = MARK.exec(text);
    if (found === null) return undefined;
    if (left === 1) return found.index;
  }
}

/** Past the indentation and the markers of one line. */
function lineStart(text: string, from: number): { at: number; tooDeep: boolean } {
  let at = from;
  while (text[at] === ' ') at++;
  if (at - from > MAX_INDENT && text[at] !== '#' && text[at] !== '\n' && text[at] !== '\r')
    return { at, tooDeep: true };
  for (let markers = 0; isMarker(text, at); markers++) {
    if (markers === MAX_MARKERS) return { at, tooDeep: true };
    at++;
    while (text[at] === ' ' || text[at] === '\t') at++;
  }
  return { at, tooDeep: false };
}

function isMarker(text: string, at: number): boolean {
  const char = text[at];
  const after = text[at + 1];
  return (char === '-' || char === '?' || char === ':') && (after === ' ' || after === '\t');
}
