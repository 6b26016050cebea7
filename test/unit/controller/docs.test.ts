import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { Metrics } from '../../../cloud-controller/src/observe/metrics.ts';
import { HELP } from '../../../cloud-controller/src/options.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const found = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map(([, one = '']) => one))].sort();

describe('docs/reference', () => {
  it('lists the metrics of the controller, each once', async () => {
    const names = (await new Metrics().registry.getMetricsAsJSON()).map(({ name }) => name);
    const rows = found(read('docs/reference/metrics-controller.md'), /^\| `(yurtlb_\w+)` \|/gm);
    assert.deepEqual(rows, names.filter((name) => name.startsWith('yurtlb_')).sort());
  });

  it('lists the flags of the controller, as --help does', () => {
    const rows = found(read('docs/reference/controller-flags.md'), /^\| `(--[a-z-]+)/gm);
    assert.deepEqual(rows, found(HELP, /^ +(--[a-z-]+)/gm));
  });

  it('pages that are named exist', () => {
    for (const page of [
      'README.md',
      ...readdirSync(new URL('docs', root), { recursive: true, encoding: 'utf8' }).map((f) => `docs/${f}`),
    ]) {
      if (!page.endsWith('.md')) continue;
      for (const target of found(read(page), /\]\((?!https?:)([^)#]+)/g)) {
        const url = new URL(target, new URL(page, root));
        assert.doesNotThrow(
          () => (target.endsWith('/') ? readdirSync(url) : readFileSync(url)),
          `${page} names ${target}`,
        );
      }
    }
  });
});
