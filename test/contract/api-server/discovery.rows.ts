import assert from 'node:assert/strict';
import type { Json } from './client.ts';
import { configMap, type SiteOf, service } from './site.ts';
import { Watcher } from './watcher.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const METADATA = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

interface Resource {
  name: string;
  kind: string;
  namespaced: boolean;
  singularName: string;
  verbs: string[];
  shortNames?: string[];
}

const WANTED: { path: string; name: string; kind: string; namespaced: boolean; shortNames?: string[] }[] = [
  { path: '/api/v1', name: 'services', kind: 'Service', namespaced: true, shortNames: ['svc'] },
  { path: '/api/v1', name: 'nodes', kind: 'Node', namespaced: false, shortNames: ['no'] },
  { path: '/api/v1', name: 'configmaps', kind: 'ConfigMap', namespaced: true, shortNames: ['cm'] },
  { path: '/api/v1', name: 'namespaces', kind: 'Namespace', namespaced: false, shortNames: ['ns'] },
  { path: '/apis/coordination.k8s.io/v1', name: 'leases', kind: 'Lease', namespaced: true },
  { path: '/apis/discovery.k8s.io/v1', name: 'endpointslices', kind: 'EndpointSlice', namespaced: true },
  { path: '/apis/events.k8s.io/v1', name: 'events', kind: 'Event', namespaced: true, shortNames: ['ev'] },
];

