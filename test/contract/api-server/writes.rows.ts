import assert from 'node:assert/strict';
import { configMap, type SiteOf } from './site.ts';

interface Cause {
  reason: string;
  field: string;
}

/** Create, update and patch, on ConfigMaps and Leases: the rules every resource shares. */
export function writeRows(site: SiteOf): void {
  const maps = () => site().core('configmaps');
  const leases = () => site().apis('coordination.k8s.io/v1', 'leases');

  it('create gives uid, time and revision', async () => {
    const { metadata } = await site().client.make(maps(), configMap('made'));
    assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
    assert.match(String(metadata.creationTimestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.match(metadata.resourceVersion, /^\d+$/);
    assert.equal(metadata.namespace, site().namespace);
    assert.equal(metadata.generation, undefined);
  });

  it('create again is 409 AlreadyExists', async () => {
    const answer = await site().client.post(maps(), configMap('made'));
    assert.equal(answer.code, 409);
    assert.equal(answer.body.reason, 'AlreadyExists');
    assert.equal(answer.body.message, 'configmaps "made" already exists');
  });

  it('generateName ends in five characters', async () => {
    const made = await site().client.make(maps(), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'gen-' },
    });
    assert.match(made.metadata.name, /^gen-[a-z0-9]{5}$/);
    assert.equal(made.metadata.generateName, 'gen-');
  });

  const badCreates: { name: string; body: unknown; code: number; field?: string }[] = [
    { name: 'without a name', body: configMap(''), code: 422, field: 'metadata.name' },
    { name: 'with a name in capitals', body: configMap('Made'), code: 422, field: 'metadata.name' },
    { name: 'with a bad label value', body: configMap('bad', { a: 'b c' }), code: 422, field: 'metadata.labels' },
    { name: 'with a bad label key', body: configMap('bad', { 'a b': 'c' }), code: 422, field: 'metadata.labels' },
    { name: 'with a bad data key', body: configMap('bad', {}, { 'a b': '' }), code: 422, field: 'data[a b]' },
    { name: 'of another kind', body: { ...configMap('bad'), kind: 'Secret' }, code: 400 },
    { name: 'of another version', body: { ...configMap('bad'), apiVersion: 'v2' }, code: 400 },
    {
      name: 'for another namespace',
      body: { kind: 'ConfigMap', metadata: { name: 'bad', namespace: 'other' } },
      code: 400,
    },
    { name: 'with a number for a text', body: configMap('bad', {}, { a: 1 }), code: 400 },
    { name: 'that is a list', body: [], code: 400 },
    { name: 'that is no JSON', body: '{"a":', code: 400 },
  ];
  for (const { name, body, code, field } of badCreates) {
    it(`create ${name} gets ${code}`, async () => {
      const answer = await site().client.post(maps(), body);
      assert.equal(answer.code, code, answer.text);
      assert.equal(answer.body.reason, code === 422 ? 'Invalid' : 'BadRequest');
      if (field === undefined) return;
      const details = answer.body.details as { kind: string; causes: Cause[] };
      assert.equal(details.kind, 'ConfigMap');
      assert.deepEqual(
        details.causes.map((c) => c.field),
        [field],
      );
    });
  }

  it('create in a namespace that is not there is 404 and names the namespace', async () => {
    const answer = await site().client.post('/api/v1/namespaces/never-was/configmaps', configMap('x'));
    assert.equal(answer.code, 404);
    assert.deepEqual(answer.body.details, { name: 'never-was', kind: 'namespaces' });
  });

  it('create with a resourceVersion is refused, as 500 and without a reason', async () => {
    const answer = await site().client.post(maps(), {
      kind: 'ConfigMap',
      metadata: { name: 'bad', resourceVersion: '1' },
    });
    assert.equal(answer.code, 500);
    assert.equal(answer.body.message, 'resourceVersion should not be set on objects to be created');
    assert.equal(answer.body.reason, undefined);
  });

  it('dryRun answers as if and keeps nothing', async () => {
    const answer = await site().client.post(maps(), configMap('dry'), { dryRun: 'All' });
    assert.equal(answer.code, 201);
    assert.equal((await site().client.get(`${maps()}/dry`)).code, 404);
  });

  it('update needs the latest revision where it names one', async () => {
    const made = await site().client.make(maps(), configMap('up'));
    const next = await site().client.put(`${maps()}/up`, { ...made, data: { a: '2' } });
    assert.equal(next.code, 200);
    assert.ok(Number(next.body.metadata.resourceVersion) > Number(made.metadata.resourceVersion));
    const stale = await site().client.put(`${maps()}/up`, { ...made, data: { a: '3' } });
    assert.equal(stale.code, 409);
    assert.equal(stale.body.reason, 'Conflict');
    assert.equal(
      stale.body.message,
      'Operation cannot be fulfilled on configmaps "up": the object has been modified; please apply your changes to the latest version and try again',
    );
    const blind = await site().client.put(`${maps()}/up`, configMap('up', {}, { a: '4' }));
    assert.equal(blind.code, 200, 'without a revision the last writer wins');
    const other = await site().client.put(`${maps()}/up`, { ...configMap('up'), metadata: { name: 'up', uid: 'x' } });
    assert.equal(other.code, 409);
    const misnamed = await site().client.put(`${maps()}/up`, configMap('down'));
    assert.equal(misnamed.code, 400);
    assert.equal((await site().client.put(`${maps()}/none`, configMap('none'))).code, 404);
  });

  it('an update cannot change what the server set', async () => {
    const made = await site().client.make(maps(), configMap('fixed'));
    const metadata = { name: 'fixed', creationTimestamp: made.metadata.creationTimestamp };
    const { body } = await site().client.put(`${maps()}/fixed`, { ...configMap('fixed', {}, { b: '1' }), metadata });
    assert.equal(body.metadata.uid, made.metadata.uid);
    assert.equal(body.metadata.creationTimestamp, made.metadata.creationTimestamp);
  });

  it('merge patch: sets, removes by null, replaces lists', async () => {
    await site().client.make(maps(), configMap('merge', { a: '1', b: '2' }, { x: '1', y: '2' }));
    const patch = { metadata: { labels: { a: null, c: '3' } }, data: { y: null, z: '3' } };
    const { code, body } = await site().client.patch(`${maps()}/merge`, 'merge', patch);
    assert.equal(code, 200);
    assert.deepEqual(
      [body.metadata.labels, body.data],
      [
        { b: '2', c: '3' },
        { x: '1', z: '3' },
      ],
    );
    const bare = await site().client.patch(`${maps()}/merge`, 'merge', { metadata: { labels: { b: null, c: null } } });
    assert.equal(bare.body.metadata.labels, undefined, 'an empty map is not kept');
  });

  it('merge patch with a resourceVersion: 409 when it is not the latest', async () => {
    const made = await site().client.make(maps(), configMap('guard'));
    const { resourceVersion } = made.metadata;
    const patch = (a: string) =>
      site().client.patch(`${maps()}/guard`, 'merge', { metadata: { resourceVersion }, data: { a } });
    assert.equal((await patch('2')).code, 200);
    const stale = await patch('3');
    assert.deepEqual([stale.code, stale.body.reason], [409, 'Conflict']);
  });

  it('JSON patch: applies all or nothing; test guards', async () => {
    await site().client.make(maps(), configMap('jp', { 'a/b': '1' }, { x: '1' }));
    const good = await site().client.patch(`${maps()}/jp`, 'json', [
      { op: 'test', path: '/data/x', value: '1' },
      { op: 'add', path: '/data/y', value: '2' },
      { op: 'replace', path: '/metadata/labels/a~1b', value: '2' },
      { op: 'move', from: '/data/x', path: '/data/z' },
    ]);
    assert.equal(good.code, 200, good.text);
    assert.deepEqual([good.body.data, good.body.metadata.labels], [{ y: '2', z: '1' }, { 'a/b': '2' }]);
    const bad = await site().client.patch(`${maps()}/jp`, 'json', [
      { op: 'add', path: '/data/w', value: '1' },
      { op: 'test', path: '/data/y', value: 'no' },
    ]);
    assert.deepEqual([bad.code, bad.body.reason], [422, 'Invalid']);
    const missing = await site().client.patch(`${maps()}/jp`, 'json', [{ op: 'remove', path: '/data/none' }]);
    assert.equal(missing.code, 422);
    const { body } = await site().client.get(`${maps()}/jp`);
    assert.deepEqual(body.data, { y: '2', z: '1' });
  });

  it('strategic merge patch: finalizers are a set, labels merge', async () => {
    await site().client.make(maps(), { ...configMap('smp'), metadata: { name: 'smp', finalizers: ['example.com/a'] } });
    const more = await site().client.patch(`${maps()}/smp`, 'strategic-merge', {
      metadata: { finalizers: ['example.com/b'] },
    });
    assert.deepEqual([...(more.body.metadata.finalizers as string[])].sort(), ['example.com/a', 'example.com/b']);
    const less = await site().client.patch(`${maps()}/smp`, 'strategic-merge', {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a', 'example.com/b'] },
    });
    assert.equal(less.body.metadata.finalizers, undefined);
  });

  it('a patch of another media type is 415, of a missing object 404', async () => {
    const odd = await site().client.ask('PATCH', `${maps()}/made`, {
      body: {},
      headers: { 'Content-Type': 'application/json' },
    });
    assert.deepEqual([odd.code, odd.body.reason], [415, 'UnsupportedMediaType']);
    assert.equal((await site().client.patch(`${maps()}/none`, 'merge', {})).code, 404);
  });

  it('a Lease update must name a revision; PUT of a new name creates it', async () => {
    const { client } = site();
    const lease = (spec: object) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'lead' },
      spec,
    });
    const made = await client.put(`${leases()}/lead`, lease({ holderIdentity: 'a', leaseDurationSeconds: 15 }));
    assert.equal(made.code, 201, made.text);
    const blind = await client.put(`${leases()}/lead`, lease({ holderIdentity: 'b' }));
    assert.deepEqual([blind.code, blind.body.reason], [422, 'Invalid']);
    const next = { ...made.body, spec: { holderIdentity: 'b', renewTime: '2026-01-02T03:04:05.123456Z' } };
    const renewed = await client.put(`${leases()}/lead`, next);
    assert.equal(renewed.code, 200, renewed.text);
    assert.deepEqual(renewed.body.spec, { holderIdentity: 'b', renewTime: '2026-01-02T03:04:05.123456Z' });
    assert.equal((await client.put(`${leases()}/lead`, next)).code, 409);
  });

  it('a Lease time must have six digits of fraction: toISOString() has three and is refused', async () => {
    const spec = { renewTime: '2026-01-02T03:04:05.123Z' };
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'short' }, spec };
    const answer = await site().client.post(leases(), body);
    assert.deepEqual([answer.code, answer.body.reason], [400, 'BadRequest'], answer.text);
    const zero = { ...body, metadata: { name: 'zero' }, spec: { leaseDurationSeconds: 0 } };
    assert.equal((await site().client.post(leases(), zero)).code, 422);
  });
}
