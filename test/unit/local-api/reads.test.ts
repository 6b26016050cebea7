import { strict as assert } from 'node:assert';
import type { KubeObject } from '@openyurt/nodepool-types';
import { adopt, BORN, LocalSite, service, TABLE } from './site.ts';

const SERVICES = '/api/v1/services';

function shop(): LocalSite {
  const site = new LocalSite();
  const label = (app: string, namespace = 'default') => ({ metadata: { labels: { app }, namespace } });
  site.list('services', [
    service('web', { type: 'LoadBalancer' }, label('web')),
    service('db', {}, label('db')),
    service('db', {}, label('db', 'shop')),
    service('plain', {}, {}),
  ]);
  return site;
}

describe('local API reads', () => {
  it('an object as it was listed, with its kind, without managedFields and what kubectl applied', () => {
    const site = new LocalSite();
    const metadata = {
      managedFields: [{ manager: 'x' }],
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', keep: 'me' },
    };
    site.list('services', [service('web', {}, { metadata })]);
    const { code, body } = site.ask('/api/v1/namespaces/default/services/web');
    assert.equal(code, 200);
    const want = service('web', {}, { metadata: { annotations: { keep: 'me' } } });
    assert.deepEqual(body, want);
  });

  it('heartbeat times of a Node are left out', () => {
    const site = new LocalSite();
    const condition = { type: 'Ready', status: 'True', lastHeartbeatTime: BORN, lastTransitionTime: BORN };
    site.list('nodes', [{ metadata: { name: 'a' }, status: { conditions: [condition] } } as KubeObject]);
    const { status } = site.ask('/api/v1/nodes/a').body as { status: { conditions: object[] } };
    assert.deepEqual(status.conditions, [{ type: 'Ready', status: 'True', lastTransitionTime: BORN }]);
  });

  const lists: { name: string; url: string; want: string[] }[] = [
    { name: 'all namespaces, in the order of their keys', url: SERVICES, want: ['db', 'plain', 'web', 'db'] },
    { name: 'one namespace', url: '/api/v1/namespaces/shop/services', want: ['db'] },
    { name: 'a namespace of which nobody has heard', url: '/api/v1/namespaces/none/services', want: [] },
    { name: 'a label', url: `${SERVICES}?labelSelector=app%3Dweb`, want: ['web'] },
    { name: 'a set of labels', url: `${SERVICES}?labelSelector=app+in+(web,db),app!=web`, want: ['db', 'db'] },
    { name: 'no such label', url: `${SERVICES}?labelSelector=!app`, want: ['plain'] },
    { name: 'a type', url: `${SERVICES}?fieldSelector=spec.type%3DLoadBalancer`, want: ['web'] },
    { name: 'not a name', url: `${SERVICES}?fieldSelector=metadata.name!%3Ddb`, want: ['plain', 'web'] },
    { name: 'a namespace by field', url: `${SERVICES}?fieldSelector=metadata.namespace%3Dshop`, want: ['db'] },
    { name: 'a page is never cut', url: `${SERVICES}?limit=1`, want: ['db', 'plain', 'web', 'db'] },
  ];
  for (const { name, url, want } of lists) it(`list: ${name}`, () => assert.deepEqual(shop().names(url), want));

  it('items of a list have no kind where Kubernetes gives them none, and have it for what a definition brought', () => {
    const site = shop();
    site.list('nodepools', [{ metadata: { name: 'hz' } } as KubeObject]);
    const [first] = (site.ask(SERVICES).body as { items: Record<string, unknown>[] }).items;
    assert.deepEqual([first?.kind, first?.apiVersion], [undefined, undefined]);
    const { items, kind } = site.ask('/apis/apps.openyurt.io/v1beta1/nodepools').body as {
      kind: string;
      items: KubeObject[];
    };
    assert.equal(kind, 'NodePoolList');
    assert.deepEqual([items[0]?.kind, items[0]?.apiVersion], ['NodePool', 'apps.openyurt.io/v1beta1']);
  });

  it('a NodePool in the older version has the fields of that version', () => {
    const site = new LocalSite();
    const pool = {
      metadata: { name: 'hz' },
      spec: { type: 'Edge', interConnectivity: true },
      status: { nodes: ['a'], leaderNum: 1 },
    };
    site.list('nodepools', [pool as KubeObject]);
    const read = (version: string) => site.ask(`/apis/apps.openyurt.io/${version}/nodepools/hz`).body;
    assert.deepEqual(read('v1beta2'), { ...pool, kind: 'NodePool', apiVersion: 'apps.openyurt.io/v1beta2' });
    assert.deepEqual(read('v1beta1').spec, { type: 'Edge' });
    assert.deepEqual(read('v1beta1').status, { nodes: ['a'] });
  });

  it('only metadata where only that is asked for', () => {
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const { kind, items } = shop().ask(SERVICES, accept).body as { kind: string; items: Record<string, unknown>[] };
    assert.equal(kind, 'PartialObjectMetadataList');
    assert.deepEqual(Object.keys(items[0] ?? {}), ['kind', 'apiVersion', 'metadata']);
  });

  it('JSON where protobuf is preferred', () => {
    const { type, body } = shop().ask(SERVICES, 'application/vnd.kubernetes.protobuf,application/json');
    assert.deepEqual([type, body.kind], ['application/json', 'ServiceList']);
  });

  it('rows with the whole object, with none, and by default with its metadata', () => {
    const first = (include: string) => {
      const { rows } = shop().ask(`${SERVICES}${include}`, TABLE).body as { rows: { object: KubeObject | null }[] };
      return rows[0]?.object?.kind;
    };
    assert.equal(first('?includeObject=Object'), 'Service');
    assert.equal(first('?includeObject=None'), undefined);
    assert.equal(first(''), 'PartialObjectMetadata');
  });

  const refused: { name: string; url: string; code: number; says: RegExp; method?: string }[] = [
    {
      name: 'an object that is not there',
      url: '/api/v1/namespaces/default/services/no',
      code: 404,
      says: /^services "no" not found$/,
    },
    {
      name: 'one of a group',
      url: '/apis/apps.openyurt.io/v1beta2/nodepools/no',
      code: 404,
      says: /^nodepools\.apps\.openyurt\.io "no" not found$/,
    },
    {
      name: 'a resource that is not served',
      url: '/api/v1/configmaps',
      code: 404,
      says: /^the server could not find the requested resource$/,
    },
    { name: 'Pods, which describe node asks for', url: '/api/v1/pods?fieldSelector=x', code: 403, says: /crictl pods/ },
    { name: 'a group that is not served', url: '/apis/apps/v1', code: 404, says: /could not find/ },
    { name: 'a subresource', url: '/api/v1/namespaces/default/services/web/status', code: 404, says: /could not find/ },
    { name: 'a broken escape', url: '/api/v1/namespaces/%zz/services', code: 404, says: /could not find/ },
    {
      name: 'a selector that does not parse',
      url: `${SERVICES}?labelSelector=a+b+c`,
      code: 400,
      says: /unable to parse requirement/,
    },
    {
      name: 'a field that cannot be selected',
      url: `${SERVICES}?fieldSelector=spec.foo%3D1`,
      code: 400,
      says: /^field label not supported: spec\.foo$/,
    },
    {
      name: 'a field selector without a sign',
      url: `${SERVICES}?fieldSelector=metadata.name`,
      code: 400,
      says: /can't understand/,
    },
    {
      name: 'a delete',
      url: '/api/v1/namespaces/default/services/web',
      method: 'DELETE',
      code: 405,
      says: /^this is the read-only view of node edge-1; the cloud has been offline for 3m; write to the cloud's API server$/,
    },
    { name: 'a create', url: '/api/v1/namespaces/default/services', method: 'POST', code: 405, says: /read-only/ },
    {
      name: 'a list of which nothing is known',
      url: '/apis/network.openyurt.io/v1alpha1/poolservices',
      code: 503,
      says: /nothing is known of poolservices\.network\.openyurt\.io on this node/,
    },
    {
      name: 'an object of which nothing is known',
      url: '/api/v1/nodes/a',
      code: 503,
      says: /nothing is known of nodes/,
    },
  ];
  for (const { name, url, code, says, method } of refused) {
    it(`refuses ${name} with ${code}`, () => {
      const site = shop();
      site.list('nodepools', []);
      const answer = site.ask(url, undefined, method);
      assert.deepEqual([answer.code, answer.body.kind, answer.body.code], [code, 'Status', code]);
      assert.match(String(answer.body.message), says);
    });
  }

  it('schemas are refused in plain text, the only words that kubectl explain shows', () => {
    for (const path of ['/openapi/v2', '/openapi/v3', '/openapi/v3/api/v1']) {
      const answer = shop().answer(path);
      assert.ok(answer.kind === 'whole' && answer.status === 406 && answer.type.startsWith('text/plain'));
      assert.match(answer.body, /^this is the read-only view of node edge-1: it keeps no schemas and takes no writes/);
    }
  });

  it('an empty list that the cloud told is empty', () => {
    const site = new LocalSite();
    site.list('nodepools', []);
    assert.deepEqual(site.names('/apis/apps.openyurt.io/v1beta2/nodepools'), []);
  });

  it('Nodes of other NodePools, which a hub lists from its cache, are left out', () => {
    const site = new LocalSite();
    site.catalogue.followPool('hz');
    const node = (name: string, pool: string) =>
      ({ metadata: { name, labels: { 'apps.openyurt.io/nodepool': pool } } }) as KubeObject;
    adopt(site.catalogue, 'nodes', [node('a', 'hz'), node('b', 'sh')], undefined, false, 0);
    assert.deepEqual(site.names('/api/v1/nodes'), ['a']);
  });

  it('a node in no NodePool shows itself', () => {
    const site = new LocalSite();
    adopt(site.catalogue, 'self', [{ metadata: { name: 'a', resourceVersion: '7' } }], 9n, true, 0);
    assert.deepEqual(site.names('/api/v1/nodes'), ['a']);
  });
});
