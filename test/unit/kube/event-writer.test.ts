import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { cutToBytes } from '../../../edge-speaker/src/kube/event-writer.ts';

describe('notes of Events', () => {
  const cases: { name: string; text: string; most: number; want: string }[] = [
    { name: 'a short one stays', text: 'abc', most: 3, want: 'abc' },
    { name: 'a long one is cut', text: 'abcd', most: 3, want: 'abc' },
    { name: 'a character of two bytes is not torn', text: 'abä', most: 3, want: 'ab' },
    { name: 'one of four neither', text: 'a😀b', most: 4, want: 'a' },
    { name: 'one that just fits stays', text: 'a😀b', most: 5, want: 'a😀' },
    { name: 'nothing fits', text: '😀', most: 3, want: '' },
  ];
  for (const { name, text, most, want } of cases) it(name, () => assert.equal(cutToBytes(text, most), want));

  it('is the longest beginning within the bytes that the API counts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(64), (text, most) => {
        const cut = cutToBytes(text, most);
        assert.ok(Buffer.byteLength(cut) <= most && text.startsWith(cut));
        const [next = ''] = text.slice(cut.length);
        if (cut !== text) assert.ok(Buffer.byteLength(cut + next) > most, 'one more would not fit');
      }),
    );
  });
});
