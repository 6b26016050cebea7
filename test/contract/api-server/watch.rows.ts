import assert from 'node:assert/strict';
import type { Obj } from './client.ts';
import { configMap, type SiteOf } from './site.ts';
import { Watcher } from './watcher.ts';

/** Watch: where it starts, what it tells, how it ends. */
export function watchRows(site: SiteOf): void {
  const open: Watcher[] = [];
  const path = () => site().core('configmaps');
  const watch = async (query: Record<string, string> = {}): Promise<Watcher> => {
    const w = await Watcher.open(site().client, path(), query);
    open.push(w);
    return w;
  };
  const make = (name: string, labels: Record<string, string> = {}): Promise<Obj> =>
    site().client.make(path(), configMap(name, labels));
  const label = (name: string, labels: Record<string, string | null>) =>
    site().client.patch(`${path()}/${name}`, 'merge', { metadata: { labels } });

  afterEach(() => {
    for (const w of open.splice(0)) w.close();
  });

  it('from a list on: every later change once, in order, with rising revisions', async () => {
    const { body } = await site().client.get(path(), { labelSelector: 'w=seq' });
    const w = await watch({ labelSelector: 'w=seq', resourceVersion: body.metadata.resourceVersion });
    await make('seq-1', { w: 'seq' });
    await label('seq-1', { more: 'x' });
    await make('seq-2', { w: 'seq' });
    await site().client.delete(`${path()}/seq-1`);
    const events = [await w.next(), await w.next(), await w.next(), await w.next()];
    const told = events.map((e) => `${e.type} ${e.object.metadata.name}`);
    assert.deepEqual(told, ['ADDED seq-1', 'MODIFIED seq-1', 'ADDED seq-2', 'DELETED seq-1']);
    const revisions = events.map((e) => Number(e.object.metadata.resourceVersion));
    assert.deepEqual(
      revisions,
      [...revisions].sort((a, b) => a - b),
    );
    assert.equal(new Set(revisions).size, 4);
    assert.equal(events[0]?.object.kind, 'ConfigMap');
    await site().client.delete(`${path()}/seq-2`);
  });

  it('from an older revision: what happened since is told first', async () => {
    const first = await make('past-1', { w: 'past' });
    await make('past-2', { w: 'past' });
    await site().client.delete(`${path()}/past-1`);
    const w = await watch({ labelSelector: 'w=past', resourceVersion: first.metadata.resourceVersion });
    assert.deepEqual(await w.take(2), ['ADDED past-2', 'DELETED past-1']);
    await site().client.delete(`${path()}/past-2`);
  });

  for (const resourceVersion of ['', '0']) {
    it(`resourceVersion ${resourceVersion === '' ? 'absent' : '0'}: begins with what is there, as ADDED`, async () => {
      const name = `init${resourceVersion}`;
      await make(`${name}-1`, { w: name });
      await make(`${name}-2`, { w: name });
      const w = await watch({ labelSelector: `w=${name}`, ...(resourceVersion === '' ? {} : { resourceVersion }) });
      assert.deepEqual((await w.take(2)).sort(), [`ADDED ${name}-1`, `ADDED ${name}-2`]);
      await site().client.delete(`${path()}/${name}-1`);
      assert.deepEqual(await w.take(1), [`DELETED ${name}-1`]);
      await site().client.delete(`${path()}/${name}-2`);
    });
  }

  it('a label selector: entering is ADDED, leaving is DELETED with the old state at the new revision', async () => {
    const made = await make('cross', { w: 'no' });
    const w = await watch({ labelSelector: 'w=cross', resourceVersion: made.metadata.resourceVersion });
    await label('cross', { w: 'cross' });
    assert.deepEqual(await w.take(1), ['ADDED cross']);
    const left = await label('cross', { w: 'no' });
    const gone = await w.next();
    assert.equal(gone.type, 'DELETED');
    assert.deepEqual(gone.object.metadata.labels, { w: 'cross' });
    assert.equal(gone.object.metadata.resourceVersion, left.body.metadata.resourceVersion);
    await label('cross', { other: 'x' });
    await label('cross', { w: 'cross' });
    const back = await w.next();
    assert.equal(`${back.type} ${back.object.metadata.name}`, 'ADDED cross', 'what happened outside is not told');
    await site().client.delete(`${path()}/cross`);
    assert.deepEqual(await w.take(1), ['DELETED cross']);
  });

  it('a field selector watches one name', async () => {
    const { body } = await site().client.get(path());
    const w = await watch({ fieldSelector: 'metadata.name=one-b', resourceVersion: body.metadata.resourceVersion });
    await make('one-a');
    await make('one-b');
    assert.deepEqual(await w.take(1), ['ADDED one-b']);
    for (const name of ['one-a', 'one-b']) await site().client.delete(`${path()}/${name}`);
    assert.deepEqual(await w.take(1), ['DELETED one-b']);
  });

  it('a bookmark tells how far things have gone, before the time is over; then the stream ends cleanly', async () => {
    const made = await make('mark');
    const query = { allowWatchBookmarks: 'true', timeoutSeconds: '3', labelSelector: 'w=none' };
    const w = await watch({ ...query, resourceVersion: made.metadata.resourceVersion });
    const { body } = await label('mark', { w: 'other' });
    const quiet = await watch({ ...query, resourceVersion: body.metadata.resourceVersion });
    const mark = await w.next();
    assert.equal(mark.type, 'BOOKMARK');
    assert.equal(mark.object.kind, 'ConfigMap');
    assert.ok(Number(mark.object.metadata.resourceVersion) >= Number(body.metadata.resourceVersion));
    assert.equal(mark.object.metadata.name, undefined);
    // ConfigMaps of others may change meanwhile: each stream may hear how far those have gone, and nothing else.
    for (const [stream, from] of [
      [w, mark.object],
      [quiet, body],
    ] as const) {
      let reached = Number(from.metadata.resourceVersion);
      for (let word = await stream.nextOrEnd(); word !== undefined; word = await stream.nextOrEnd()) {
        assert.equal(word.type, 'BOOKMARK');
        const far = Number(word.object.metadata.resourceVersion);
        assert.ok(far >= reached, `${far} after ${reached}`);
        reached = far;
      }
    }
    await site().client.delete(`${path()}/mark`);
  });

  it('a revision of the future waits', async () => {
    const made = await make('future', { w: 'future' });
    const resourceVersion = String(Number(made.metadata.resourceVersion) + 100_000);
    const w = await watch({ resourceVersion, timeoutSeconds: '1', labelSelector: 'w=future' });
    assert.equal(w.code, 200);
    await label('future', { more: 'x' });
    assert.equal(await w.nextOrEnd(), undefined);
    await site().client.delete(`${path()}/future`);
  });

  it('a streaming list ends its beginning with a marked bookmark', async () => {
    await make('stream', { w: 'stream' });
    const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' };
    const w = await watch({ ...query, labelSelector: 'w=stream' });
    assert.deepEqual(await w.take(1), ['ADDED stream']);
    const end = await w.next();
    assert.equal(end.type, 'BOOKMARK');
    assert.deepEqual(end.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
    await site().client.delete(`${path()}/stream`);
  });

  it('parameters that make no sense are refused', async () => {
    const odd = await site().client.get(path(), { watch: 'true', resourceVersion: 'abc' });
    assert.deepEqual([odd.code, odd.body.reason], [500, undefined]);
    const bare = await site().client.get(path(), { watch: 'true', sendInitialEvents: 'true' });
    assert.deepEqual([bare.code, bare.body.reason], [422, 'Invalid']);
  });

  it('a write that changes nothing is not told and does not move the revision', async () => {
    const made = await make('still', { w: 'still' });
    const w = await watch({ labelSelector: 'w=still', resourceVersion: made.metadata.resourceVersion });
    const again = await label('still', { w: 'still' });
    assert.equal(again.code, 200);
    assert.equal(again.body.metadata.resourceVersion, made.metadata.resourceVersion);
    const put = await site().client.put(`${path()}/still`, made);
    assert.equal(put.body.metadata.resourceVersion, made.metadata.resourceVersion);
    await site().client.delete(`${path()}/still`);
    assert.deepEqual(await w.take(1), ['DELETED still']);
  });
}
