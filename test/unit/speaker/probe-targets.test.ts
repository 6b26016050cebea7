import { strict as assert } from 'node:assert';
import { ENDPOINT_PROBE_ANNOTATION, type ServiceObject } from '@openyurt/nodepool-types';
import type { Candidate } from '../../../edge-speaker/src/candidates/offers.ts';
import { probeTargets, type TcpTarget } from '../../../edge-speaker/src/candidates/probe-targets.ts';

const VIP = '192.168.1.1';

interface Case {
  name: string;
  spec?: ServiceObject['spec'];
  annotations?: Record<string, string>;
  candidate?: Partial<Candidate>;
  want: string[];
}

/** Endpoints of ns/web as `node ip`; ns/udp has none that takes TCP. */
const ENDPOINTS = ['here 10.0.0.1', 'there 10.0.0.2', 'far 10.0.0.3', ' 10.0.0.4', 'here fd00::1'];

function targetsOf({ spec = {}, annotations = {}, candidate = {} }: Case): string[] {
  const service: ServiceObject = { metadata: { name: 'web', namespace: 'ns', annotations }, spec };
  const one: Candidate = {
    ...{ address: VIP, serviceKeys: ['ns/web'], serviceUids: ['u'], resourceVersion: 1n, link: 'eth0' },
    ...{ unserved: false, restsOn: ['ns/web'], endpoints: 'not-asked' },
    ...candidate,
  };
  const wanted = probeTargets(one, {
    nodeName: 'here',
    poolNodes: new Set(['here', 'there']),
    serviceOf: () => service,
    tcpOf: (key) => (key === 'ns/udp' ? [] : ENDPOINTS.map(target)),
  });
  return wanted.map(({ ip, port }) => `${ip}:${port}`);
}

function target(text: string): TcpTarget {
  const [node = '', ip = ''] = text.split(' ');
  return { node, ip, port: 80 };
}

const Local = { externalTrafficPolicy: 'Local' };

describe('endpoints that an offer rests on', () => {
  const cases: Case[] = [
    { name: "Cluster: the NodePool's, and those of no node", want: ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.4:80'] },
    { name: 'Local: those of this node', spec: Local, want: ['10.0.0.1:80'] },
    {
      name: 'traffic that kube-proxy keeps on the node is like Local',
      annotations: { 'openyurt.io/topologyKeys': 'kubernetes.io/hostname' },
      want: ['10.0.0.1:80'],
    },
    { name: "of the address's family", candidate: { address: 'fd00::9' }, want: ['fd00::1:80'] },
    { name: 'none where it is switched off', annotations: { [ENDPOINT_PROBE_ANNOTATION]: 'off' }, want: [] },
    { name: 'none of what is not offered', candidate: { notOffered: 'conflict' }, want: [] },
    { name: 'none where the Service has none', candidate: { unserved: true, restsOn: [] }, want: [] },
    {
      name: 'none where another Service behind it cannot be asked',
      candidate: { restsOn: ['ns/udp', 'ns/web'] },
      want: [],
    },
    {
      name: 'those of all Services behind it',
      spec: Local,
      candidate: { restsOn: ['ns/a', 'ns/b'] },
      want: ['10.0.0.1:80', '10.0.0.1:80'],
    },
  ];
  for (const one of cases) it(one.name, () => assert.deepEqual(targetsOf(one), one.want));
});
