import assert from 'node:assert/strict';
import { configMap, type SiteOf } from './site.ts';

/** Delete: preconditions, finalizers, collections. */
export function deleteRows(site: SiteOf): void {
  const maps = () => site().core('configmaps');

  it('delete answers with a Status that names the object and its uid', async () => {
    const made = await site().client.make(maps(), configMap('gone'));
    const { code, body } = await site().client.delete(`${maps()}/gone`);
    assert.equal(code, 200);
    assert.deepEqual([body.kind, body.status], ['Status', 'Success']);
    assert.deepEqual(body.details, { name: 'gone', kind: 'configmaps', uid: made.metadata.uid });
    assert.equal((await site().client.delete(`${maps()}/gone`)).code, 404);
  });

  it('delete with preconditions: uid and resourceVersion', async () => {
    const { metadata } = await site().client.make(maps(), configMap('careful'));
    const tryWith = (preconditions: Record<string, string>) =>
      site().client.delete(`${maps()}/careful`, { kind: 'DeleteOptions', apiVersion: 'v1', preconditions });
    const wrongUid = await tryWith({ uid: 'x' });
    assert.deepEqual([wrongUid.code, wrongUid.body.reason], [409, 'Conflict']);
    assert.equal((await tryWith({ resourceVersion: '1' })).code, 409);
    assert.equal((await tryWith({ uid: metadata.uid, resourceVersion: metadata.resourceVersion })).code, 200);
  });

  it('finalizers hold a deleted object until the last is taken off', async () => {
    const { client } = site();
    await client.make(maps(), { ...configMap('held'), metadata: { name: 'held', finalizers: ['example.com/a'] } });
    const marked = await client.delete(`${maps()}/held`);
    assert.equal(marked.code, 200);
    assert.equal(marked.body.kind, 'ConfigMap');
    assert.ok(marked.body.metadata.deletionTimestamp);
    const again = await client.delete(`${maps()}/held`);
    assert.equal(again.body.metadata.resourceVersion, marked.body.metadata.resourceVersion);
    const more = await client.patch(`${maps()}/held`, 'merge', {
      metadata: { finalizers: ['example.com/a', 'example.com/b'] },
    });
    assert.equal(more.code, 422, 'none can be added now');
    const last = await client.patch(`${maps()}/held`, 'merge', { metadata: { finalizers: null } });
    assert.equal(last.code, 200);
    assert.equal((await client.get(`${maps()}/held`)).code, 404);
  });

  it('deletecollection deletes what the selector means', async () => {
    const { client } = site();
    await client.make(maps(), configMap('batch-1', { batch: 'x' }));
    await client.make(maps(), configMap('batch-2', { batch: 'x' }));
    await client.make(maps(), configMap('batch-3', { batch: 'y' }));
    const answer = await client.ask('DELETE', maps(), { query: { labelSelector: 'batch=x' } });
    assert.equal(answer.code, 200, answer.text);
    const left = await client.get(maps(), { labelSelector: 'batch' });
    assert.deepEqual(
      (left.body.items as { metadata: { name: string } }[]).map((o) => o.metadata.name),
      ['batch-3'],
    );
  });
}
