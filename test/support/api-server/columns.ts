import { at, type Fields, fieldsOf, type KubeObject, listOf, textOf } from './object.ts';
import type { Column } from './resources.ts';
import { age } from './times.ts';

/** Columns as k8s.io/kubernetes pkg/printers/internalversion prints them. */
export const NAME: Column = { name: 'Name', type: 'string', format: 'name', cell: (o) => o.metadata.name };
export const AGE: Column = { name: 'Age', type: 'string', cell: (o) => age(o.metadata.creationTimestamp) };

const column = (name: string, cell: (o: KubeObject) => unknown, priority = 0): Column => ({
  name,
  type: 'string',
  priority,
  cell,
});
const orNone = (text: string): string => (text === '' ? '<none>' : text);

function firstThree(all: readonly string[]): string {
  if (all.length === 0) return '<unset>';
  return all.length > 3 ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...` : all.join(',');
}

function externalIp(o: KubeObject): string {
  const spec = fieldsOf(o.spec);
  const external = listOf(spec.externalIPs).map(textOf);
  if (spec.type === 'ExternalName') return textOf(spec.externalName);
  if (spec.type !== 'LoadBalancer') return orNone(external.join(','));
  const entries = listOf(at(o, 'status.loadBalancer.ingress')).map(fieldsOf);
  const given = new Set(entries.map((e) => textOf(e.ip) || textOf(e.hostname)).filter((t) => t !== ''));
  return [...[...given].sort(), ...external].join(',') || '<pending>';
}

function ports(o: KubeObject): string {
  const all = listOf(fieldsOf(o.spec).ports).map(fieldsOf);
  return orNone(all.map((p) => `${p.port}${p.nodePort === undefined ? '' : `:${p.nodePort}`}/${p.protocol}`).join(','));
}

function pairs(v: unknown): string {
  return orNone(
    Object.entries(fieldsOf(v))
      .map(([k, value]) => `${k}=${textOf(value)}`)
      .sort()
      .join(','),
  );
}

export const SERVICE_COLUMNS: Column[] = [
  NAME,
  column('Type', (o) => fieldsOf(o.spec).type),
  column('Cluster-IP', (o) => orNone(textOf(listOf(fieldsOf(o.spec).clusterIPs)[0]))),
  column('External-IP', externalIp),
  column('Port(s)', ports),
  AGE,
  column('Selector', (o) => pairs(fieldsOf(o.spec).selector), 1),
];

const nodeAddress = (type: string) => (o: KubeObject) =>
  orNone(
    textOf(
      listOf(at(o, 'status.addresses'))
        .map(fieldsOf)
        .find((a) => a.type === type)?.address,
    ),
  );

function nodeStatus(o: KubeObject): string {
  const ready = listOf(at(o, 'status.conditions'))
    .map(fieldsOf)
    .find((c) => c.type === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return fieldsOf(o.spec).unschedulable === true ? `${word},SchedulingDisabled` : word;
}

function nodeRoles(o: KubeObject): string {
  const role = /^node-role\.kubernetes\.io\/(.+)$/;
  return orNone(
    Object.keys(o.metadata.labels ?? {})
      .flatMap((k) => role.exec(k)?.[1] ?? [])
      .sort()
      .join(','),
  );
}

const info = (field: string) => (o: KubeObject) => textOf(at(o, `status.nodeInfo.${field}`));
const orUnknown = (field: string) => (o: KubeObject) => info(field)(o) || '<unknown>';

export const NODE_COLUMNS: Column[] = [
  NAME,
  column('Status', nodeStatus),
  column('Roles', nodeRoles),
  AGE,
  column('Version', info('kubeletVersion')),
  column('Internal-IP', nodeAddress('InternalIP'), 1),
  column('External-IP', nodeAddress('ExternalIP'), 1),
  column('OS-Image', orUnknown('osImage'), 1),
  column('Kernel-Version', orUnknown('kernelVersion'), 1),
  column('Container-Runtime', orUnknown('containerRuntimeVersion'), 1),
];

const about = (o: KubeObject): Fields => fieldsOf(o.involvedObject);
const firstSeen = (o: KubeObject): string => age(textOf(o.firstTimestamp) || o.eventTime);

function lastSeen(o: KubeObject): string {
  const series = fieldsOf(o.series);
  if (o.series !== undefined) return age(series.lastObservedTime);
  return textOf(o.lastTimestamp) === '' ? firstSeen(o) : age(o.lastTimestamp);
}

function eventSource(o: KubeObject): string {
  const source = fieldsOf(o.source);
  const component = textOf(source.component) || textOf(o.reportingComponent);
  const instance = textOf(source.host) || textOf(o.reportingInstance);
  return instance === '' ? component : `${component}, ${instance}`;
}

export const EVENT_COLUMNS: Column[] = [
  column('Last Seen', lastSeen),
  column('Type', (o) => textOf(o.type)),
  column('Reason', (o) => textOf(o.reason)),
  column('Object', (o) =>
    [textOf(about(o).kind).toLowerCase(), textOf(about(o).name)].filter((t) => t !== '').join('/'),
  ),
  column('Subobject', (o) => textOf(about(o).fieldPath), 1),
  column('Source', eventSource, 1),
  column('Message', (o) => textOf(o.message).trim()),
  column('First Seen', firstSeen, 1),
  column('Count', (o) => fieldsOf(o.series).count ?? o.count ?? 1, 1),
  { ...NAME, priority: 1 },
];

export const SLICE_COLUMNS: Column[] = [
  NAME,
  column('AddressType', (o) => textOf(o.addressType)),
  column('Ports', (o) => firstThree(listOf(o.ports).map((p) => String(fieldsOf(p).port ?? fieldsOf(p).name ?? '*')))),
  column('Endpoints', (o) => firstThree(listOf(o.endpoints).flatMap((e) => listOf(fieldsOf(e).addresses).map(textOf)))),
  AGE,
];

const count = (v: unknown): number => Object.keys(fieldsOf(v)).length;

export const CONFIG_MAP_COLUMNS: Column[] = [
  NAME,
  column('Data', (o) => String(count(o.data) + count(o.binaryData))),
  AGE,
];
export const SECRET_COLUMNS: Column[] = [
  NAME,
  column('Type', (o) => o.type),
  column('Data', (o) => String(count(o.data))),
  AGE,
];
export const LEASE_COLUMNS: Column[] = [NAME, column('Holder', (o) => textOf(at(o, 'spec.holderIdentity'))), AGE];
export const NAMESPACE_COLUMNS: Column[] = [NAME, column('Status', (o) => textOf(at(o, 'status.phase'))), AGE];
export const SERVICE_ACCOUNT_COLUMNS: Column[] = [
  NAME,
  column('Secrets', (o) => String(listOf(o.secrets).length)),
  AGE,
];
