import assert from 'node:assert/strict';
import type { Json, Obj } from './client.ts';
import { balancer, type SiteOf, service } from './site.ts';

/** Services: what the API fills in, allocates, refuses. */
export function serviceRows(site: SiteOf): void {
  const path = () => site().core('services');
  const specOf = (o: Obj) => o.spec as Json & { ports: (Json & { nodePort?: number })[] };

  it('a ClusterIP Service gets its defaults and an address', async () => {
    const made = await site().client.make(path(), service('plain'));
    const { clusterIP, clusterIPs, ...rest } = specOf(made);
    assert.match(String(clusterIP), /^\d+\.\d+\.\d+\.\d+$/);
    assert.deepEqual(clusterIPs, [clusterIP]);
    assert.deepEqual(rest, {
      ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    });
    assert.deepEqual(made.status, { loadBalancer: {} });
  });

  it('a LoadBalancer Service gets more, and a node port for each port', async () => {
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
    const made = await site().client.make(path(), { ...balancer('lb', { selector: { app: 'x' } }), status });
    const { clusterIP, clusterIPs, ports, ...rest } = specOf(made);
    assert.deepEqual(clusterIPs, [clusterIP]);
    const nodePort = ports[0]?.nodePort ?? 0;
    assert.ok(nodePort >= 30000 && nodePort <= 32767);
    assert.deepEqual(rest, {
      selector: { app: 'x' },
      type: 'LoadBalancer',
      sessionAffinity: 'None',
      externalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      allocateLoadBalancerNodePorts: true,
      loadBalancerClass: 'service.openyurt.io/vip',
      internalTrafficPolicy: 'Cluster',
    });
    assert.deepEqual(made.status, { loadBalancer: {} }, 'a status in the body of a create is dropped');
  });

  it('no node ports on request; a health port for Local', async () => {
    const none = await site().client.make(path(), balancer('lb-none', { allocateLoadBalancerNodePorts: false }));
    assert.deepEqual(specOf(none).ports, [{ protocol: 'TCP', port: 80, targetPort: 80 }]);
    const local = await site().client.make(path(), balancer('lb-local', { externalTrafficPolicy: 'Local' }));
    assert.ok(Number(specOf(local).healthCheckNodePort) >= 30000);
  });

  it('headless and ExternalName Services', async () => {
    const headless = specOf(await site().client.make(path(), service('headless', { clusterIP: 'None' })));
    assert.deepEqual([headless.clusterIP, headless.clusterIPs], ['None', ['None']]);
    const spec = { type: 'ExternalName', externalName: 'example.com', ports: undefined };
    const named = specOf(await site().client.make(path(), service('named', spec)));
    assert.deepEqual(named, { type: 'ExternalName', externalName: 'example.com', sessionAffinity: 'None' });
  });

  const bad: { name: string; body: Json; fields: string[] }[] = [
    { name: 'no ports', body: service('bad', { ports: [] }), fields: ['spec.ports'] },
    {
      name: 'port 0',
      body: service('bad', { ports: [{ port: 0 }] }),
      fields: ['spec.ports[0].port', 'spec.ports[0].targetPort'],
    },
    {
      name: 'two ports without names',
      body: service('bad', { ports: [{ port: 1 }, { port: 2 }] }),
      fields: ['spec.ports[0].name', 'spec.ports[1].name'],
    },
    {
      name: 'the same port twice',
      body: service('bad', {
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 1 },
        ],
      }),
      fields: ['spec.ports[1]'],
    },
    {
      name: 'an unknown protocol',
      body: service('bad', { ports: [{ port: 1, protocol: 'X' }] }),
      fields: ['spec.ports[0].protocol'],
    },
    { name: 'a name that starts with a digit', body: service('1bad'), fields: ['metadata.name'] },
    {
      name: 'a class on a ClusterIP',
      body: service('bad', { loadBalancerClass: 'a/b' }),
      fields: ['spec.loadBalancerClass'],
    },
    {
      name: 'a traffic policy on a ClusterIP',
      body: service('bad', { externalTrafficPolicy: 'Local' }),
      fields: ['spec.externalTrafficPolicy'],
    },
    {
      name: 'a node port on a ClusterIP',
      body: service('bad', { ports: [{ port: 1, nodePort: 30999 }] }),
      fields: ['spec.ports[0].nodePort'],
    },
    {
      name: 'a node port out of range',
      body: balancer('bad', { ports: [{ port: 1, nodePort: 80 }] }),
      fields: ['spec.ports[0].nodePort'],
    },
    {
      name: 'an address out of range',
      body: service('bad', { clusterIP: '203.0.113.1' }),
      fields: ['spec.clusterIPs'],
    },
  ];
  for (const { name, body, fields } of bad) {
    it(`${name}: 422 that names the field`, async () => {
      const answer = await site().client.post(path(), body);
      assert.deepEqual([answer.code, answer.body.reason], [422, 'Invalid'], answer.text);
      const details = answer.body.details as { causes: { field: string }[] };
      assert.deepEqual(
        details.causes.map((c) => c.field),
        fields,
        answer.text,
      );
    });
  }

  it('a node port and an address in use are refused', async () => {
    const made = specOf(await site().client.make(path(), balancer('holder')));
    const port = await site().client.post(
      path(),
      balancer('taker', { ports: [{ port: 1, nodePort: made.ports[0]?.nodePort }] }),
    );
    assert.equal(port.code, 422, port.text);
    const address = await site().client.post(path(), service('taker', { clusterIP: made.clusterIP }));
    assert.equal(address.code, 422, address.text);
    await site().client.delete(`${path()}/holder`);
    await site().client.make(path(), service('taker', { clusterIP: made.clusterIP }));
  });

  it('an update that leaves allocated values out keeps them', async () => {
    const made = await site().client.make(path(), balancer('keep'));
    const { body, code } = await site().client.put(`${path()}/keep`, balancer('keep', { ports: [{ port: 81 }] }));
    assert.equal(code, 200);
    assert.equal(specOf(body).clusterIP, specOf(made).clusterIP);
    assert.equal(specOf(body).ports[0]?.nodePort, specOf(made).ports[0]?.nodePort);
  });

  it('class and cluster address stay while the type stays', async () => {
    const made = await site().client.make(path(), balancer('firm'));
    const other = await site().client.patch(`${path()}/firm`, 'merge', {
      spec: { loadBalancerClass: 'example.com/other' },
    });
    assert.equal(other.code, 422);
    assert.match(
      String(other.body.message),
      /spec\.loadBalancerClass: Invalid value: "example.com\/other": may not change once set/,
    );
    const moved = await site().client.patch(`${path()}/firm`, 'merge', {
      spec: { clusterIP: '10.0.0.77', clusterIPs: ['10.0.0.77'] },
    });
    assert.equal(moved.code, 422, moved.text);
    assert.equal(specOf(made).clusterIP !== undefined, true);
  });

  it('strategic merge patch of ports goes by port number', async () => {
    await site().client.make(
      path(),
      service('ports', {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 81 },
        ],
      }),
    );
    const { body, code } = await site().client.patch(`${path()}/ports`, 'strategic-merge', {
      spec: {
        '$setElementOrder/ports': [{ port: 82 }, { port: 80 }],
        ports: [
          { port: 81, $patch: 'delete' },
          { name: 'c', port: 82 },
        ],
      },
    });
    assert.equal(code, 200);
    assert.deepEqual(
      specOf(body).ports.map((p) => p.name),
      ['c', 'a'],
    );
  });
}
