import type { KubeObject } from '@openyurt/nodepool-types';

type Fields = Record<string, unknown>;

const object = (apiVersion: string, kind: string, metadata: Fields, rest: Fields): KubeObject =>
  ({ apiVersion, kind, metadata, ...rest }) as unknown as KubeObject;

const service = (namespace: string, name: string, spec: Fields, labels: Fields = {}) =>
  object('v1', 'Service', { namespace, name, labels }, { spec: { ports: [{ name: 'http', port: 80 }], ...spec } });

const slice = (name: string, owner: string, rest: Fields) =>
  object(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    { namespace: 'shop', name, labels: { 'kubernetes.io/service-name': owner } },
    { addressType: 'IPv4', endpoints: [], ports: [], ...rest },
  );

/** One of each kind of row that `kubectl get` can print for what the local API serves. */
export function oneOfEach(): KubeObject[] {
  return [
    object('v1', 'Namespace', { name: 'shop' }, {}),
    service(
      'shop',
      'both',
      {
        selector: { app: 'both' },
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'web', port: 80 },
        ],
      },
      { tier: 'front' },
    ),
    service('shop', 'headless', { clusterIP: 'None', selector: { app: 'db', role: 'main' } }, { tier: 'back' }),
    service('shop', 'node-port', { type: 'NodePort', selector: { app: 'x' } }, { tier: 'front' }),
    service('shop', 'elsewhere', { type: 'ExternalName', externalName: 'db.example.com', ports: [] }),
    service('shop', 'external', { externalIPs: ['192.0.2.7', '192.0.2.8'] }),
    service('shop', 'foreign', { type: 'LoadBalancer', loadBalancerClass: 'example.com/other' }),
    slice('both-1', 'both', {
      endpoints: ['10.244.1.2', '10.244.1.3', '10.244.2.2', '10.244.2.3'].map((ip) => ({
        addresses: [ip],
        conditions: { ready: true },
      })),
      ports: [
        { name: 'web', port: 8080, protocol: 'TCP' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
    }),
    slice('empty-1', 'headless', {}),
    object(
      'network.openyurt.io/v1alpha1',
      'PoolService',
      {
        namespace: 'shop',
        name: 'both-hangzhou',
        labels: { 'openyurt.io/service-name': 'both', 'openyurt.io/pool-name': 'hangzhou' },
      },
      { spec: { loadBalancerClass: 'example.com/other' } },
    ),
  ];
}

/** What a kubelet and yurt-manager would have written: merge patches by `kubectl patch --subresource=status`. */
export const STATUS_PATCHES: readonly { readonly target: string; readonly status: Fields }[] = [
  {
    target: 'node/hz-a',
    status: {
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'ok',
          lastHeartbeatTime: '2026-01-01T00:00:00Z',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
      nodeInfo: {
        ...{
          machineID: 'm',
          systemUUID: 's',
          bootID: 'b',
          kernelVersion: '6.1.0',
          osImage: 'Debian GNU/Linux 12',
          operatingSystem: 'linux',
        },
        ...{
          containerRuntimeVersion: 'containerd://1.7.0',
          kubeletVersion: 'v1.34.4',
          kubeProxyVersion: '',
          architecture: 'arm64',
        },
      },
    },
  },
  { target: 'nodepool/hangzhou', status: { readyNodeNum: 1, unreadyNodeNum: 1, nodes: ['hz-a', 'hz-b'] } },
];
