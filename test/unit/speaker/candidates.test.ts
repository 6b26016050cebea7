import { strict as assert } from 'node:assert';
import type { ServiceObject } from '@openyurt/nodepool-types';
import { CandidateIndex } from '../../../edge-speaker/src/candidates/candidate-index.ts';
import type { Candidates, CandidateWorld } from '../../../edge-speaker/src/candidates/offers.ts';

const VIP = '192.168.1.1';

function service(
  more: {
    policy?: string;
    annotations?: Record<string, string>;
    type?: string;
    className?: string;
    name?: string;
    pool?: string;
  } = {},
): ServiceObject {
  const {
    policy,
    annotations = {},
    type = 'LoadBalancer',
    className = 'service.openyurt.io/vip',
    name = 'web',
    pool = 'p',
  } = more;
  return {
    metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: '7', annotations },
    spec: { type, loadBalancerClass: className, ...(policy === undefined ? {} : { externalTrafficPolicy: policy }) },
    status: { loadBalancer: { ingress: [{ ip: VIP, hostname: pool }] } },
  };
}

interface World extends CandidateWorld {
  readonly services: readonly ServiceObject[];
}

function world(more: Partial<World> & { on?: string[]; anywhere?: boolean } = {}): World {
  const { on = ['here'], anywhere = false, services = [service()], ...rest } = more;
  return {
    nodeName: 'here',
    nodePool: 'p',
    poolNodes: new Set(['here', 'there']),
    excluded: false,
    endpointsKnown: true,
    services,
    serviceOf: (key) => services.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key),
    endpointsOf: () => ({ nodes: new Set(on), anywhere }),
    linkFor: () => 'eth0',
    inConflict: () => false,
    lifeOf: () => 'not-asked',
    ...rest,
  };
}

function findCandidates(world: World): Candidates {
  const index = new CandidateIndex();
  for (const { metadata } of world.services) index.touchService(`${metadata.namespace}/${metadata.name}`);
  index.advance(world);
  return index;
}

const TOPOLOGY = 'openyurt.io/topologyKeys';
const local = [service({ policy: 'Local' })];
const hostname = [service({ annotations: { [TOPOLOGY]: 'kubernetes.io/hostname' } })];

/** `want`: 'offered', 'unserved' (offered all the same), 'absent' or why not. */
const cases: { name: string; world: World; want: string }[] = [
  { name: 'Cluster: an endpoint here', world: world(), want: 'offered' },
  { name: 'Cluster: an endpoint elsewhere in the NodePool', world: world({ on: ['there'] }), want: 'offered' },
  { name: 'Cluster: endpoints only in other NodePools', world: world({ on: ['far'] }), want: 'unserved' },
  { name: 'Cluster: no endpoint at all', world: world({ on: [] }), want: 'unserved' },
  {
    name: 'Cluster: no endpoint known, and the list was never whole',
    world: world({ on: [], endpointsKnown: false }),
    want: 'endpoints-not-known',
  },
  {
    name: 'Cluster: an endpoint known, though the list was never whole',
    world: world({ endpointsKnown: false }),
    want: 'offered',
  },
  { name: 'Cluster: an endpoint without a node', world: world({ on: [], anywhere: true }), want: 'offered' },
  { name: 'Local: an endpoint here', world: world({ services: local }), want: 'offered' },
  {
    name: 'Local: an endpoint elsewhere in the NodePool',
    world: world({ services: local, on: ['there'] }),
    want: 'no-endpoint-on-this-node',
  },
  { name: 'Local: no endpoint at all', world: world({ services: local, on: [] }), want: 'no-endpoint-on-this-node' },
  {
    name: 'Local: an endpoint without a node',
    world: world({ services: local, on: [], anywhere: true }),
    want: 'no-endpoint-on-this-node',
  },
  {
    name: 'topologyKeys hostname: an endpoint elsewhere is not seen by this kube-proxy',
    world: world({ services: hostname, on: ['there'] }),
    want: 'no-endpoint-on-this-node',
  },
  { name: 'topologyKeys hostname: an endpoint here', world: world({ services: hostname }), want: 'offered' },
  {
    name: 'topologyKeys nodepool',
    world: world({ services: [service({ annotations: { [TOPOLOGY]: 'openyurt.io/nodepool' } })], on: ['there'] }),
    want: 'offered',
  },
  { name: 'the node is excluded', world: world({ excluded: true }), want: 'node-excluded' },
  { name: 'no link', world: world({ linkFor: () => undefined }), want: 'no-link' },
  { name: 'another host owns it', world: world({ inConflict: () => true }), want: 'conflict' },
  {
    name: 'discarded at the edge',
    world: world({ services: [service({ annotations: { 'svc.openyurt.io/discard': 'true' } })] }),
    want: 'absent',
  },
  {
    name: 'listens in other NodePools',
    world: world({ services: [service({ annotations: { 'nodeport.openyurt.io/listen': 'q' } })] }),
    want: 'absent',
  },
  { name: 'an address of another NodePool', world: world({ services: [service({ pool: 'q' })] }), want: 'absent' },
  { name: 'a foreign class', world: world({ services: [service({ className: 'other/x' })] }), want: 'absent' },
  { name: 'no LoadBalancer any more', world: world({ services: [service({ type: 'ClusterIP' })] }), want: 'absent' },
];

