import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { parse } from 'yaml';

interface CrdVersion {
  readonly name: string;
  readonly schema: { readonly openAPIV3Schema: JSONSchema };
}

interface Crd {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly CrdVersion[];
  };
}

/** TypeScript for every version of a CRD, `NodePoolV1Beta2` and so on. The same text gives the same bytes. */
export async function generateTypes(manifest: string, from: string): Promise<string> {
  const { spec } = parse(manifest) as Crd;
  const parts: string[] = [];
  for (const { name, schema } of spec.versions) {
    const typed = withObjectMeta(schema.openAPIV3Schema);
    const options = { bannerComment: '', additionalProperties: false, style: { singleQuote: true, printWidth: 120 } };
    parts.push(await compile(typed, spec.names.kind + versionSuffix(name), options));
  }
  const banner = `// Generated from ${from} by "npm run generate". Do not edit.\nimport type { ObjectMeta } from '../kube-objects.ts';\n`;
  return `${banner}\n${parts.join('\n')}`;
}

/** `v1beta2` → `V1Beta2` */
function versionSuffix(name: string): string {
  return name.replace(/[a-z]+/g, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}

/** `metadata` is the API machinery's, and the one part that every object has. */
function withObjectMeta(schema: JSONSchema): JSONSchema {
  const { properties = {}, ...rest } = schema;
  return {
    ...rest,
    required: ['metadata'],
    properties: { ...properties, metadata: { ...properties.metadata, tsType: 'ObjectMeta' } },
  };
}
