import assert from 'node:assert/strict';
import type { Json, Obj } from './client.ts';
import { balancer, type SiteOf } from './site.ts';

const CONDITION = {
  type: 'service.openyurt.io/AddressesAllocated',
  status: 'True',
  reason: 'Allocated',
  message: '',
  lastTransitionTime: '2026-01-02T03:04:05Z',
};

/** How the status of a Service is written, refused and cleared. */
export function serviceStatusRows(site: SiteOf): void {
  const path = () => site().core('services');
  const statusOf = (name: string) => `${path()}/${name}/status`;
  const specOf = (o: Obj) => o.spec as Json & { ports: (Json & { nodePort?: number })[] };

  it('status by merge patch: ipMode is filled in, the spec is left alone, times are whole seconds', async () => {
    const made = await site().client.make(path(), balancer('st'));
    const entry = { ip: '192.168.10.240', hostname: 'hangzhou' };
    const condition = { ...CONDITION, lastTransitionTime: '2026-01-02T03:04:05.678Z' };
    const body = {
      metadata: { resourceVersion: made.metadata.resourceVersion },
      spec: { ports: [{ port: 99 }] },
      status: { loadBalancer: { ingress: [entry] }, conditions: [condition] },
    };
    const answer = await site().client.patch(statusOf('st'), 'merge', body);
    assert.equal(answer.code, 200, answer.text);
    assert.deepEqual(answer.body.status, {
      loadBalancer: { ingress: [{ ...entry, ipMode: 'VIP' }] },
      conditions: [CONDITION],
    });
    assert.deepEqual(answer.body.spec, made.spec);
    assert.equal(
      (await site().client.patch(statusOf('st'), 'merge', body)).code,
      409,
      'its revision is no longer the latest',
    );
    const main = await site().client.patch(`${path()}/st`, 'merge', {
      status: { loadBalancer: null },
      metadata: { labels: { a: 'b' } },
    });
    assert.deepEqual(main.body.status, answer.body.status, 'the main resource leaves the status alone');
    assert.deepEqual((await site().client.get(statusOf('st'))).body.status, answer.body.status);
  });

  it('status by strategic merge patch: conditions by type, ingress as a whole', async () => {
    await site().client.make(path(), balancer('smp'));
    const patch = (status: Json) => site().client.patch(statusOf('smp'), 'strategic-merge', { status });
    await patch({ conditions: [CONDITION], loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }] } });
    const { body } = await patch({
      conditions: [
        { ...CONDITION, type: 'example.com/Other' },
        { type: CONDITION.type, reason: 'Changed' },
      ],
      loadBalancer: { ingress: [{ ip: '192.0.2.3' }] },
    });
    const status = body.status as { conditions: Json[]; loadBalancer: { ingress: Json[] } };
    const told = status.conditions.map((c) => `${c.type} ${c.reason}`).sort();
    assert.deepEqual(told, ['example.com/Other Allocated', 'service.openyurt.io/AddressesAllocated Changed']);
    assert.deepEqual(status.loadBalancer.ingress, [{ ip: '192.0.2.3', ipMode: 'VIP' }]);
  });

  it('status by update and by JSON patch', async () => {
    const made = await site().client.make(path(), balancer('put'));
    const put = await site().client.put(statusOf('put'), {
      ...made,
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } },
    });
    assert.equal(put.code, 200, put.text);
    const gone = await site().client.patch(statusOf('put'), 'json', [
      { op: 'remove', path: '/status/loadBalancer/ingress' },
    ]);
    assert.deepEqual(gone.body.status, { loadBalancer: {} });
  });

  const badStatus: { name: string; status: Json }[] = [
    { name: 'an address that is none', status: { loadBalancer: { ingress: [{ ip: 'x' }] } } },
    { name: 'a hostname that is an address', status: { loadBalancer: { ingress: [{ hostname: '192.0.2.1' }] } } },
    { name: 'an ipMode without ip', status: { loadBalancer: { ingress: [{ hostname: 'a', ipMode: 'VIP' }] } } },
    { name: 'an unknown ipMode', status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'X' }] } } },
  ];
  for (const { name, status } of badStatus) {
    it(`a status with ${name} is refused with 422`, async () => {
      const answer = await site().client.patch(statusOf('st'), 'merge', { status });
      assert.deepEqual([answer.code, answer.body.reason], [422, 'Invalid'], answer.text);
    });
  }

  it('leaving LoadBalancer clears the address status and what belonged to the type', async () => {
    await site().client.make(path(), balancer('turn'));
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.5' }] }, conditions: [CONDITION] };
    await site().client.patch(statusOf('turn'), 'merge', { status });
    const { body, code } = await site().client.patch(`${path()}/turn`, 'merge', { spec: { type: 'ClusterIP' } });
    assert.equal(code, 200);
    assert.deepEqual(body.status, { loadBalancer: {}, conditions: [CONDITION] });
    for (const k of ['loadBalancerClass', 'externalTrafficPolicy', 'allocateLoadBalancerNodePorts']) {
      assert.equal(specOf(body)[k], undefined, k);
    }
    assert.equal(specOf(body).ports[0]?.nodePort, undefined);
    const late = await site().client.patch(statusOf('turn'), 'merge', { status });
    assert.equal(late.code, 422, 'an address on a ClusterIP Service is refused');
  });
}
