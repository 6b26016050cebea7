import { ANNOUNCEMENT_COLUMNS } from './announcement-columns.ts';
import {
  type Column,
  NODE_COLUMNS,
  NODE_POOL_COLUMNS,
  POOL_SERVICE_COLUMNS,
  SERVICE_COLUMNS,
  SLICE_COLUMNS,
} from './columns.ts';
import { fieldsOf, type PrintedObject, textOf } from './fields.ts';
import type { ResourceName } from './status.ts';

/** Where a resource's objects come from. */
export type SourceName = 'services' | 'slices' | 'nodes' | 'nodepools' | 'poolservices' | 'announcements';

/** One resource in one version, as this API serves it. */
export interface Resource extends ResourceName {
  readonly version: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly columns: readonly Column[];
  /** What a field selector may name beside metadata.name and metadata.namespace. */
  readonly fields: Readonly<Record<string, (object: PrintedObject) => string>>;
  readonly source: SourceName;
  /** A stored object as this version shows it; absent: as it is. */
  readonly convert?: (object: PrintedObject) => PrintedObject;
}

/** The group of what Kubernetes has no resource for. */
export const OWN_GROUP = 'yurtlb.io';

const plain = { shortNames: [], categories: [], fields: {} };

const nodePool = {
  ...{ ...plain, group: 'apps.openyurt.io', plural: 'nodepools', singular: 'nodepool', kind: 'NodePool' },
  ...{ shortNames: ['np'], categories: ['yurt'], namespaced: false, columns: NODE_POOL_COLUMNS },
  source: 'nodepools',
} as const;

/** Preferred versions first. */
export const RESOURCES: readonly Resource[] = [
  {
    ...{ ...plain, group: '', version: 'v1', plural: 'services', singular: 'service', kind: 'Service' },
    ...{ shortNames: ['svc'], categories: ['all'], namespaced: true, columns: SERVICE_COLUMNS, source: 'services' },
    fields: {
      'spec.type': ({ spec }) => textOf(fieldsOf(spec).type),
      'spec.clusterIP': ({ spec }) => textOf(fieldsOf(spec).clusterIP),
    },
  },
  {
    ...{ ...plain, group: '', version: 'v1', plural: 'nodes', singular: 'node', kind: 'Node' },
    ...{ shortNames: ['no'], namespaced: false, columns: NODE_COLUMNS, source: 'nodes' },
    fields: { 'spec.unschedulable': ({ spec }) => String(fieldsOf(spec).unschedulable === true) },
  },
  {
    ...{ ...plain, group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', singular: 'endpointslice' },
    ...{ kind: 'EndpointSlice', namespaced: true, columns: SLICE_COLUMNS, source: 'slices' },
  },
  { ...nodePool, version: 'v1beta2' },
  { ...nodePool, version: 'v1beta1', convert: toV1Beta1 },
  {
    ...{ ...plain, group: 'network.openyurt.io', version: 'v1alpha1', plural: 'poolservices' },
    ...{ singular: 'poolservice', kind: 'PoolService', shortNames: ['ps'], categories: ['yurt'], namespaced: true },
    ...{ columns: POOL_SERVICE_COLUMNS, source: 'poolservices' },
  },
  {
    ...{ ...plain, group: OWN_GROUP, version: 'v1alpha1', plural: 'announcements', singular: 'announcement' },
    ...{ kind: 'Announcement', shortNames: ['ann'], namespaced: false, columns: ANNOUNCEMENT_COLUMNS },
    source: 'announcements',
  },
];

export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** In lists the API leaves kind and apiVersion out of its own resources, and not out of those that a definition brought. */
export function isCustom({ group }: ResourceName): boolean {
  return group !== '' && !group.endsWith('.k8s.io');
}

const V1_BETA1_SPEC = ['type', 'hostNetwork', 'labels', 'annotations', 'taints'];
const V1_BETA1_STATUS = ['readyNodeNum', 'unreadyNodeNum', 'nodes'];

/** The fields that v1beta1 has; they are spelt the same (nodepool/crds). */
function toV1Beta1(pool: PrintedObject): PrintedObject {
  const { spec, status, ...rest } = pool;
  return {
    ...rest,
    ...(spec === undefined ? {} : { spec: picked(spec, V1_BETA1_SPEC) }),
    ...(status === undefined ? {} : { status: picked(status, V1_BETA1_STATUS) }),
  };
}

function picked(value: unknown, keys: readonly string[]): unknown {
  return Object.fromEntries(Object.entries(fieldsOf(value)).filter(([key]) => keys.includes(key)));
}
