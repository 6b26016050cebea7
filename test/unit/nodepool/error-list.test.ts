import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { LB_ERROR_CODES, LbError } from '@openyurt/nodepool-types';

const page = readFileSync(new URL('../../../docs/reference/errors.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `(LB_[A-Z_]+)` +\| ([^|]+) \| ([^|]+) \|$/gm)];

describe('docs/reference/errors.md', () => {
  it('lists the codes of the code, each once', () => {
    assert.deepEqual(rows.map(([, code]) => code).sort(), [...LB_ERROR_CODES].sort());
  });

  it('gives each a meaning and a remedy', () => {
    for (const [, code, meaning = '', remedy = ''] of rows) {
      assert.ok(meaning.trim().length > 10 && remedy.trim().length > 10, `${code} is not explained`);
    }
  });

  it('begins an error with its code', () => {
    const error = new LbError('LB_BAD_RANGE', 'range "x" is none', 'Write one.');
    assert.equal(error.message, 'LB_BAD_RANGE: range "x" is none');
    assert.equal(error.remedy, 'Write one.');
  });
});
