import type { Fields } from './object.ts';
import { apiVersionOf, type Registry, VERBS, type View } from './resources.ts';

export const VERSION: Fields = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.4',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch}`,
};

const verbsOf = (v: View): readonly string[] => (v.review === undefined ? VERBS : ['create']);

/** APIResourceList of one group and version (meta/v1). */
export function resourceList(views: readonly View[]): Fields {
  const first = views[0];
  const resources = views.flatMap((v) => {
    const main = {
      name: v.plural,
      singularName: v.singular,
      namespaced: v.strategy.namespaced,
      kind: v.kind,
      verbs: verbsOf(v),
      ...(v.shortNames.length > 0 ? { shortNames: v.shortNames } : {}),
      ...(v.categories.length > 0 ? { categories: v.categories } : {}),
    };
    const status = { name: `${v.plural}/status`, singularName: '', namespaced: v.strategy.namespaced, kind: v.kind };
    return v.strategy.statusSubresource ? [main, { ...status, verbs: ['get', 'patch', 'update'] }] : [main];
  });
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: first === undefined ? '' : apiVersionOf(first),
    resources,
  };
}

/** Views by group, and within it by version, the preferred version (the newest by Kubernetes' rule) first. */
function grouped(registry: Registry, wanted: (group: string) => boolean): Map<string, Map<string, View[]>> {
  const out = new Map<string, Map<string, View[]>>();
  for (const v of registry.all()) {
    if (!wanted(v.group)) continue;
    const versions = out.get(v.group) ?? new Map<string, View[]>();
    versions.set(v.version, [...(versions.get(v.version) ?? []), v]);
    out.set(v.group, versions);
  }
  for (const [group, versions] of out)
    out.set(group, new Map([...versions].sort(([a], [b]) => priority(b) - priority(a))));
  return out;
}

/** v2 before v1 before v1beta2 before v1beta1 before v1alpha1 */
function priority(version: string): number {
  const parts = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (parts === null) return -1;
  const stage = parts[2] === undefined ? 2 : parts[2] === 'beta' ? 1 : 0;
  return stage * 1e6 + Number(parts[1]) * 1e3 + Number(parts[3] ?? 0);
}

export function groupOf(name: string, versions: Iterable<string>): Fields {
  const all = [...versions].map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
}

export function groupList(registry: Registry): Fields {
  const groups = [...grouped(registry, (g) => g !== '')].map(([name, versions]) => groupOf(name, versions.keys()));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

export function oneGroup(registry: Registry, name: string): Fields | undefined {
  const versions = grouped(registry, (g) => g === name).get(name);
  return versions === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name, versions.keys()) };
}

export const CORE_VERSIONS: Fields = { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };

export const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export function wantsAggregated(accept: string): boolean {
  return accept
    .split(',')
    .some((a) => a.includes('g=apidiscovery.k8s.io') && a.includes('v=v2') && !a.includes('v=v2beta'));
}

/** APIGroupDiscoveryList (apidiscovery.k8s.io/v2): everything in one answer. */
export function aggregated(registry: Registry, core: boolean): Fields {
  const items = [...grouped(registry, (g) => (g === '') === core)].map(([name, versions]) => ({
    metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
    versions: [...versions].map(([version, views]) => ({
      version,
      resources: views.map(discovered),
      freshness: 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

function discovered(v: View): Fields {
  const responseKind = { group: v.group, version: v.version, kind: v.kind };
  const status = { subresource: 'status', responseKind, verbs: ['get', 'patch', 'update'] };
  return {
    resource: v.plural,
    responseKind,
    scope: v.strategy.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: v.singular,
    verbs: verbsOf(v),
    ...(v.shortNames.length > 0 ? { shortNames: v.shortNames } : {}),
    ...(v.categories.length > 0 ? { categories: v.categories } : {}),
    ...(v.strategy.statusSubresource ? { subresources: [status] } : {}),
  };
}
