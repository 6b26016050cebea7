import { fieldsOf, isFields, type KubeObject, listOf } from './object.ts';
import { badRequest } from './status-error.ts';

/** Fields of built-in resources whose JSON type the real server's decoder insists on, as far as our programs write them. */
const STRING_MAPS: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ['data', 'binaryData'],
  Secret: ['data', 'stringData'],
};

function goTypeName(v: unknown): string {
  if (Array.isArray(v)) return 'array';
  if (isFields(v)) return 'object';
  return typeof v === 'boolean' ? 'bool' : typeof v;
}

function refuse(o: KubeObject, where: string, v: unknown, want: string): never {
  const version = o.apiVersion.split('/').pop() ?? '';
  const what = `json: cannot unmarshal ${goTypeName(v)} into Go struct field ${where} of type ${want}`;
  throw badRequest(`${o.kind} in version "${version}" cannot be handled as a ${o.kind}: ${what}`);
}

function checkStrings(o: KubeObject, map: unknown, where: string): void {
  if (map !== undefined && !isFields(map)) refuse(o, where, map, 'map[string]string');
  for (const v of Object.values(fieldsOf(map))) if (typeof v !== 'string') refuse(o, where, v, 'string');
}

/** @throws StatusError 400 for a value the decoder of a built-in resource could not take */
export function checkFieldTypes(o: KubeObject): void {
  for (const k of ['labels', 'annotations']) checkStrings(o, o.metadata[k], `ObjectMeta.metadata.${k}`);
  for (const k of STRING_MAPS[o.kind] ?? []) checkStrings(o, o[k], `${o.kind}.${k}`);
  if (o.kind !== 'Service') return;
  const spec = fieldsOf(o.spec);
  checkStrings(o, spec.selector, 'ServiceSpec.spec.selector');
  for (const p of listOf(spec.ports).map(fieldsOf)) {
    for (const k of ['port', 'nodePort']) {
      if (p[k] !== undefined && typeof p[k] !== 'number') refuse(o, `ServicePort.spec.ports.${k}`, p[k], 'int32');
    }
  }
}