/** Discovery, and the shapes kubectl asks for: tables and bare metadata. */
export function discoveryRows(site: SiteOf): void {
  for (const { path, ...want } of WANTED) {
    it(`${path} offers ${want.name}`, async () => {
      const { body } = await site().client.get(path);
      assert.equal(body.kind, 'APIResourceList');
      const found = (body.resources as Resource[]).find((r) => r.name === want.name);
      assert.ok(found);
      const { kind, namespaced, shortNames } = found;
      assert.deepEqual({ name: found.name, kind, namespaced, ...(shortNames ? { shortNames } : {}) }, want);
      for (const verb of ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'])
        assert.ok(found.verbs.includes(verb), verb);
    });
  }

  it('a status subresource is offered beside its resource', async () => {
    const { body } = await site().client.get('/api/v1');
    const status = (body.resources as Resource[]).find((r) => r.name === 'services/status');
    assert.deepEqual([status?.kind, [...(status?.verbs ?? [])].sort()], ['Service', ['get', 'patch', 'update']]);
  });

  it('/apis lists groups, /apis/<group> its versions', async () => {
    const { body } = await site().client.get('/apis');
    const group = (body.groups as Json[]).find((g) => g.name === 'coordination.k8s.io');
    assert.deepEqual(group?.preferredVersion, { groupVersion: 'coordination.k8s.io/v1', version: 'v1' });
    const one = await site().client.get('/apis/coordination.k8s.io');
    assert.deepEqual([one.body.kind, one.body.name], ['APIGroup', 'coordination.k8s.io']);
    assert.deepEqual((await site().client.get('/api')).body.versions, ['v1']);
  });

  it('aggregated discovery tells all in two answers', async () => {
    const core = await site().client.get('/api', {}, { Accept: AGGREGATED });
    assert.equal(core.body.kind, 'APIGroupDiscoveryList');
    assert.match(core.headers['content-type'] ?? '', /g=apidiscovery\.k8s\.io;v=v2;as=APIGroupDiscoveryList/);
    const versions = (core.body.items as unknown as { versions: { version: string; resources: Json[] }[] }[])[0]
      ?.versions;
    const services = versions?.[0]?.resources.find((r) => r.resource === 'services');
    assert.deepEqual(
      [services?.scope, services?.singularResource, services?.shortNames],
      ['Namespaced', 'service', ['svc']],
    );
    const named = (await site().client.get('/apis', {}, { Accept: AGGREGATED })).body.items as {
      metadata: { name: string };
    }[];
    assert.ok(named.some((g) => g.metadata.name === 'coordination.k8s.io'));
  });

  it('OpenAPI v3: one document per group, which says that the server checks fields', async () => {
    // the real server calls its index text/plain
    const index = JSON.parse((await site().client.get('/openapi/v3')).text) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const url = index.paths['api/v1']?.serverRelativeURL ?? '';
    const document = (await site().client.get(url)).body.paths as Record<string, Record<string, Json>>;
    const patch = document['/api/v1/namespaces/{namespace}/services/{name}']?.patch;
    const parameters = (patch?.parameters ?? []) as Json[];
    assert.ok(parameters.some((p) => p.name === 'fieldValidation' && p.in === 'query'));
  });

  it('a table of Services has the columns people know', async () => {
    await site().client.make(site().core('services'), service('row', { selector: { app: 'x' } }));
    const query = { fieldSelector: 'metadata.name=row' };
    const { body } = await site().client.get(site().core('services'), query, { Accept: TABLE });
    assert.deepEqual([body.kind, body.apiVersion], ['Table', 'meta.k8s.io/v1']);
    const columns = body.columnDefinitions as { name: string; priority: number }[];
    const heads = columns.map((c) => `${c.name}${c.priority === 0 ? '' : '*'}`);
    assert.deepEqual(heads, ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'Selector*']);
    const row = (body.rows as unknown as { cells: string[]; object: Json }[])[0];
    assert.ok(row);
    const [name, type, , external, ports, age, selector] = row.cells;
    assert.deepEqual([name, type, external, ports, selector], ['row', 'ClusterIP', '<none>', '80/TCP', 'app=x']);
    assert.match(String(age), /^\d+s$/);
    assert.equal(row.object.kind, 'PartialObjectMetadata');
  });

  it('tables of other resources', async () => {
    const heads = async (path: string) => {
      const { body } = await site().client.get(path, {}, { Accept: TABLE });
      return (body.columnDefinitions as { name: string; priority: number }[])
        .filter((c) => c.priority === 0)
        .map((c) => c.name);
    };
    assert.deepEqual(await heads('/api/v1/nodes'), ['Name', 'Status', 'Roles', 'Age', 'Version']);
    assert.deepEqual(await heads(site().core('configmaps')), ['Name', 'Data', 'Age']);
    assert.deepEqual(await heads(site().core('events')), ['Last Seen', 'Type', 'Reason', 'Object', 'Message']);
    assert.deepEqual(await heads(site().apis('coordination.k8s.io/v1', 'leases')), ['Name', 'Holder', 'Age']);
    const slices = await heads(site().apis('discovery.k8s.io/v1', 'endpointslices'));
    assert.deepEqual(slices, ['Name', 'AddressType', 'Ports', 'Endpoints', 'Age']);
    assert.deepEqual(await heads('/api/v1/namespaces'), ['Name', 'Status', 'Age']);
  });

  it('a watch of tables sends one row an event, the headings once', async () => {
    const { client } = site();
    const path = site().core('configmaps');
    const { body } = await client.get(path);
    const query = {
      watch: 'true',
      resourceVersion: body.metadata.resourceVersion,
      fieldSelector: 'metadata.name=tabled',
    };
    const w = await Watcher.open(client, path, query, { Accept: TABLE });
    await client.make(path, configMap('tabled'));
    await client.delete(`${path}/tabled`);
    const seen = [await w.next(), await w.next()];
    assert.deepEqual(
      seen.map((e) => `${e.type} ${String(e.object.kind)}`),
      ['ADDED Table', 'DELETED Table'],
    );
    const heads = seen.map((e) => ((e.object.columnDefinitions ?? []) as Json[]).length > 0);
    assert.deepEqual(heads, [true, false]);
    w.close();
  });

  it('bare metadata on request', async () => {
    await site().client.make(site().core('configmaps'), configMap('meta-only'));
    const query = { fieldSelector: 'metadata.name=meta-only' };
    const { body } = await site().client.get(site().core('configmaps'), query, { Accept: METADATA });
    assert.equal(body.kind, 'PartialObjectMetadataList');
    const item = (body.items as Json[])[0];
    assert.deepEqual([item?.kind, item?.data], ['PartialObjectMetadata', undefined]);
  });
}
