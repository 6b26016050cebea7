import assert from 'node:assert/strict';
import type { Answer, Obj } from './client.ts';
import { balancer, configMap, type SiteOf, service } from './site.ts';

const namesOf = (answer: Answer): string[] => (answer.body.items as Obj[]).map((o) => o.metadata.name);

/** Get and list: shapes, selectors, pages, refusals. */
export function readRows(site: SiteOf): void {
  const selectors: { selector: string; want: string[] }[] = [
    { selector: 'tier=front', want: ['sel-a', 'sel-b'] },
    { selector: 'tier==front', want: ['sel-a', 'sel-b'] },
    { selector: 'tier!=front,sel', want: ['sel-c', 'sel-d'] },
    { selector: 'tier in (front, back),sel', want: ['sel-a', 'sel-b', 'sel-c'] },
    { selector: 'tier notin (front),sel', want: ['sel-c', 'sel-d'] },
    { selector: 'sel,!tier', want: ['sel-d'] },
    { selector: 'sel>1', want: ['sel-b', 'sel-c'] },
    { selector: 'sel<2', want: ['sel-a'] },
    { selector: 'sel,tier=front,sel!=1', want: ['sel-b'] },
    { selector: 'tier=', want: [] },
    { selector: 'example.com/x=y', want: ['sel-d'] },
  ];

  before(async () => {
    const path = site().core('configmaps');
    await site().client.make(path, configMap('sel-a', { tier: 'front', sel: '1' }));
    await site().client.make(path, configMap('sel-b', { tier: 'front', sel: '2' }));
    await site().client.make(path, configMap('sel-c', { tier: 'back', sel: '3' }));
    await site().client.make(path, configMap('sel-d', { sel: 'x', 'example.com/x': 'y' }));
  });

  for (const { selector, want } of selectors) {
    it(`labelSelector ${selector}`, async () => {
      const answer = await site().client.get(site().core('configmaps'), { labelSelector: selector });
      assert.equal(answer.code, 200, answer.text);
      assert.deepEqual(namesOf(answer), want);
    });
  }

  for (const selector of ['a in b', 'a in (b', '=x', 'a=b=c', 'a b', '-a=b', 'a=b,', 'a=-b-']) {
    it(`labelSelector ${selector} is refused with 400`, async () => {
      const answer = await site().client.get(site().core('configmaps'), { labelSelector: selector });
      assert.equal(answer.code, 400, answer.text);
      assert.equal(answer.body.reason, 'BadRequest');
    });
  }

  it('a list has its kind, a revision, and items without kinds of their own', async () => {
    const { body } = await site().client.get(site().core('configmaps'), { labelSelector: 'tier=front' });
    assert.equal(body.kind, 'ConfigMapList');
    assert.equal(body.apiVersion, 'v1');
    assert.match(body.metadata.resourceVersion, /^\d+$/);
    for (const item of body.items as Obj[]) assert.equal(item.kind, undefined);
  });

  it('fieldSelector metadata.name and metadata.namespace', async () => {
    const { client, namespace } = site();
    assert.deepEqual(namesOf(await client.get(site().core('configmaps'), { fieldSelector: 'metadata.name=sel-b' })), [
      'sel-b',
    ]);
    const fieldSelector = `metadata.namespace=${namespace},metadata.name!=sel-a`;
    const answer = await client.get('/api/v1/configmaps', { fieldSelector, labelSelector: 'sel' });
    assert.deepEqual(namesOf(answer), ['sel-b', 'sel-c', 'sel-d']);
  });

  it('fieldSelector spec.type of Services', async () => {
    const { client } = site();
    await client.make(site().core('services'), balancer('field-lb'));
    await client.make(site().core('services'), service('field-cip'));
    const is = await client.get(site().core('services'), { fieldSelector: 'spec.type=LoadBalancer' });
    assert.ok(namesOf(is).includes('field-lb') && !namesOf(is).includes('field-cip'));
    const not = await client.get(site().core('services'), { fieldSelector: 'spec.type!=LoadBalancer' });
    assert.ok(!namesOf(not).includes('field-lb') && namesOf(not).includes('field-cip'));
  });

  for (const fieldSelector of ['spec.nodeName=x', 'metadata.labels=x', 'spec.type']) {
    it(`fieldSelector ${fieldSelector} on Services is refused with 400`, async () => {
      const answer = await site().client.get(site().core('services'), { fieldSelector });
      assert.equal(answer.code, 400, answer.text);
      assert.equal(answer.body.reason, 'BadRequest');
    });
  }

  it('pages show one revision, also when the list changes between them', async () => {
    const { client } = site();
    const path = site().core('configmaps');
    const query = { labelSelector: 'sel', limit: '2' };
    const first = await client.get(path, query);
    assert.deepEqual(namesOf(first), ['sel-a', 'sel-b']);
    assert.ok(first.body.metadata.continue);
    assert.equal(first.body.metadata.remainingItemCount, undefined, 'not told where a selector is set');
    await client.make(path, configMap('sel-bb', { sel: '9' }));
    const second = await client.get(path, { ...query, continue: String(first.body.metadata.continue) });
    assert.deepEqual(namesOf(second), ['sel-c', 'sel-d']);
    assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
    assert.equal(second.body.metadata.continue, undefined);
    await client.delete(`${path}/sel-bb`);
  });

  it('a page without selector counts the rest', async () => {
    const all = namesOf(await site().client.get(site().core('configmaps')));
    const { body } = await site().client.get(site().core('configmaps'), { limit: '1' });
    assert.equal(body.metadata.remainingItemCount, all.length - 1);
  });

  it('resourceVersion=0 ignores the limit', async () => {
    const query = { labelSelector: 'sel', limit: '1', resourceVersion: '0' };
    // the watch cache may lag a moment behind the last write
    const deadlineMs = Date.now() + 5_000;
    let names: string[] = [];
    while (names.length !== 4 && Date.now() < deadlineMs)
      names = namesOf(await site().client.get(site().core('configmaps'), query));
    assert.deepEqual(names, ['sel-a', 'sel-b', 'sel-c', 'sel-d']);
  });

  const badLists: { name: string; query: Record<string, string>; code: number }[] = [
    { name: 'a token nobody made', query: { continue: 'xyz' }, code: 400 },
    { name: 'a resourceVersion that is no number', query: { resourceVersion: 'abc' }, code: 400 },
    {
      name: 'a resourceVersionMatch nobody knows',
      query: { resourceVersion: '1', resourceVersionMatch: 'X' },
      code: 422,
    },
    { name: 'a resourceVersion of the future', query: { resourceVersion: '999999999' }, code: 504 },
    { name: 'resourceVersionMatch without resourceVersion', query: { resourceVersionMatch: 'Exact' }, code: 422 },
  ];
  for (const { name, query, code } of badLists) {
    it(`a list with ${name} gets ${code}`, async () => {
      const answer = await site().client.get(site().core('configmaps'), query);
      assert.equal(answer.code, code, answer.text);
      assert.equal(answer.body.kind, 'Status');
    });
  }

  it('a missing object: 404 with a Status that names it', async () => {
    const answer = await site().client.get(`${site().core('services')}/nope`);
    assert.equal(answer.code, 404);
    assert.deepEqual(answer.body, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'services "nope" not found',
      reason: 'NotFound',
      details: { name: 'nope', kind: 'services' },
      code: 404,
    });
    const lease = await site().client.get(`${site().apis('coordination.k8s.io/v1', 'leases')}/nope`);
    assert.deepEqual(lease.body.details, { name: 'nope', group: 'coordination.k8s.io', kind: 'leases' });
    assert.equal(lease.body.message, 'leases.coordination.k8s.io "nope" not found');
  });

  it('unknown resources and groups are 404', async () => {
    for (const path of ['/api/v1/bananas', '/apis/example.com/v1/bananas', `${site().core('bananas')}/x`]) {
      assert.equal((await site().client.get(path)).code, 404, path);
    }
  });

  it('what cannot be done to a path is 405', async () => {
    const { client } = site();
    const answers = [
      await client.put(site().core('configmaps'), configMap('x')),
      await client.post(`${site().core('configmaps')}/sel-a`, configMap('sel-a')),
    ];
    for (const { code, body } of answers) assert.deepEqual([code, body.reason], [405, 'MethodNotAllowed']);
  });
}
