import { checkFieldTypes } from './field-types.ts';
import { tidyMetadata } from './metadata.ts';
import { copy, type Fields, fieldsOf, isFields, type KubeObject, listOf, textOf } from './object.ts';
import { apiVersionOf, type View } from './resources.ts';
import { unknownFields } from './schema.ts';
import { badRequest } from './status-error.ts';

/**
 * A caller's own, tidy copy of a request's body, in the stored form and with its defaults.
 *
 * @param strict refuse fields the schema of a custom resource does not name (`fieldValidation=Strict`)
 * @throws StatusError 400 for a body of another kind or version, or of none
 */
export function decodeBody(view: View, body: unknown, strict = false): KubeObject {
  if (!isFields(body)) throw badRequest(`the object provided is unrecognized (must be of type ${view.kind})`);
  const want = apiVersionOf(view);
  const kind = textOf(body.kind);
  const apiVersion = textOf(body.apiVersion);
  if (view.custom && kind === '') throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(body)}'`);
  if (kind !== '' && kind !== view.kind) {
    throw badRequest(`${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${view.kind}`);
  }
  if (apiVersion !== '' && apiVersion !== want) {
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${want})`);
  }
  const { apiVersion: _version, kind: _kind, metadata: given, ...rest } = copy(body);
  const metadata = fieldsOf(given);
  if (!view.custom) for (const part of [rest, metadata]) dropNulls(part);
  metadata.name = textOf(metadata.name);
  tidyMetadata(metadata);
  const o = view.decode({ apiVersion: want, kind: view.kind, metadata: metadata as KubeObject['metadata'], ...rest });
  if (!view.custom) checkFieldTypes(o);
  if (strict && view.schema !== undefined) refuseUnknown(view, unknownFields(o, view.schema));
  view.strategy.defaults?.(o);
  return o;
}

function refuseUnknown(view: View, unknown: readonly string[]): void {
  if (unknown.length === 0) return;
  const told = [...unknown]
    .sort()
    .map((path) => `unknown field ${JSON.stringify(path)}`)
    .join(', ');
  const what = `${view.kind} in version ${JSON.stringify(view.version)} cannot be handled as a ${view.kind}`;
  throw badRequest(`${what}: strict decoding error: ${told}`);
}

/** Puts the object where the URL says. @throws StatusError 400 when the body names another namespace */
export function placeIn(view: View, namespace: string | undefined, o: KubeObject): void {
  if (!view.strategy.namespaced || namespace === undefined) {
    delete o.metadata.namespace;
    return;
  }
  if (o.metadata.namespace !== undefined && o.metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  o.metadata.namespace = namespace;
}

/** In a body of a built-in resource null means absent. */
function dropNulls(o: Fields): void {
  for (const [k, v] of Object.entries(o)) {
    if (v === null) delete o[k];
    else if (isFields(v)) dropNulls(v);
    else for (const item of listOf(v)) if (isFields(item)) dropNulls(item);
  }
}
