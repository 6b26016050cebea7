import { strict as assert } from 'node:assert';
import { type Json, LocalSite } from './site.ts';

const site = new LocalSite();
const GROUPS = ['discovery.k8s.io', 'apps.openyurt.io', 'network.openyurt.io', 'yurtlb.io'];
const aggregated = (...versions: string[]) =>
  [
    ...versions.map((v) => `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`),
    'application/json',
  ].join(',');

interface Item {
  metadata: { name?: string };
  versions: { version: string; resources: { resource: string; scope: string; verbs: string[] }[] }[];
}

describe('local API discovery', () => {
  it('legacy: groups, their versions, their resources', () => {
    const { groups } = site.ask('/apis').body as {
      groups: { name: string; preferredVersion: Json; versions: Json[] }[];
    };
    assert.deepEqual(
      groups.map(({ name }) => name),
      GROUPS,
    );
    const pools = groups.find(({ name }) => name === 'apps.openyurt.io');
    assert.deepEqual(
      pools?.versions.map(({ version }) => version),
      ['v1beta2', 'v1beta1'],
    );
    assert.deepEqual(pools?.preferredVersion, { groupVersion: 'apps.openyurt.io/v1beta2', version: 'v1beta2' });
    const { groupVersion, resources } = site.ask('/api/v1').body as { groupVersion: string; resources: Json[] };
    assert.equal(groupVersion, 'v1');
    assert.deepEqual(
      resources.map(({ name, verbs }) => [name, verbs]),
      [
        ['services', ['get', 'list', 'watch']],
        ['nodes', ['get', 'list', 'watch']],
      ],
    );
    assert.equal((site.ask('/apis/yurtlb.io/v1alpha1').body.resources as Json[])[0]?.kind, 'Announcement');
    assert.equal(site.ask('/apis/discovery.k8s.io').body.kind, 'APIGroup');
    assert.deepEqual(site.ask('/api').body.versions, ['v1']);
  });

  for (const [asked, given] of [
    [['v2', 'v2beta1'], 'v2'],
    [['v2beta1'], 'v2beta1'],
  ] as const) {
    it(`aggregated, ${asked.join(' or ')}: all in two answers`, () => {
      const core = site.ask('/api', aggregated(...asked));
      const rest = site.ask('/apis', aggregated(...asked));
      assert.equal(core.type, `application/json;g=apidiscovery.k8s.io;v=${given};as=APIGroupDiscoveryList`);
      assert.equal(core.body.apiVersion, `apidiscovery.k8s.io/${given}`);
      const items = [...(core.body.items as Item[]), ...(rest.body.items as Item[])];
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        [undefined, ...GROUPS],
      );
      const scopes = items.flatMap(({ versions }) =>
        versions.flatMap(({ resources }) => resources.map((r) => `${r.resource} ${r.scope}`)),
      );
      assert.deepEqual(scopes, [
        ...[
          'services Namespaced',
          'nodes Cluster',
          'endpointslices Namespaced',
          'nodepools Cluster',
          'nodepools Cluster',
        ],
        ...['poolservices Namespaced', 'announcements Cluster'],
      ]);
    });
  }

  it('version and health', () => {
    assert.match(String(site.ask('/version').body.gitVersion), /^v1\.34\.\d+-yurtlb\./);
    for (const path of ['/healthz', '/readyz', '/livez']) {
      const answer = site.answer(path);
      assert.deepEqual([answer.kind, answer.kind === 'whole' && answer.body], ['whole', 'ok']);
    }
  });
});
