import { strict as assert } from 'node:assert';
import type { KubeObject } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { Catalogue } from '../../../edge-speaker/src/offline/catalogue.ts';
import { encodeCatalogue, restoreCatalogue } from '../../../edge-speaker/src/offline/catalogue-snapshot.ts';
import { sameButVersion } from '../../../edge-speaker/src/offline/catalogue-text.ts';
import { adopt, finish, LocalSite, service } from './site.ts';

const at = (version: number, name: string, spec = {}) =>
  service(name, spec, { metadata: { resourceVersion: String(version) } });
const texts = ({ shelves }: Catalogue) => Object.values(shelves).map((shelf) => shelf.entries());

describe('catalogue', () => {
  it('comes back from the disk as it was', () => {
    const before = new LocalSite().catalogue;
    adopt(before, 'services', [at(5, 'a'), at(7, 'ü\n"b"')], 9n, true, 0);
    adopt(before, 'nodepools', [{ metadata: { name: 'hz' } }], 11n, true, 0);
    const after = new Catalogue();
    finish(restoreCatalogue(encodeCatalogue(before, 'edge-1'), 'edge-1', after, 0));
    assert.deepEqual(texts(after), texts(before));
    assert.deepEqual([after.shelves.services.highest, after.shelves.services.complete], [9n, true]);
    assert.deepEqual([after.shelves.nodes.known, after.changes], [false, 0]);
    assert.equal(after.shelves.services.changes.revision, 9n);
  });

  it('what the cloud has told since the start goes before what the disk remembers', () => {
    const before = new Catalogue();
    adopt(before, 'services', [at(5, 'a'), at(6, 'gone')], 9n, true, 0);
    adopt(before, 'nodepools', [{ metadata: { name: 'hz' } }], 9n, true, 0);
    const text = encodeCatalogue(before, 'edge-1');
    const after = new Catalogue();
    adopt(after, 'services', [at(20, 'a', { type: 'NodePort' })], 30n, true, 0);
    finish(restoreCatalogue(text, 'edge-1', after, 0));
    assert.deepEqual(
      after.shelves.services.entries().map(([key]) => key),
      ['default/a'],
    );
    assert.match(after.shelves.services.get('default/a') ?? '', /NodePort/);
    assert.deepEqual(
      after.shelves.nodepools.entries().map(([key]) => key),
      ['hz'],
    );
  });

  it('of another node, or no catalogue, is refused whole', () => {
    const other = encodeCatalogue(new LocalSite().catalogue, 'edge-2');
    for (const [text, says] of [
      [other, /written by node edge-2, this is edge-1/],
      ['{}', /no catalogue/],
      ['', /JSON/],
      [`${encodeCatalogue(new Catalogue(), 'edge-1')}\nservices {"x"`, /JSON/],
    ] as const) {
      const catalogue = new Catalogue();
      assert.throws(() => finish(restoreCatalogue(text, 'edge-1', catalogue, 0)), says);
      assert.equal(catalogue.shelves.services.known, false);
    }
  });

  it('a list without proof takes nothing away', () => {
    const catalogue = new Catalogue();
    adopt(catalogue, 'services', [at(5, 'a'), at(6, 'b')], 9n, true, 0);
    adopt(catalogue, 'services', [at(8, 'a', { type: 'NodePort' })], undefined, false, 0);
    assert.deepEqual(
      catalogue.shelves.services.entries().map(([key]) => key),
      ['default/a', 'default/b'],
    );
  });

  it('counts a change worth a write for what a person would see, and for a heartbeat none', () => {
    let touched = 0;
    const catalogue = new Catalogue(() => touched++);
    const node = (version: number, heartbeat: string, status = 'True') =>
      ({
        metadata: { name: 'a', resourceVersion: String(version) },
        status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime: heartbeat }] },
      }) as KubeObject;
    adopt(catalogue, 'nodes', [node(1, 'x')], 2n, true, 0);
    catalogue.changed('nodes', 'MODIFIED', node(3, 'y'), 0);
    adopt(catalogue, 'nodes', [node(4, 'z')], 5n, true, 0);
    assert.equal(touched, 1);
    catalogue.changed('nodes', 'MODIFIED', node(6, 'z', 'False'), 0);
    assert.equal(touched, 2);
  });

  it('two texts are the same but for the version exactly when the objects are', () => {
    const object = fc.record({ labels: fc.dictionary(fc.string(), fc.string()), version: fc.nat(), n: fc.nat(3) });
    const text = ({ labels, version, n }: { labels: object; version: number; n: number }) =>
      JSON.stringify({ metadata: { name: 'a', resourceVersion: String(version), labels }, n });
    fc.assert(
      fc.property(object, object, (a, b) => {
        const same = JSON.stringify([a.labels, a.n]) === JSON.stringify([b.labels, b.n]);
        assert.equal(sameButVersion(text(a), text(b)), same);
        assert.equal(sameButVersion(text(a), text({ ...a, version: b.version })), true);
      }),
    );
  });
});
