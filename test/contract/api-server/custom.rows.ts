import assert from 'node:assert/strict';
import type { Json, Obj } from './client.ts';
import type { SiteOf } from './site.ts';
import { Watcher } from './watcher.ts';

const object = (properties: Json, more: Json = {}): Json => ({ type: 'object', properties, ...more });
const text = { type: 'string' };
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

/** A definition with two served versions and conversion None; its group carries the name of the test's namespace. */
function definition(group: string): Json {
  const schema = {
    openAPIV3Schema: object({
      apiVersion: text,
      kind: text,
      metadata: { type: 'object' },
      spec: object({
        type: { type: 'string', enum: ['Edge', 'Cloud'] },
        size: { type: 'integer', minimum: 1 },
        mode: { type: 'string', default: 'plain' },
        labels: { type: 'object', additionalProperties: text },
        taints: { type: 'array', items: object({ key: text, effect: text }, { required: ['key', 'effect'] }) },
      }),
      status: object({ ready: { type: 'integer' } }),
    }),
  };
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema,
    subresources: { status: {} },
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `pools.${group}` },
    spec: {
      group,
      scope: 'Cluster',
      names: { plural: 'pools', singular: 'pool', kind: 'Pool', listKind: 'PoolList', shortNames: ['po1'] },
      versions: [version('v1beta1', false), version('v1beta2', true)],
    },
  };
}

