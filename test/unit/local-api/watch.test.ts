import { strict as assert } from 'node:assert';
import type { KubeObject } from '@openyurt/nodepool-types';
import { LocalSite, said, service, TABLE } from './site.ts';

const at = (version: number, name: string, spec = {}, labels = {}): KubeObject =>
  service(name, spec, { metadata: { resourceVersion: String(version), labels } });
const SERVICES = '/api/v1/services?watch=1';

function shop(): LocalSite {
  const site = new LocalSite();
  site.list('services', [at(10, 'a'), at(20, 'b')], 100n);
  return site;
}

const add = (site: LocalSite, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject) =>
  site.catalogue.changed('services', type, object, 0);

describe('local API watch', () => {
  it('from where a list ended: what came after it, and nothing else', () => {
    const site = shop();
    assert.equal((site.ask('/api/v1/services').body.metadata as { resourceVersion: string }).resourceVersion, '100');
    add(site, 'ADDED', at(101, 'c'));
    const watch = site.watch(`${SERVICES}&resourceVersion=100`);
    const lines: string[] = [];
    watch.listen((line) => lines.push(line));
    add(site, 'MODIFIED', at(102, 'a', { type: 'NodePort' }));
    add(site, 'DELETED', at(103, 'b'));
    assert.deepEqual([...said(watch.first), ...said(lines)], ['ADDED c', 'MODIFIED a', 'DELETED b']);
    const deleted = JSON.parse(lines.at(-1) ?? '') as { object: KubeObject };
    assert.equal(deleted.object.metadata.resourceVersion, '103');
  });

  it('from nowhere: what is there first', () => {
    for (const query of ['', '&resourceVersion=0', '&resourceVersion='])
      assert.deepEqual(said(shop().watch(`${SERVICES}${query}`).first), ['ADDED a', 'ADDED b']);
  });

  it('a streaming list ends with a marked bookmark', () => {
    const query = '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const lines = [...shop().watch(`${SERVICES}${query}`).first];
    assert.deepEqual(said(lines), ['ADDED a', 'ADDED b', 'BOOKMARK']);
    assert.match(lines.at(-1) ?? '', /"resourceVersion":"100".*"k8s.io\/initial-events-end":"true"/);
  });

  it('too old, or from a future that this node has not seen, is 410', () => {
    const site = shop();
    for (let version = 101; version < 500; version++) add(site, 'MODIFIED', at(version, 'a', { n: version }));
    for (const from of ['100', '150', '9999']) {
      const { code, body } = site.ask(`${SERVICES}&resourceVersion=${from}`);
      assert.deepEqual([code, body.reason], [410, 'Expired'], from);
    }
    assert.deepEqual(said(site.watch(`${SERVICES}&resourceVersion=497`).first), ['MODIFIED a', 'MODIFIED a']);
  });

  it('no number is 400', () => assert.equal(shop().ask(`${SERVICES}&resourceVersion=x`).code, 400));

  it('leaving a selector is DELETED, entering it is ADDED', () => {
    const site = shop();
    const watch = site.watch(`${SERVICES}&resourceVersion=100&labelSelector=app%3Dweb`);
    const lines: string[] = [];
    watch.listen((line) => lines.push(line));
    add(site, 'MODIFIED', at(101, 'a', {}, { app: 'web' }));
    add(site, 'MODIFIED', at(102, 'a', { type: 'NodePort' }, { app: 'web' }));
    add(site, 'MODIFIED', at(103, 'a', {}, { app: 'db' }));
    add(site, 'MODIFIED', at(104, 'b', { type: 'NodePort' }));
    assert.deepEqual(said(lines), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  it('one object by its name, one namespace', () => {
    const site = shop();
    const one = site.watch('/api/v1/namespaces/default/services/b?watch=true');
    const elsewhere = site.watch('/api/v1/namespaces/shop/services?watch=true');
    assert.deepEqual([said(one.first), said(elsewhere.first)], [['ADDED b'], []]);
  });

  it('as tables, of which the first has the columns', () => {
    const lines = [...shop().watch(SERVICES, TABLE).first];
    const headed = lines.map(
      (line) => (JSON.parse(line) as { object: { columnDefinitions: unknown } }).object.columnDefinitions !== null,
    );
    assert.deepEqual(
      [said(lines), headed],
      [
        ['ADDED a', 'ADDED b'],
        [true, false],
      ],
    );
  });

  it('a change of nothing but the version or heartbeats says nothing', () => {
    const site = shop();
    const lines: string[] = [];
    site.watch(SERVICES).listen((line) => lines.push(line));
    add(site, 'MODIFIED', at(101, 'a'));
    assert.deepEqual(lines, []);
    assert.equal(site.catalogue.changes, 1);
    assert.equal(
      (site.ask('/api/v1/namespaces/default/services/a').body as unknown as KubeObject).metadata.resourceVersion,
      '101',
    );
  });

  it('a list after an outage tells what went and what came, at versions that grow', () => {
    const site = shop();
    const lines: string[] = [];
    site.watch(`${SERVICES}&resourceVersion=100`).listen((line) => lines.push(line));
    site.list('services', [at(20, 'b'), at(140, 'd'), at(130, 'c')], 150n);
    assert.deepEqual(said(lines), ['DELETED a', 'ADDED c', 'ADDED d']);
    const versions = lines.map((line) =>
      Number((JSON.parse(line) as { object: KubeObject }).object.metadata.resourceVersion),
    );
    assert.deepEqual(versions, [101, 130, 140]);
    assert.deepEqual(said(site.watch(`${SERVICES}&resourceVersion=130`).first), ['ADDED d']);
  });

  it('a bookmark says how far the view is whole', () => {
    const site = shop();
    const watch = site.watch(`${SERVICES}&resourceVersion=100&allowWatchBookmarks=true&timeoutSeconds=10`);
    site.catalogue.reached('services', 170n);
    assert.match(watch.bookmark(), /"type":"BOOKMARK".*"kind":"Service".*"resourceVersion":"170"/);
    assert.deepEqual([watch.timeoutMs, watch.bookmarkMs], [10_000, 9_000]);
    assert.equal(shop().watch(SERVICES).bookmarkMs, undefined);
  });
});
