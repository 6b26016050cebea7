import { strict as assert } from 'node:assert';
import type { KubeObject } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import type { CatalogueResource } from '../../../edge-speaker/src/offline/catalogue.ts';
import { LocalSite, service, TABLE } from './site.ts';

const CODES = [200, 400, 403, 404, 405, 406, 410, 503];
const PATHS: Record<CatalogueResource, string> = {
  services: '/api/v1/services',
  nodes: '/api/v1/nodes',
  slices: '/apis/discovery.k8s.io/v1/endpointslices',
  nodepools: '/apis/apps.openyurt.io/v1beta1/nodepools',
  poolservices: '/apis/network.openyurt.io/v1alpha1/poolservices',
};

/** A path that is almost one of ours, and a query that is almost one that is understood. */
const part = fc.oneof(
  fc.constantFrom(
    'api',
    'apis',
    'v1',
    'namespaces',
    'default',
    'services',
    'web',
    'nodes',
    'yurtlb.io',
    'v1alpha1',
    'announcements',
    'openapi',
    '',
    '%',
    '..',
  ),
  fc.string(),
);
const parameter = fc.tuple(
  fc.constantFrom(
    'labelSelector',
    'fieldSelector',
    'watch',
    'resourceVersion',
    'timeoutSeconds',
    'includeObject',
    'limit',
    'sendInitialEvents',
  ),
  fc.oneof(
    fc.constantFrom('1', 'true', '0', 'a=b', 'metadata.name=web', 'a in (b', '100', '-1', '1e99', 'Object'),
    fc.string(),
  ),
);
const url = fc.tuple(fc.array(part, { maxLength: 7 }), fc.array(parameter, { maxLength: 3 }));

describe('local API, asked anything', () => {
  it('answers with one of its codes', () => {
    const site = new LocalSite();
    site.list('services', [service('web')]);
    site.list('nodes', []);
    fc.assert(
      fc.property(
        url,
        fc.string(),
        fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'BREW'),
        ([parts, query], accept, method) => {
          const asked = `/${parts.join('/')}?${query.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')}`;
          const answer = site.answer(asked, accept, method);
          if (answer.kind === 'whole')
            assert.ok(CODES.includes(answer.status), `${method} ${asked}: ${answer.status} ${answer.body}`);
          else if (answer.kind === 'pieces') JSON.parse([...answer.pieces].join(''));
          else {
            assert.ok(answer.watch.timeoutMs > 0 && answer.watch.timeoutMs <= 30 * 60_000);
            for (const line of answer.watch.first) if (line !== '') JSON.parse(line);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('prints objects of any content', () => {
    const anything = fc.jsonValue();
    const object = fc.record({
      spec: anything,
      status: anything,
      endpoints: anything,
      ports: anything,
      addressType: anything,
    });
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(PATHS) as CatalogueResource[])), object, (resource, content) => {
        const site = new LocalSite();
        site.list(resource, [{ metadata: { name: 'x', namespace: 'n' }, ...content } as unknown as KubeObject]);
        for (const accept of [TABLE, 'application/json']) assert.equal(site.ask(PATHS[resource], accept).code, 200);
      }),
      { numRuns: 500 },
    );
  });
});
