import { apiVersionOf, RESOURCES, type Resource } from './resources.ts';

const VERBS = ['get', 'list', 'watch'];

/** Media types of aggregated discovery, by version, newest first. */
const AGGREGATED = ['v2', 'v2beta1'] as const;

export function apiVersions(): unknown {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

export function groupList(): unknown {
  const names = [...new Set(RESOURCES.map(({ group }) => group))].filter((group) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map(groupOf) };
}

/** @returns undefined where there is no such group */
export function oneGroup(name: string): unknown {
  if (name === '' || !RESOURCES.some(({ group }) => group === name)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name) };
}

/** @returns undefined where there is no such group and version */
export function resourceList(groupVersion: string): unknown {
  const served = RESOURCES.filter((resource) => apiVersionOf(resource) === groupVersion);
  if (served.length === 0) return undefined;
  const resources = served.map(({ plural, singular, namespaced, kind, shortNames, categories }) => ({
    ...{ name: plural, singularName: singular, namespaced, kind, verbs: VERBS },
    ...named(shortNames, categories),
  }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/**
 * All of `/api` or `/apis` in one answer (APIGroupDiscoveryList, apidiscovery.k8s.io), for clients that accept it.
 *
 * @returns undefined for the others
 */
export function aggregated(
  accept: string,
  core: boolean,
): { readonly type: string; readonly body: unknown } | undefined {
  const wanted = accept.split(',').map((one) => one.replaceAll(' ', '').split(';'));
  const version = AGGREGATED.find((v) =>
    wanted.some((words) => words.includes('as=APIGroupDiscoveryList') && words.includes(`v=${v}`)),
  );
  if (version === undefined) return undefined;
  const groups = [...new Set(RESOURCES.map(({ group }) => group))].filter((group) => (group === '') === core);
  const items = groups.map((group) => ({
    metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
    versions: versionsOf(group).map((v) => ({
      version: v,
      resources: RESOURCES.filter((r) => r.group === group && r.version === v).map(discovered),
      freshness: 'Current',
    })),
  }));
  return {
    type: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    body: { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items },
  };
}

function discovered({ group, version, kind, plural, singular, namespaced, shortNames, categories }: Resource): unknown {
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: VERBS,
    ...named(shortNames, categories),
  };
}

function groupOf(name: string): { readonly name: string } {
  const versions = versionsOf(name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  const group = { name, versions, preferredVersion: versions[0] };
  return group;
}

function versionsOf(name: string): string[] {
  return [...new Set(RESOURCES.filter(({ group }) => group === name).map(({ version }) => version))];
}

function named(shortNames: readonly string[], categories: readonly string[]) {
  return { ...(shortNames.length > 0 ? { shortNames } : {}), ...(categories.length > 0 ? { categories } : {}) };
}
