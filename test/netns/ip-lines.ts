import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';

/**
 * Runs lines for `ip` in a namespace, `-6 route ...` among them: in one process as far as that goes, since an emulated kernel
 * takes a tenth of a second for each, and a batch is of one family.
 *
 * @throws AssertionError with the lines and what `ip` said
 */
export function runIp(ns: string, lines: readonly string[]): void {
  for (let from = 0, to = 0; from < lines.length; from = to) {
    const isSix = (line: string | undefined) => line?.startsWith('-6 ');
    while (to < lines.length && isSix(lines[to]) === isSix(lines[from])) to++;
    const input = lines.slice(from, to).map((line) => `${line.replace(/^-6 /, '')}\n`);
    const args = [...(isSix(lines[from]) ? ['-6'] : []), '-n', ns, '-batch', '-'];
    const { status, stderr } = spawnSync('ip', args, { input: input.join(''), encoding: 'utf8' });
    assert.equal(status, 0, `${input.join('')}${stderr}`);
  }
}
