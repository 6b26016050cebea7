import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Reads `test/fixtures/frames/NAME.hex`: pairs of hexadecimal digits, blanks as you like, `#` starts a comment. */
export function hexFrame(name: string): Buffer {
  const file = fileURLToPath(new URL(`../fixtures/frames/${name}.hex`, import.meta.url));
  const digits = readFileSync(file, 'utf8').replace(/#.*$/gm, '').replace(/\s+/g, '');
  if (!/^([0-9a-f]{2})+$/i.test(digits)) throw new Error(`${file} is not hexadecimal`);
  return Buffer.from(digits, 'hex');
}
