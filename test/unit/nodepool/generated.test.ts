import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { generate } from '../../../nodepool/generate/generate.ts';
import { generateTypes } from '../../../nodepool/generate/generate-types.ts';

const crd = (name: string) => readFile(new URL(`../../../nodepool/crds/${name}.yaml`, import.meta.url), 'utf8');

/** Every schema node of a CRD with its path. */
function* schemas(node: unknown, path: string): Generator<[string, Record<string, unknown>]> {
  if (typeof node !== 'object' || node === null) return;
  const schema = node as Record<string, unknown>;
  yield [path, schema];
  for (const [key, child] of Object.entries((schema.properties ?? {}) as object))
    yield* schemas(child, `${path}.${key}`);
  if (schema.items !== undefined) yield* schemas(schema.items, `${path}[]`);
}

describe('types generated from the CRDs', () => {
  it('are what npm run generate would write', async () => {
    assert.deepEqual(await generate({ write: false }), []);
  });

  it('are the same bytes each time, and others when the schema changes', async () => {
    const manifest = await crd('poolservices');
    const first = await generateTypes(manifest, 'x.yaml');
    assert.equal(await generateTypes(manifest, 'x.yaml'), first);
    assert.notEqual(await generateTypes(manifest.replace('ipMode:', 'ipModus:'), 'x.yaml'), first);
  });

  const versions: [string, { name: string; storage: boolean }[]][] = [
    [
      'nodepools',
      [
        { name: 'v1beta1', storage: false },
        { name: 'v1beta2', storage: true },
      ],
    ],
    ['poolservices', [{ name: 'v1alpha1', storage: true }]],
  ];
  for (const [name, want] of versions) {
    it(`${name}: versions, status subresource, a type and a description on every field`, async () => {
      const { spec } = parse(await crd(name));
      const got = spec.versions.map(({ name, storage }: { name: string; storage: boolean }) => ({ name, storage }));
      assert.deepEqual(got, want);
      for (const version of spec.versions) {
        assert.deepEqual(version.subresources, { status: {} });
        for (const [path, schema] of schemas(version.schema.openAPIV3Schema, version.name)) {
          assert.equal(typeof schema.type, 'string', `${path} has no type`);
          if (path === `${version.name}.metadata`)
            assert.equal(schema.description, undefined); // kube-apiserver forbids it
          else assert.equal(typeof schema.description, 'string', `${path} has no description`);
        }
      }
    });
  }
});
