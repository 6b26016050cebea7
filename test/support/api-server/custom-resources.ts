import { AGE, NAME } from './columns.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { at, type Fields, fieldsOf, type KubeObject, listOf, textOf } from './object.ts';
import { apiVersionOf, type Column, type Registry, type Strategy, type View, view } from './resources.ts';
import { prune, type Schema, schemaFaults } from './schema.ts';
import { customStrategy, plain } from './strategies.ts';
import { age, nowSeconds } from './times.ts';

const GROUP = 'apiextensions.k8s.io';

/** A printer column of a definition; of JSONPath only plain steps (`.spec.type`) are known. */
function printerColumn(c: Fields): Column {
  const path = textOf(c.jsonPath).replace(/^\./, '');
  const type = textOf(c.type);
  const cell = (o: KubeObject): unknown => (type === 'date' ? age(at(o, path)) : at(o, path));
  return { name: textOf(c.name), type, priority: Number(c.priority ?? 0), cell };
}

/** The views a CustomResourceDefinition asks for, one per served version; conversion is None: only apiVersion differs. */
export function viewsOf(definition: KubeObject): View[] {
  const spec = fieldsOf(definition.spec);
  const names = fieldsOf(spec.names);
  const versions = listOf(spec.versions).map(fieldsOf);
  return versions
    .filter((v) => v.served === true)
    .map((version) => {
      const schema = fieldsOf(fieldsOf(version.schema).openAPIV3Schema);
      const asked = listOf(version.additionalPrinterColumns).map(fieldsOf);
      return view({
        group: textOf(spec.group),
        version: textOf(version.name),
        kind: textOf(names.kind),
        plural: textOf(names.plural),
        singular: textOf(names.singular) || textOf(names.kind).toLowerCase(),
        shortNames: listOf(names.shortNames).map(textOf),
        categories: listOf(names.categories).map(textOf),
        custom: true,
        schema,
        columns: [NAME, ...(asked.length > 0 ? asked.map(printerColumn) : [{ ...AGE, type: 'date' }])],
        strategy: strategyOf(spec.scope === 'Namespaced', version, schema),
      });
    });
}

function strategyOf(namespaced: boolean, version: Fields, schema: Schema): Strategy {
  return customStrategy({
    namespaced,
    statusSubresource: fieldsOf(version.subresources).status !== undefined,
    defaults: (o) => prune(o, schema, true),
    validate: (next) => schemaFaults(next, schema, ''),
    validateStatus: (next) => schemaFaults(next, schema, ''),
  });
}

function definitionFaults(o: KubeObject): FieldError[] {
  const spec = fieldsOf(o.spec);
  const names = fieldsOf(spec.names);
  const want = `${textOf(names.plural)}.${textOf(spec.group)}`;
  const out: FieldError[] = [];
  if (o.metadata.name !== want)
    out.push(invalid('metadata.name', o.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  if (textOf(spec.group) === '') out.push(required('spec.group'));
  if (listOf(spec.versions).length === 0) out.push(required('spec.versions'));
  if (spec.scope !== 'Namespaced' && spec.scope !== 'Cluster') out.push(required('spec.scope'));
  return out;
}

function condition(type: string, reason: string, message: string): Fields {
  return { type, status: 'True', lastTransitionTime: nowSeconds(), reason, message };
}

/** Takes CustomResourceDefinitions through the API and shows the resources they define at once. */
export function addDefinitions(registry: Registry): void {
  const strategy = plain({
    namespaced: false,
    statusSubresource: true,
    unconditionalUpdate: false,
    generation: (next, previous) => JSON.stringify(next.spec) !== JSON.stringify(previous.spec),
    defaults(o) {
      const spec = fieldsOf(o.spec);
      spec.conversion ??= { strategy: 'None' };
      const names = fieldsOf(spec.names);
      names.singular ||= textOf(names.kind).toLowerCase();
      names.listKind ||= `${textOf(names.kind)}List`;
    },
    prepareCreate(o) {
      const stored = listOf(fieldsOf(o.spec).versions)
        .map(fieldsOf)
        .filter((v) => v.storage === true);
      o.status = {
        conditions: [
          condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
          condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
        ],
        acceptedNames: fieldsOf(o.spec).names,
        storedVersions: stored.map((v) => v.name),
      };
    },
    validate: (next) => definitionFaults(next),
    stored(next, previous) {
      for (const v of previous === undefined ? [] : viewsOf(previous)) {
        registry.remove(v);
        if (next === undefined) emptyShelf(registry, v);
        if (next === undefined) registry.withdraw(v);
      }
      for (const v of next === undefined ? [] : viewsOf(next)) registry.add(v);
    },
  });
  registry.add(
    view({
      group: GROUP,
      version: 'v1',
      kind: 'CustomResourceDefinition',
      plural: 'customresourcedefinitions',
      shortNames: ['crd', 'crds'],
      strategy,
      columns: [NAME, { name: 'Created At', type: 'date', cell: (o) => o.metadata.creationTimestamp }],
    }),
  );
}

function emptyShelf(registry: Registry, v: View): void {
  for (const o of [...registry.store.shelf(v.id).list()]) registry.store.remove(v.id, o);
}

/** A definition for {@link ApiServerOptions.crds} with any content allowed, when no schema matters. */
export function openDefinition(
  names: { group: string; plural: string; kind: string; shortNames?: string[] },
  scope: 'Namespaced' | 'Cluster',
  versions: readonly string[],
): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const last = versions.at(-1);
  return {
    apiVersion: apiVersionOf({ group: GROUP, version: 'v1' }),
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${names.group}` } as KubeObject['metadata'],
    spec: {
      group: names.group,
      scope,
      names: {
        plural: names.plural,
        kind: names.kind,
        ...(names.shortNames === undefined ? {} : { shortNames: names.shortNames }),
      },
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === last,
        schema,
        subresources: { status: {} },
      })),
    },
  };
}
