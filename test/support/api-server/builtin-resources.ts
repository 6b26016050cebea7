import * as columns from './columns.ts';
import { fieldsOf, type KubeObject, textOf } from './object.ts';
import { apiVersionOf, type Registry, type UserInfo, type View, type ViewSpec, view } from './resources.ts';
import * as strategies from './strategies.ts';
import { CORE_EVENT_LABELS, decodeEvent, EVENTS_EVENT_LABELS, encodeEvent, eventStrategy } from './strategy-event.ts';
import { type ServiceRanges, serviceStrategy } from './strategy-service.ts';

const labels = (...names: string[]): Record<string, string> => Object.fromEntries(names.map((n) => [n, n]));

/** An answer to "who am I", "may I": computed, not stored. */
function review(group: string, kind: string, answer: (user: UserInfo) => object): ViewSpec {
  return {
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    strategy: strategies.plain({ namespaced: false }),
    review(body, user): KubeObject {
      const metadata = { ...fieldsOf(body.metadata), creationTimestamp: null } as unknown as KubeObject['metadata'];
      const spec = body.spec === undefined ? {} : { spec: body.spec };
      return { kind, apiVersion: apiVersionOf({ group, version: 'v1' }), metadata, ...spec, status: answer(user) };
    },
  };
}

function core(kind: string, plural: string, more: Omit<ViewSpec, 'group' | 'version' | 'kind' | 'plural'>): ViewSpec {
  return { group: '', version: 'v1', kind, plural, ...more };
}

/** A resource that is only kept, so that whole manifests can be applied. */
function record(group: string, kind: string, plural: string, namespaced: boolean, shortNames: string[] = []): ViewSpec {
  const rbac = group === 'rbac.authorization.k8s.io';
  const strategy = strategies.plain({ namespaced, nameRule: rbac ? 'path' : 'subdomain' });
  return { group, version: 'v1', kind, plural, strategy, shortNames, columns: [columns.NAME, columns.AGE] };
}

function specs(ranges: ServiceRanges): ViewSpec[] {
  const named = [columns.NAME, columns.AGE];
  const event = { kind: 'Event', plural: 'events', id: 'events', strategy: eventStrategy, shortNames: ['ev'] };
  const rbac = 'rbac.authorization.k8s.io';
  return [
    core('Namespace', 'namespaces', {
      strategy: strategies.namespaceStrategy,
      shortNames: ['ns'],
      columns: columns.NAMESPACE_COLUMNS,
      fieldLabels: labels('status.phase'),
    }),
    core('Service', 'services', {
      strategy: serviceStrategy(ranges),
      shortNames: ['svc'],
      categories: ['all'],
      columns: columns.SERVICE_COLUMNS,
      fieldLabels: labels('spec.type', 'spec.clusterIP'),
    }),
    core('ConfigMap', 'configmaps', {
      strategy: strategies.configMapStrategy,
      shortNames: ['cm'],
      columns: columns.CONFIG_MAP_COLUMNS,
    }),
    core('Secret', 'secrets', {
      strategy: strategies.secretStrategy,
      columns: columns.SECRET_COLUMNS,
      fieldLabels: labels('type'),
    }),
    core('Node', 'nodes', {
      strategy: strategies.nodeStrategy,
      shortNames: ['no'],
      columns: columns.NODE_COLUMNS,
      fieldLabels: labels('spec.unschedulable'),
    }),
    core('Pod', 'pods', {
      strategy: strategies.podStrategy,
      shortNames: ['po'],
      categories: ['all'],
      columns: named,
      fieldLabels: labels('spec.nodeName', 'status.phase', 'status.podIP'),
    }),
    core('ServiceAccount', 'serviceaccounts', {
      strategy: strategies.plain(),
      shortNames: ['sa'],
      columns: columns.SERVICE_ACCOUNT_COLUMNS,
    }),
    { ...event, group: '', version: 'v1', columns: columns.EVENT_COLUMNS, fieldLabels: CORE_EVENT_LABELS },
    {
      ...event,
      group: 'events.k8s.io',
      version: 'v1',
      columns: columns.EVENT_COLUMNS,
      fieldLabels: EVENTS_EVENT_LABELS,
      encode: encodeEvent,
      decode: decodeEvent,
    },
    {
      group: 'discovery.k8s.io',
      version: 'v1',
      kind: 'EndpointSlice',
      plural: 'endpointslices',
      strategy: strategies.sliceStrategy,
      columns: columns.SLICE_COLUMNS,
    },
    {
      group: 'coordination.k8s.io',
      version: 'v1',
      kind: 'Lease',
      plural: 'leases',
      strategy: strategies.leaseStrategy,
      columns: columns.LEASE_COLUMNS,
    },
    ...(['Deployment', 'DaemonSet'] as const).map((kind): ViewSpec => {
      const plural = `${kind.toLowerCase()}s`;
      const shortNames = [kind === 'Deployment' ? 'deploy' : 'ds'];
      return {
        group: 'apps',
        version: 'v1',
        kind,
        plural,
        strategy: strategies.workloadStrategy,
        shortNames,
        columns: named,
      };
    }),
    record(rbac, 'Role', 'roles', true),
    record(rbac, 'RoleBinding', 'rolebindings', true),
    record(rbac, 'ClusterRole', 'clusterroles', false),
    record(rbac, 'ClusterRoleBinding', 'clusterrolebindings', false),
    record('policy', 'PodDisruptionBudget', 'poddisruptionbudgets', true, ['pdb']),
    record('networking.k8s.io', 'NetworkPolicy', 'networkpolicies', true, ['netpol']),
    review('authentication.k8s.io', 'SelfSubjectReview', (user) => ({ userInfo: user })),
    review('authorization.k8s.io', 'SelfSubjectAccessReview', () => ({ allowed: true })),
  ];
}

/** Registers what every cluster has, as far as the programs and their manifests use it. */
export function addBuiltinResources(registry: Registry, ranges: ServiceRanges): void {
  for (const spec of specs(ranges)) registry.add(view(spec));
}

/** The fields a field selector of this view may name, with their values in `o`. */
export function selectableFields(v: View, o: KubeObject): Record<string, string> {
  const { name, namespace } = o.metadata;
  return { 'metadata.name': name, 'metadata.namespace': textOf(namespace), ...v.strategy.selectable?.(o) };
}
