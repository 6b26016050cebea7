import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { humanDuration, type KubeObject } from '@openyurt/nodepool-types';
import { parse } from 'yaml';
import { BORN, type Json, LocalSite, service } from './site.ts';

const row = (spec: Json, rest: Json = {}): unknown[] => {
  const site = new LocalSite();
  site.list('services', [service('web', spec, rest)]);
  return site.cells('/api/v1/services')[1] ?? [];
};
const given = (...ingress: Json[]) => ({ status: { loadBalancer: { ingress } } });

describe('local API columns of Services', () => {
  const external: { name: string; spec: Json; rest?: Json; want: string }[] = [
    { name: 'none', spec: {}, want: '<none>' },
    { name: 'its own', spec: { externalIPs: ['192.0.2.1', '192.0.2.2'] }, want: '192.0.2.1,192.0.2.2' },
    { name: 'pending', spec: { type: 'LoadBalancer' }, want: '<pending>' },
    {
      name: 'addresses in order, once',
      spec: { type: 'LoadBalancer' },
      rest: given({ ip: '10.0.0.9' }, { ip: '10.0.0.2' }, { ip: '10.0.0.9', hostname: 'x' }),
      want: '10.0.0.2,10.0.0.9',
    },
    {
      name: 'a hostname',
      spec: { type: 'LoadBalancer', externalIPs: ['192.0.2.1'] },
      rest: given({ hostname: 'lb.example' }),
      want: 'lb.example,192.0.2.1',
    },
    { name: 'another name', spec: { type: 'ExternalName', externalName: 'x.example' }, want: 'x.example' },
    { name: 'a type of the future', spec: { type: 'Telepathy' }, want: '<unknown>' },
  ];
  for (const { name, spec, rest, want } of external)
    it(`EXTERNAL-IP: ${name}`, () => assert.equal(row(spec, rest)[3], want));

  it('a whole row', () => {
    const ports = [
      { port: 80, nodePort: 30080, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ];
    assert.deepEqual(row({ type: 'NodePort', ports, selector: { b: '2', a: '1' } }), [
      ...['web', 'NodePort', '10.96.0.7', '<none>', '80:30080/TCP,53/UDP', '10m', 'a=1,b=2'],
    ]);
  });

  it('a headless one without ports or selector', () => {
    const cells = row({ clusterIP: 'None', clusterIPs: ['None'], ports: undefined });
    assert.deepEqual([cells[2], cells[4], cells[6]], ['None', '<none>', '<none>']);
  });
});

describe('local API columns of Nodes', () => {
  const cells = (node: Json) => {
    const site = new LocalSite();
    site.list('nodes', [
      {
        metadata: { name: 'a', creationTimestamp: BORN, ...(node.metadata as Json) },
        spec: node.spec,
        status: node.status,
      } as unknown as KubeObject,
    ]);
    return site.cells('/api/v1/nodes')[1] ?? [];
  };
  const ready = (status: string) => ({ status: { conditions: [{ type: 'Ready', status }] } });

  it('STATUS', () => {
    assert.equal(cells(ready('True'))[1], 'Ready');
    assert.equal(cells(ready('Unknown'))[1], 'NotReady');
    assert.equal(cells({})[1], 'Unknown');
    assert.equal(cells({ ...ready('True'), spec: { unschedulable: true } })[1], 'Ready,SchedulingDisabled');
  });

  it('ROLES', () => {
    const labels = {
      'node-role.kubernetes.io/worker': '',
      'node-role.kubernetes.io/edge': 'x',
      'kubernetes.io/role': 'kiosk',
    };
    assert.equal(cells({ metadata: { labels } })[2], 'edge,kiosk,worker');
    assert.equal(cells({})[2], '<none>');
  });

  it('the wide ones', () => {
    const nodeInfo = { kubeletVersion: 'v1.34.4', osImage: 'Debian', kernelVersion: '6.1' };
    const addresses = [
      { type: 'Hostname', address: 'a' },
      { type: 'InternalIP', address: '192.168.1.2' },
    ];
    const wide = cells({ status: { nodeInfo, addresses } }).slice(4);
    assert.deepEqual(wide, ['v1.34.4', '192.168.1.2', '<none>', 'Debian', '6.1', '<unknown>']);
  });
});

describe('local API columns of EndpointSlices', () => {
  const cells = (slice: Json) => {
    const site = new LocalSite();
    site.list('slices', [
      {
        metadata: { name: 's', namespace: 'default', creationTimestamp: BORN },
        addressType: 'IPv4',
        ...slice,
      } as unknown as KubeObject,
    ]);
    return site.cells('/apis/discovery.k8s.io/v1/endpointslices')[1];
  };

  it('three and no more', () => {
    const endpoints = [
      { addresses: ['10.0.0.1'] },
      { addresses: ['10.0.0.2', '10.0.0.3'] },
      { addresses: ['10.0.0.4'] },
    ];
    const ports = [{ port: 80 }, { name: 'x' }, {}];
    assert.deepEqual(cells({ endpoints, ports }), [
      's',
      'IPv4',
      '80,x,*',
      '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...',
      '10m',
    ]);
  });

  it('nothing set', () => assert.deepEqual(cells({}), ['s', 'IPv4', '<unset>', '<unset>', '10m']));
});

describe('local API columns of what OpenYurt defines', () => {
  interface Definition {
    spec: { group: string; names: { plural: string; shortNames: string[]; categories: string[] }; versions: Version[] };
  }
  interface Version {
    name: string;
    additionalPrinterColumns: { name: string; type: string; jsonPath: string; priority?: number }[];
  }
  for (const file of ['nodepools', 'poolservices']) {
    const text = readFileSync(new URL(`../../../nodepool/crds/${file}.yaml`, import.meta.url), 'utf8');
    const { group, names, versions } = (parse(text) as Definition).spec;
    for (const { name: version, additionalPrinterColumns } of versions) {
      it(`${file} ${version} has the columns of its definition`, () => {
        const site = new LocalSite();
        site.list(file as 'nodepools', []);
        const path = `/apis/${group}/${version}`;
        const want = additionalPrinterColumns.map(({ name, priority = 0 }) => (priority === 0 ? name : `(${name})`));
        assert.deepEqual(site.cells(`${path}/${names.plural}`)[0], ['Name', ...want]);
        const { resources } = site.ask(path).body as { resources: { shortNames: string[]; categories: string[] }[] };
        assert.deepEqual([resources[0]?.shortNames, resources[0]?.categories], [names.shortNames, names.categories]);
      });
    }
  }

  it('a NodePool without status has empty cells', () => {
    const site = new LocalSite();
    site.list('nodepools', [
      { metadata: { name: 'hz', creationTimestamp: BORN }, spec: { type: 'Edge' } } as KubeObject,
    ]);
    assert.deepEqual(site.cells('/apis/apps.openyurt.io/v1beta2/nodepools')[1], ['hz', 'Edge', null, null, '10m']);
  });
});

describe('an age', () => {
  const DAY = 86_400;
  const cases: [number, string][] = [
    [-5, '<invalid>'],
    [-1, '0s'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [200, '3m20s'],
    [600, '10m'],
    [3 * 3600 - 1, '179m'],
    [3 * 3600, '3h'],
    [5 * 3600 + 60, '5h1m'],
    [8 * 3600, '8h'],
    [2 * DAY, '2d'],
    [3 * DAY + 3600, '3d1h'],
    [8 * DAY + 3600, '8d'],
    [729 * DAY, '729d'],
    [731 * DAY, '2y1d'],
    [730 * DAY, '2y'],
    [9 * 365 * DAY + 5, '9y'],
  ];
  for (const [seconds, want] of cases)
    it(`${seconds} s is ${want}`, () => assert.equal(humanDuration(seconds * 1000), want));
});
