import { strict as assert } from 'node:assert';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { readBody, readLines } from '../../../edge-speaker/src/kube/answer-body.ts';

const streamOf = (pieces: Iterable<Buffer>) => Readable.from(pieces) as unknown as IncomingMessage;
const LOOSE = { bytes: 1_000, wholeMs: 60_000, pauseMs: 60_000 };

/** `text` in pieces of these sizes. */
function cut(text: string, sizes: readonly number[]): Buffer[] {
  let rest = Buffer.from(text, 'utf8');
  const pieces: Buffer[] = [];
  for (const size of sizes) {
    pieces.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...pieces, rest].filter(({ length }) => length > 0);
}

describe('answer bodies', () => {
  it('lines come whole however the stream is cut, characters of several bytes too', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replace(/\n/g, ' '));
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(line), line, sizes, async (lines, broken, at) => {
        const heard: string[] = [];
        const text = [...lines, broken].join('\n');
        await readLines(streamOf(cut(text, at)), 1_000, (one) => heard.push(one) > 0);
        const whole = lines.filter((one) => one.trim() !== '');
        assert.deepEqual(heard, whole, 'the last one has no end');
      }),
    );
  });

  it('reading ends where the listener has enough', async () => {
    const heard: string[] = [];
    await readLines(streamOf([Buffer.from('a\nb\nc\n')]), 10, (one) => heard.push(one) < 2);
    assert.deepEqual(heard, ['a', 'b']);
  });

  it('a line without end is given up at its bound', async () => {
    let sent = 0;
    function* endless() {
      for (;;) {
        sent += 100;
        yield Buffer.alloc(100, 0x61);
      }
    }
    await assert.rejects(
      readLines(streamOf(endless()), 1_000, () => true),
      /longer than 1000 bytes/,
    );
    assert.ok(sent < 10_000);
  });

  it('a body is given up at its bound of bytes', async () => {
    await assert.rejects(readBody(streamOf([Buffer.alloc(1_001)]), LOOSE), /larger than 1000 bytes/);
    assert.equal((await readBody(streamOf([Buffer.alloc(1_000)]), LOOSE)).length, 1_000);
  });

  it('a body that drips is given up, by its pauses or by the whole', async () => {
    async function* drip() {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield Buffer.from('x');
      }
    }
    const dripping = () => Readable.from(drip()) as unknown as IncomingMessage;
    await assert.rejects(readBody(dripping(), { ...LOOSE, wholeMs: 50 }), /not whole after 50 ms/);
    const silent = () => new Readable({ read() {} }) as unknown as IncomingMessage;
    await assert.rejects(readBody(silent(), { ...LOOSE, pauseMs: 20 }), /paused for 20 ms/);
  });
});
