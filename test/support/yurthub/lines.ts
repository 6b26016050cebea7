import type { IncomingMessage } from 'node:http';

/** Hands over each whole line of a stream as it comes. What follows the last line feed is no line. */
export function eachLine(stream: IncomingMessage, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  });
}
