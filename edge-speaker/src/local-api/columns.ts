import { ageSince } from './age.ts';
import { at, type Fields, fieldsOf, listOf, type PrintedObject, textOf } from './fields.ts';

/** One column of a meta/v1 Table. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly format?: string;
  /** 1: shown by `-o wide` only. */
  readonly priority: 0 | 1;
  /** @returns undefined where there is nothing to print */
  readonly cell: (object: PrintedObject, nowWallMs: number) => unknown;
}

export const text = (name: string, cell: Column['cell'], priority: 0 | 1 = 0): Column => ({
  name,
  type: 'string',
  priority,
  cell,
});

export const NAME: Column = { ...text('Name', ({ metadata }) => metadata.name), format: 'name' };
const AGE: Column = text('Age', ({ metadata }, now) => ageSince(metadata.creationTimestamp, now));

// The columns that follow are those of k8s.io/kubernetes pkg/printers/internalversion, v1.34.

export const SERVICE_COLUMNS: readonly Column[] = [
  NAME,
  text('Type', ({ spec }) => fieldsOf(spec).type),
  text('Cluster-IP', ({ spec }) => textOf(listOf(fieldsOf(spec).clusterIPs)[0]) || '<none>'),
  text('External-IP', ({ spec, status }) => externalIp(fieldsOf(spec), fieldsOf(status))),
  text('Port(s)', ({ spec }) => servicePorts(listOf(fieldsOf(spec).ports)) || '<none>'),
  AGE,
  text('Selector', ({ spec }) => pairs(fieldsOf(spec).selector), 1),
];

const info = (field: string) => (node: PrintedObject) => textOf(at(node, `status.nodeInfo.${field}`));
const infoOr = (field: string) => (node: PrintedObject) => info(field)(node) || '<unknown>';

export const NODE_COLUMNS: readonly Column[] = [
  NAME,
  text('Status', nodeStatus),
  text('Roles', nodeRoles),
  AGE,
  text('Version', info('kubeletVersion')),
  text('Internal-IP', (node) => nodeAddress(node, 'InternalIP'), 1),
  text('External-IP', (node) => nodeAddress(node, 'ExternalIP'), 1),
  text('OS-Image', infoOr('osImage'), 1),
  text('Kernel-Version', infoOr('kernelVersion'), 1),
  text('Container-Runtime', infoOr('containerRuntimeVersion'), 1),
];

export const SLICE_COLUMNS: readonly Column[] = [
  NAME,
  text('AddressType', ({ addressType }) => addressType),
  text('Ports', ({ ports }) => firstThree(listOf(ports).map((port) => slicePort(fieldsOf(port))))),
  text('Endpoints', ({ endpoints }) =>
    firstThree(listOf(endpoints).flatMap((endpoint) => listOf(fieldsOf(endpoint).addresses).map(textOf))),
  ),
  AGE,
];

// The columns that follow are the additionalPrinterColumns of nodepool/crds.

const DATE: Column['cell'] = ({ metadata }, now) => ageSince(metadata.creationTimestamp, now);

export const NODE_POOL_COLUMNS: readonly Column[] = [
  NAME,
  text('Type', (pool) => at(pool, 'spec.type')),
  { name: 'ReadyNodes', type: 'integer', priority: 0, cell: (pool) => at(pool, 'status.readyNodeNum') },
  { name: 'NotReadyNodes', type: 'integer', priority: 0, cell: (pool) => at(pool, 'status.unreadyNodeNum') },
  { name: 'Age', type: 'date', priority: 0, cell: DATE },
];

export const POOL_SERVICE_COLUMNS: readonly Column[] = [NAME, { name: 'AGE', type: 'date', priority: 0, cell: DATE }];

function externalIp(spec: Fields, status: Fields): string {
  const own = listOf(spec.externalIPs).map(textOf);
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return own.join(',') || '<none>';
    case 'LoadBalancer': {
      const ingress = listOf(at(status, 'loadBalancer.ingress')).map(fieldsOf);
      const given = new Set(ingress.map(({ ip, hostname }) => textOf(ip) || textOf(hostname)));
      given.delete('');
      return [...[...given].sort(), ...own].join(',') || '<pending>';
    }
    case 'ExternalName':
      return textOf(spec.externalName);
    default:
      return '<unknown>';
  }
}

function servicePorts(ports: readonly unknown[]): string {
  return ports
    .map(fieldsOf)
    .map(({ port, nodePort, protocol }) => `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`)
    .join(',');
}

function pairs(selector: unknown): string {
  const all = Object.entries(fieldsOf(selector)).map(([key, value]) => `${key}=${textOf(value)}`);
  return all.sort().join(',') || '<none>';
}

function nodeStatus(node: PrintedObject): string {
  const conditions = listOf(at(node, 'status.conditions')).map(fieldsOf);
  const ready = conditions.find(({ type }) => type === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return fieldsOf(node.spec).unschedulable === true ? `${word},SchedulingDisabled` : word;
}

function nodeRoles({ metadata }: PrintedObject): string {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key === 'kubernetes.io/role') return value === '' ? [] : [value];
    return /^node-role\.kubernetes\.io\/(.+)$/.exec(key)?.[1] ?? [];
  });
  return [...new Set(roles)].sort().join(',') || '<none>';
}

function nodeAddress(node: PrintedObject, wanted: string): string {
  const addresses = listOf(at(node, 'status.addresses')).map(fieldsOf);
  return textOf(addresses.find(({ type }) => type === wanted)?.address) || '<none>';
}

function slicePort({ port, name }: Fields): string {
  return String(port ?? name ?? '*');
}

function firstThree(all: readonly string[]): string {
  if (all.length === 0) return '<unset>';
  return all.length > 3 ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...` : all.join(',');
}