describe('candidates', () => {
  for (const { name, world, want } of cases) {
    it(name, () => {
      const found = findCandidates(world).byAddress.get(VIP);
      const said = found === undefined ? 'absent' : (found.notOffered ?? (found.unserved ? 'unserved' : 'offered'));
      assert.equal(said, want);
    });
  }

  it('both addresses of a dual-stack Service are judged each by itself: endpoints of its family, a link of its own', () => {
    const V6 = 'fd00::1';
    const both = service({ policy: 'Local' });
    both.status = { loadBalancer: { ingress: [VIP, V6].map((ip) => ({ ip, hostname: 'p' })) } };
    const judged = (more: Partial<World>) => {
      const { byAddress } = findCandidates(world({ services: [both], ...more }));
      return [VIP, V6].map((address) => byAddress.get(address)?.notOffered ?? 'offered');
    };
    const endpointsOf = (_: string, family: string) => ({
      nodes: new Set(family === 'IPv4' ? ['here'] : ['there']),
      anywhere: false,
    });
    assert.deepEqual(judged({}), ['offered', 'offered']);
    assert.deepEqual(judged({ endpointsOf }), ['offered', 'no-endpoint-on-this-node']);
    assert.deepEqual(judged({ linkFor: (ip) => (ip === V6 ? undefined : 'eth0') }), ['offered', 'no-link']);
    assert.deepEqual(judged({ inConflict: (ip) => ip === V6 }), ['offered', 'conflict']);
  });

  it('Services that share an address go together', () => {
    const services = [service({ name: 'web' }), service({ name: 'api' })];
    const endpointsOf = (key: string) => ({ nodes: new Set(key === 'ns/api' ? ['here'] : []), anywhere: false });
    const found = findCandidates(world({ services, endpointsOf })).byAddress.get(VIP);
    assert.deepEqual(
      [found?.serviceUids, found?.serviceKeys, found?.unserved],
      [['uid-api', 'uid-web'], ['ns/api', 'ns/web'], false],
    );
  });

  it('rests on the Services that have somewhere to send traffic, and is offered though their endpoints are dead', () => {
    const services = [service({ name: 'web' }), service({ name: 'api' })];
    const endpointsOf = (key: string) => ({ nodes: new Set(key === 'ns/api' ? ['here'] : []), anywhere: false });
    const found = findCandidates(
      world({ services, endpointsOf, lifeOf: (address) => (address === VIP ? 'dead' : 'alive') }),
    );
    const { restsOn, endpoints, notOffered } = found.byAddress.get(VIP) ?? assert.fail();
    assert.deepEqual([restsOn, endpoints, notOffered], [['ns/api'], 'dead', undefined]);
  });

  it('says why a hidden Service is not announced', () => {
    const services = [service({ annotations: { 'svc.openyurt.io/discard': 'true' } })];
    const { notes } = findCandidates(world({ services }));
    assert.deepEqual(
      notes.map(({ serviceKey, reason }) => [serviceKey, reason]),
      [['ns/web', 'DiscardedAtEdge']],
    );
  });
});
