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

  it('lists every reason of conditions and Events, and no other', () => {
    const sources = ['cloud-controller/src', 'edge-speaker/src', 'nodepool/src']
      .flatMap((room) =>
        readdirSync(new URL(room, root), { recursive: true, encoding: 'utf8' }).map((f) => `${room}/${f}`),
      )
      .filter((path) => path.endsWith('.ts'))
      .map(read)
      .join('\n');
    const page = read('docs/reference/conditions-events.md');
    const rows = found(page, /^\|(?: (?:Warning|Normal) \|)? `([A-Z]\w+)`/gm);
    const missing = found(sources, /reason: '([A-Z]\w+)'/g).filter((reason) => !page.includes(`\`${reason}\``));
    assert.deepEqual(missing, []);
    assert.ok(rows.length > 20);
    assert.deepEqual(
      rows.filter((reason) => !sources.includes(`'${reason}'`)),
      [],
    );
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
