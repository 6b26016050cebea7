import type { Fields } from './object.ts';
import { apiVersionOf, type Registry, type View } from './resources.ts';

const pathOf = (apiVersion: string): string => (apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`);

/** The index of OpenAPI v3 documents, one per group and version. */
export function openapiIndex(registry: Registry): Fields {
  const versions = new Set(registry.all().map(apiVersionOf));
  const paths = [...versions].map((v) => [pathOf(v), { serverRelativeURL: `/openapi/v3/${pathOf(v)}?hash=0` }]);
  return { paths: Object.fromEntries(paths) };
}

/**
 * One OpenAPI v3 document. It has schemas of custom resources
 * alone (for `kubectl explain`). Of the rest it says only that writes take `fieldValidation`, so that kubectl leaves the
 * checking of fields to the server, and it offers no strategic patch type, so that kubectl uses the ones built into it.
 */
export function openapiDocument(registry: Registry, documentPath: string): Fields | undefined {
  const views = registry.all().filter((v) => pathOf(apiVersionOf(v)) === documentPath);
  if (views.length === 0) return undefined;
  const paths = Object.fromEntries(views.map((v) => [collectionPath(v), { post: operation(v, 'post') }]));
  const named = Object.fromEntries(
    views.map((v) => [`${collectionPath(v)}/{name}`, { put: operation(v, 'put'), patch: operation(v, 'patch') }]),
  );
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.34.4' },
    paths: { ...paths, ...named },
    components: { schemas: schemasOf(views) },
  };
}

function schemasOf(views: readonly View[]): Fields {
  const known = views.flatMap((v) => {
    if (v.schema === undefined) return [];
    const kinds = { 'x-kubernetes-group-version-kind': [{ group: v.group, version: v.version, kind: v.kind }] };
    return [[`${v.group.split('.').reverse().join('.')}.${v.version}.${v.kind}`, { ...v.schema, ...kinds }]];
  });
  return Object.fromEntries(known);
}

function collectionPath(v: View): string {
  const base = `/${pathOf(apiVersionOf(v))}`;
  return v.strategy.namespaced ? `${base}/namespaces/{namespace}/${v.plural}` : `${base}/${v.plural}`;
}

function operation(v: View, action: string): Fields {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string' },
  }));
  return {
    parameters,
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: v.group, version: v.version, kind: v.kind },
  };
}
