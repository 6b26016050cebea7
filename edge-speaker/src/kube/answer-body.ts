import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';

/** What one answer may cost. */
export interface BodyBounds {
  readonly bytes: number;
  /** From the head to the last byte. */
  readonly wholeMs: number;
  /** Between two pieces. */
  readonly pauseMs: number;
}

/** @throws Error in one sentence: a bound was met, or the server hung up in the middle */
export async function readBody(response: IncomingMessage, { bytes, wholeMs, pauseMs }: BodyBounds): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  const giveUp = (why: string) => response.destroy(new Error(why));
  const whole = setTimeout(() => giveUp(`the answer was not whole after ${wholeMs} ms`), wholeMs);
  const pause = setTimeout(() => giveUp(`the answer paused for ${pauseMs} ms`), pauseMs);
  try {
    for await (const piece of response) {
      pause.refresh();
      pieces.push(piece);
      size += piece.length;
      if (size > bytes) throw new Error(`the answer is larger than ${bytes} bytes`);
    }
  } finally {
    clearTimeout(whole);
    clearTimeout(pause);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/**
 * Hands over each line that is not empty. A last one without its newline is dropped: the stream broke inside it.
 *
 * @param onLine @returns false: enough
 * @throws Error where the stream breaks, or a line is longer than `mostBytes`
 */
export async function readLines(
  response: IncomingMessage,
  mostBytes: number,
  onLine: (line: string) => boolean,
): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let begun: string[] = [];
  let size = 0;
  for await (const piece of response) {
    const lines = decoder.write(piece).split('\n');
    const last = lines.pop() ?? '';
    for (const rest of lines) {
      const line = begun.length === 0 ? rest : begun.join('') + rest;
      begun = [];
      size = 0;
      if (line.trim() !== '' && !onLine(line)) return;
    }
    if (last === '') continue;
    begun.push(last);
    size += last.length;
    if (size > mostBytes) throw new Error(`a line of the watch is longer than ${mostBytes} bytes`);
  }
}
