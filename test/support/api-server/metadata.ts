import { type FieldError, forbidden, immutable, invalid, required } from './field-error.ts';
import { type Fields, fieldsOf, isFields, type KubeObject, listOf, same, textOf } from './object.ts';
import type { NameRule, Strategy } from './resources.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const ANNOTATIONS_BYTES = 256 * 1024;

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const DNS1035_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/** @returns why `name` is refused, or undefined (apimachinery's IsDNS1123Subdomain and its relatives) */
export function nameFault(rule: NameRule, name: string): string | undefined {
  if (rule === 'path') return /[/%]|^\.\.?$/.test(name) ? `may not contain '/'` : undefined;
  const limit = rule === 'subdomain' ? 253 : 63;
  if (name.length > limit) return `must be no more than ${limit} bytes`;
  if (rule === 'subdomain') return SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_RULE;
  if (rule === 'label') return LABEL.test(name) ? undefined : LABEL_RULE;
  return DNS1035.test(name) ? undefined : DNS1035_RULE;
}

/** @returns why `key` is no qualified name (`[prefix/]name`), or undefined */
export function qualifiedNameFault(key: string): string | undefined {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2)
    return "a qualified name must consist of alphanumeric characters with an optional DNS subdomain prefix and '/'";
  if (parts.length === 2 && nameFault('subdomain', parts[0] ?? '') !== undefined)
    return `prefix part ${SUBDOMAIN_RULE}`;
  if (name.length > 63) return 'name part must be no more than 63 bytes';
  return QUALIFIED.test(name)
    ? undefined
    : "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
}

export function labelFaults(labels: unknown, field: string): FieldError[] {
  const out: FieldError[] = [];
  for (const [k, v] of Object.entries(fieldsOf(labels))) {
    const fault = qualifiedNameFault(k);
    if (fault !== undefined) out.push(invalid(field, k, fault));
    const value = textOf(v);
    if (value.length > 63) out.push(invalid(field, value, 'must be no more than 63 bytes'));
    else if (value !== '' && !QUALIFIED.test(value)) {
      out.push(
        invalid(
          field,
          value,
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        ),
      );
    }
  }
  return out;
}

function annotationFaults(annotations: unknown): FieldError[] {
  const out: FieldError[] = [];
  let bytes = 0;
  for (const [k, v] of Object.entries(fieldsOf(annotations))) {
    const fault = qualifiedNameFault(k.toLowerCase());
    if (fault !== undefined) out.push(invalid('metadata.annotations', k, fault));
    bytes += Buffer.byteLength(k) + Buffer.byteLength(textOf(v));
  }
  if (bytes > ANNOTATIONS_BYTES) {
    const message = `Too long: may not be more than ${ANNOTATIONS_BYTES} bytes`;
    out.push({ reason: 'FieldValueTooLong', field: 'metadata.annotations', message });
  }
  return out;
}

/** Faults of an object's metadata on create and update (apimachinery ValidateObjectMeta, ValidateObjectMetaUpdate). */
export function metadataFaults(o: KubeObject, previous: KubeObject | undefined, s: Strategy): FieldError[] {
  const { metadata } = o;
  const out: FieldError[] = [];
  if (metadata.name === '') out.push(required('metadata.name', 'name or generateName is required'));
  else if (previous === undefined) {
    const fault = nameFault(s.nameRule, metadata.name);
    if (fault !== undefined) out.push(invalid('metadata.name', metadata.name, fault));
  }
  out.push(...labelFaults(metadata.labels, 'metadata.labels'), ...annotationFaults(metadata.annotations));
  const finalizers = listOf(metadata.finalizers);
  for (const f of finalizers) {
    const fault = qualifiedNameFault(textOf(f));
    if (fault !== undefined) out.push(invalid('metadata.finalizers', f, fault));
  }
  if (previous === undefined) return out;
  for (const f of finalizers) {
    if (previous.metadata.deletionTimestamp === undefined || listOf(previous.metadata.finalizers).includes(f)) continue;
    out.push(
      forbidden(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${JSON.stringify(f)}}`,
      ),
    );
  }
  for (const field of ['deletionTimestamp', 'creationTimestamp'] as const) {
    if (metadata[field] !== undefined && metadata[field] !== previous.metadata[field]) {
      out.push(immutable(`metadata.${field}`, metadata[field]));
    }
  }
  return out;
}

/** Brings metadata of a body into shape: no nulls, no empty maps, nothing a client may not set. */
export function tidyMetadata(metadata: Fields): void {
  for (const [k, v] of Object.entries(metadata)) {
    const empty =
      v === null || v === '' || (Array.isArray(v) && v.length === 0) || (isFields(v) && Object.keys(v).length === 0);
    if (empty && k !== 'name') delete metadata[k];
  }
  delete metadata.selfLink;
  delete metadata.managedFields;
}

/** What an update may not change is taken from the stored object, as the real server does for absent fields. */
export function keepIdentity(next: KubeObject, previous: KubeObject): void {
  const m = next.metadata;
  m.uid = previous.metadata.uid;
  m.creationTimestamp = previous.metadata.creationTimestamp;
  for (const k of ['generateName', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const) {
    if (previous.metadata[k] === undefined) delete m[k];
    else (m as Fields)[k] = previous.metadata[k];
  }
}

/** Whether anything but the revision differs. */
export function changed(next: KubeObject, previous: KubeObject): boolean {
  const versionless = { ...next, metadata: { ...next.metadata, resourceVersion: previous.metadata.resourceVersion } };
  return !same(versionless, previous);
}
