export interface JsonStream {
  readonly values: readonly unknown[];
  /** The same as YAML documents, line by line, for whoever reads YAML alone. */
  readonly yaml: string;
}

/**
 * JSON as kubectl prints it, which the YAML parser would take ten times as long for: one value, or several one after the
 * other (`kubectl get … -o json` twice into one pipe).
 *
 * @returns undefined: the text is something else, YAML perhaps
 */
export function readJsonStream(text: string): JsonStream | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const whole = parseAll([text]);
  if (whole !== undefined) return { values: whole, yaml: text };
  const pieces = piecesOf(text);
  const values = pieces.length > 1 ? parseAll(pieces) : undefined;
  const marked = pieces.map((piece, i) => (i === 0 ? piece : piece.replace(/^\s*/, (blank) => separator(blank))));
  return values && { values, yaml: marked.join('') };
}

function parseAll(pieces: readonly string[]): unknown[] | undefined {
  try {
    return pieces.map((piece) => JSON.parse(piece));
  } catch {
    return undefined;
  }
}

/** A text up to each bracket that closes the outermost one, and what is left after the last. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  let depth = 0;
  for (const { 0: mark, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (mark === '{' || mark === '[') depth++;
    else if (mark === '}' || mark === ']') depth--;
    else continue; // brackets in a string are text
    if (depth > 0) continue;
    pieces.push(text.slice(start, index + 1));
    start = index + 1;
  }
  const rest = text.slice(start);
  return rest.trim() === '' ? pieces : [...pieces, rest];
}

/** A new document without a new line, where the value begins a line already. */
function separator(blank: string): string {
  return blank.includes('\n') ? `${blank.replace(/[^\n]*$/, '')}--- ` : `\n--- `;
}
