import { strict as assert } from 'node:assert';
import { decodeNode, decodeNodePool, type NodeFacts, type NodeObject, nodeAddresses } from '@openyurt/nodepool-types';

const plain: NodeFacts = { name: 'n1', nodePool: undefined, internalIps: [], excluded: false, unschedulable: false };
const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';

const cases: { name: string; node: NodeObject; want: NodeFacts }[] = [
  { name: 'a bare node', node: { metadata: { name: 'n1' } }, want: plain },
  {
    name: 'its NodePool',
    node: { metadata: { name: 'n1', labels: { 'apps.openyurt.io/nodepool': 'hangzhou' } } },
    want: { ...plain, nodePool: 'hangzhou' },
  },
  {
    name: 'an empty NodePool label',
    node: { metadata: { name: 'n1', labels: { 'apps.openyurt.io/nodepool': '' } } },
    want: plain,
  },
  {
    name: 'exclusion by presence, also "false"',
    node: { metadata: { name: 'n1', labels: { [EXCLUDE]: 'false' } } },
    want: { ...plain, excluded: true },
  },
  {
    name: 'a cordon',
    node: { metadata: { name: 'n1' }, spec: { unschedulable: true } },
    want: { ...plain, unschedulable: true },
  },
  {
    name: 'the out-of-service taint',
    node: {
      metadata: { name: 'n1' },
      spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
    },
    want: { ...plain, unschedulable: true },
  },
  {
    name: 'internal addresses, canonical, nonsense left out',
    node: {
      metadata: { name: 'n1' },
      status: {
        addresses: [
          { type: 'InternalIP', address: '192.168.10.11' },
          { type: 'Hostname', address: 'n1' },
          { type: 'InternalIP', address: 'FD00::B' },
          { type: 'InternalIP', address: 'n1' },
          { type: 'ExternalIP', address: '1.2.3.4' },
        ],
      },
    },
    want: { ...plain, internalIps: ['192.168.10.11', 'fd00::b'] },
  },
];

describe('decodeNode', () => {
  for (const { name, node, want } of cases) it(name, () => assert.deepEqual(decodeNode(node), want));
});

describe('nodeAddresses', () => {
  it('are those inside and outside, as canonical texts; names are none', () => {
    const addresses = [
      { type: 'InternalIP', address: 'FD00::B' },
      { type: 'ExternalIP', address: '1.2.3.4' },
      { type: 'Hostname', address: '10.0.0.1' },
      { type: 'ExternalIP', address: 'n1.example.com' },
    ];
    assert.deepEqual(nodeAddresses({ metadata: {}, status: { addresses } }), ['fd00::b', '1.2.3.4']);
    assert.deepEqual(nodeAddresses({ metadata: {} }), []);
  });
});

describe('decodeNodePool', () => {
  it("takes the object's own labels, not those it puts on nodes", () => {
    const decoded = decodeNodePool({
      metadata: { name: 'hangzhou', uid: 'u', labels: { region: 'east' } },
      spec: { type: 'Edge', labels: { region: 'node' } },
    });
    assert.deepEqual(decoded, { name: 'hangzhou', uid: 'u', labels: { region: 'east' }, deleting: false });
  });

  it('sees that one is being deleted', () => {
    assert.equal(decodeNodePool({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }).deleting, true);
  });
});