/** Custom resources: definition by POST, versions, pruning, generation, status. */
export function customRows(site: SiteOf): void {
  const group = () => `${site().namespace}.example.com`;
  const path = (version = 'v1beta2') => `/apis/${group()}/${version}/pools`;
  const pool = (name: string, spec: Json, version = 'v1beta2'): Json => ({
    apiVersion: `${group()}/${version}`,
    kind: 'Pool',
    metadata: { name },
    spec,
  });

  before(async () => {
    const { client } = site();
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await client.make(definitions, definition(group()));
    const deadlineMs = Date.now() + 10_000;
    for (;;) {
      const { body } = await client.get(`${definitions}/pools.${group()}`);
      const conditions = ((body.status as Json | undefined)?.conditions ?? []) as Json[];
      const established = conditions.some((c) => c.type === 'Established' && c.status === 'True');
      if (established && (await client.get(path())).code === 200) return;
      if (Date.now() > deadlineMs) throw new Error('the definition is not served');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  after(async () => {
    await site().client.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pools.${group()}`);
  });

  it('an object is pruned and defaulted by its schema and starts at generation 1', async () => {
    const spec = { type: 'Edge', unknown: 1, labels: { a: 'b' }, taints: [{ key: 'k', effect: 'e', odd: true }] };
    const made = await site().client.make(path(), { ...pool('one', spec), status: { ready: 1 } });
    const want = { type: 'Edge', mode: 'plain', labels: { a: 'b' }, taints: [{ key: 'k', effect: 'e' }] };
    assert.deepEqual(made.spec, want);
    assert.equal(made.status, undefined, 'a status in the body of a create is dropped');
    assert.equal(made.metadata.generation, 1);
  });

  it('fieldValidation=Strict names what the schema does not know', async () => {
    const answer = await site().client.post(
      path(),
      pool('strict', { tpye: 'Edge', taints: [{ key: 'k', effect: 'e', odd: 1 }] }),
      {
        fieldValidation: 'Strict',
      },
    );
    assert.deepEqual([answer.code, answer.body.reason], [400, 'BadRequest'], answer.text);
    assert.match(
      String(answer.body.message),
      /strict decoding error: unknown field "spec\.taints\[0\]\.odd", unknown field "spec\.tpye"/,
    );
  });

  it('each version shows the same object under its own apiVersion', async () => {
    const old = await site().client.get(`${path('v1beta1')}/one`);
    const now = await site().client.get(`${path()}/one`);
    assert.equal(old.body.apiVersion, `${group()}/v1beta1`);
    assert.deepEqual({ ...old.body, apiVersion: '' }, { ...now.body, apiVersion: '' });
    const { body } = await site().client.get(path('v1beta1'));
    assert.deepEqual([body.kind, (body.items as Obj[])[0]?.kind], ['PoolList', 'Pool']);
    await site().client.make(path('v1beta1'), pool('two', { type: 'Cloud' }, 'v1beta1'));
    assert.equal((await site().client.get(`${path()}/two`)).body.apiVersion, `${group()}/v1beta2`);
  });

  it('a watch in one version tells of writes in the other', async () => {
    const { body } = await site().client.get(path('v1beta1'));
    const w = await Watcher.open(site().client, path('v1beta1'), { resourceVersion: body.metadata.resourceVersion });
    await site().client.make(path(), pool('three', {}));
    const { type, object: seen } = await w.next();
    assert.deepEqual([type, seen.apiVersion, seen.metadata.name], ['ADDED', `${group()}/v1beta1`, 'three']);
    await site().client.delete(`${path()}/three`);
    assert.deepEqual(await w.take(1), ['DELETED three']);
    w.close();
  });

  it('generation moves with the spec, not with labels nor status', async () => {
    const { client } = site();
    const labelled = await client.patch(`${path()}/one`, 'merge', { metadata: { labels: { a: 'b' } } });
    assert.equal(labelled.body.metadata.generation, 1);
    const changed = await client.patch(`${path()}/one`, 'merge', { spec: { size: 3 } });
    assert.equal(changed.body.metadata.generation, 2);
    const status = { metadata: { labels: { ignored: 'x' } }, spec: { size: 9 }, status: { ready: 2, odd: 1 } };
    const told = await client.patch(`${path()}/one/status`, 'merge', status);
    assert.equal(told.code, 200, told.text);
    assert.deepEqual([told.body.metadata.generation, told.body.status], [2, { ready: 2 }]);
    assert.deepEqual([told.body.spec, told.body.metadata.labels], [changed.body.spec, { a: 'b' }]);
    const main = await client.patch(`${path()}/one`, 'merge', { status: { ready: 7 } });
    assert.deepEqual([main.code, main.body.status], [200, { ready: 2 }]);
    assert.equal(main.body.metadata.resourceVersion, told.body.metadata.resourceVersion);
  });

  const bad: { name: string; spec: Json; reason: string; field: string }[] = [
    { name: 'a wrong type', spec: { size: 'x' }, reason: 'FieldValueTypeInvalid', field: 'spec.size' },
    { name: 'a value not offered', spec: { type: 'Moon' }, reason: 'FieldValueNotSupported', field: 'spec.type' },
    { name: 'a number too low', spec: { size: 0 }, reason: 'FieldValueInvalid', field: 'spec.size' },
    {
      name: 'a field missing',
      spec: { taints: [{ key: 'k' }] },
      reason: 'FieldValueRequired',
      field: 'spec.taints[0].effect',
    },
  ];
  for (const { name, spec, reason, field } of bad) {
    it(`${name}: 422 that names the field`, async () => {
      const answer = await site().client.post(path(), pool('bad', spec));
      assert.equal(answer.code, 422, answer.text);
      const details = answer.body.details as { group: string; kind: string; causes: Json[] };
      assert.deepEqual([details.group, details.kind], [group(), 'Pool']);
      assert.deepEqual(
        details.causes.map((c) => [c.reason, c.field]),
        [[reason, field]],
        answer.text,
      );
    });
  }

  it('updates must name a revision, bodies their kind', async () => {
    const blind = await site().client.put(`${path()}/one`, pool('one', {}));
    assert.deepEqual([blind.code, blind.body.reason], [422, 'Invalid']);
    const kindless = await site().client.post(path(), { apiVersion: `${group()}/v1beta2`, metadata: { name: 'x' } });
    assert.equal(kindless.code, 400);
    const odd = await site().client.patch(`${path()}/one`, 'strategic-merge', {});
    assert.deepEqual([odd.code, odd.body.reason], [415, 'UnsupportedMediaType']);
    const field = await site().client.get(path(), { fieldSelector: 'spec.type=Edge' });
    assert.equal(field.code, 400);
  });

  it('names are messages of their own: pools.<group>', async () => {
    const missing = await site().client.get(`${path()}/nope`);
    assert.equal(missing.body.message, `pools.${group()} "nope" not found`);
    assert.deepEqual(missing.body.details, { name: 'nope', group: group(), kind: 'pools' });
  });

  it('a table has NAME and AGE', async () => {
    const { body } = await site().client.get(path(), {}, { Accept: TABLE });
    assert.deepEqual(
      (body.columnDefinitions as Json[]).map((c) => [c.name, c.type]),
      [
        ['Name', 'string'],
        ['Age', 'date'],
      ],
    );
    const row = (body.rows as unknown as { cells: string[] }[])[0];
    assert.equal(row?.cells[0], 'one');
    assert.match(String(row?.cells[1]), /^\d+s$/);
  });

  it('discovery offers it in both versions', async () => {
    const { body } = await site().client.get(`/apis/${group()}/v1beta1`);
    const found = (body.resources as Json[]).find((r) => r.name === 'pools');
    assert.deepEqual([found?.kind, found?.namespaced, found?.shortNames], ['Pool', false, ['po1']]);
    const one = await site().client.get(`/apis/${group()}`);
    assert.deepEqual(one.body.preferredVersion, { groupVersion: `${group()}/v1beta2`, version: 'v1beta2' });
  });

  it('a revision too old: HTTP 200 and one ERROR event that says 410 Expired', async () => {
    // revision 1 is older than the definition, so than anything kept of its objects
    const w = await Watcher.open(site().client, path(), { resourceVersion: '1' });
    assert.equal(w.code, 200);
    const { type, object } = await w.next();
    assert.equal(type, 'ERROR');
    assert.deepEqual([object.kind, object.code, object.reason], ['Status', 410, 'Expired']);
    assert.match(object.message ?? '', /^too old resource version: 1 \(\d+\)$/);
    assert.equal(await w.nextOrEnd(), undefined);
  });

  it('with its definition an object goes, a watch is told and then ends, and the path is 404', async () => {
    const { client } = site();
    const left = ((await client.get(path())).body.items as Obj[]).map(({ metadata }) => metadata.name);
    const { metadata } = (await client.get(path())).body as Json & { metadata: { resourceVersion: string } };
    const watcher = await Watcher.open(client, path(), { resourceVersion: metadata.resourceVersion });
    await client.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pools.${group()}`);
    const told = new Set<string>();
    for (let event = await watcher.nextOrEnd(); event !== undefined; event = await watcher.nextOrEnd()) {
      if (event.type === 'DELETED') told.add(String(event.object.metadata.name));
    }
    assert.deepEqual([...told].sort(), left.sort());
    assert.equal((await client.get(path())).code, 404);
  });
}
