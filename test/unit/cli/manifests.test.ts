import { strict as assert } from 'node:assert';
import { readManifests } from '../../../cloud-controller/src/cli/manifests/manifest-file.ts';

const SPEC = 'spec: {type: LoadBalancer, ports: [{port: 80}]}';
const SERVICE = `apiVersion: v1\nkind: Service\nmetadata: {name: web}\n${SPEC}\n`;
const named = (name: string) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name } });
const list = (...items: unknown[]) => ({ apiVersion: 'v1', kind: 'List', items });

/** What `kubectl apply -f` takes, and the objects that it makes of it. */
const taken: { name: string; text: string; want: string[]; passedOver?: Record<string, number> }[] = [
  { name: 'nothing', text: '', want: [] },
  { name: 'a comment and a separator, as Helm renders what a condition left out', text: '---\n# none\n', want: [] },
  { name: 'empty documents between others', text: `---\n---\n${SERVICE}---\n# none\n---\n`, want: ['Service web'] },
  { name: 'lines that end in CRLF', text: SERVICE.replaceAll('\n', '\r\n'), want: ['Service web'] },
  { name: 'JSON after a byte order mark', text: `\uFEFF${JSON.stringify(named('web'))}`, want: ['Service web'] },
  {
    name: 'JSON objects one after the other, brackets and quotes in their texts',
    text: ['a', 'b']
      .map((name) => JSON.stringify({ ...named(name), metadata: { name, annotations: { text: '}{ "\\' } } }, null, 2))
      .join('\n'),
    want: ['Service a', 'Service b'],
  },
  {
    name: 'Lists in Lists',
    text: JSON.stringify(list(list(named('a')), { apiVersion: 'v1', kind: 'ServiceList', items: [named('b')] })),
    want: ['Service a', 'Service b'],
  },
  { name: 'an empty List', text: '{apiVersion: v1, kind: List, items: null}', want: [] },
  {
    name: 'anchors and merge keys',
    text: `apiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: Service, metadata: {name: a}, ${SPEC}}\n- {<<: *a, metadata: {name: b}}\n`,
    want: ['Service a', 'Service b'],
  },
  {
    name: "words that YAML 1.1 takes for truth values, where nobody's text is",
    text: `on: [no, "off"]\n${SERVICE}`,
    want: ['Service web'],
  },
  {
    name: 'other kinds, and NodePools of each version',
    text: ['v1alpha1', 'v1beta1', 'v1beta2']
      .map((version) => `{apiVersion: apps.openyurt.io/${version}, kind: NodePool, metadata: {name: ${version}}}`)
      .concat('{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: other}}')
      .join('\n---\n'),
    want: ['NodePool v1alpha1', 'NodePool v1beta1', 'NodePool v1beta2'],
    passedOver: { Service: 1 },
  },
];

const refused: { name: string; text: string; want: RegExp }[] = [
  {
    name: 'an entry that is empty',
    text: SERVICE.replace('[{port: 80}]', '[null, {port: 80}]'),
    want: /^Service web: spec\.ports\[0\] is empty \(Remove the entry\.\)$/,
  },
  {
    name: 'an address of a status that is empty',
    text: `${SERVICE}status: {loadBalancer: {ingress: [null]}}\n`,
    want: /^Service web: status\.loadBalancer\.ingress\[0\] is empty/,
  },
  {
    name: 'what kubectl takes for a truth value',
    text: SERVICE.replace('name: web', 'name: web, annotations: {a: Yes}'),
    want: /^Service web: metadata\.annotations\.a is a truth value where text should be \(Put it in quotes\.\)$/,
  },
  {
    name: 'the same through an alias',
    text: SERVICE.replace('name: web', 'name: web, labels: {a: &x off}, annotations: {b: *x}'),
    want: /^Service web: metadata\.labels\.a is a truth value .*; Service web: metadata\.annotations\.b is a truth value/,
  },
  {
    name: 'a name that a shell would read',
    text: SERVICE.replace('name: web', 'name: "web;reboot\\n"'),
    want: /^Service: metadata\.name "web;reboot\\n" is not a name \(Use a-z, 0-9/,
  },
  {
    name: 'a namespace in capitals',
    text: SERVICE.replace('name: web', 'name: web, namespace: Shop'),
    want: /^Service web: metadata\.namespace "Shop" is not a name/,
  },
  {
    name: 'a name that is no text',
    text: SERVICE.replace('name: web', 'name: 12'),
    want: /^Service: metadata\.name is a number where text should be/,
  },
  {
    name: 'JSON without end, which no stack would hold',
    text: `${'{"apiVersion":"v1","kind":"List","items":['.repeat(20_000)}${']}'.repeat(20_000)}`,
    want: /^nests too deep \(Nest at most 64 levels\.\)$/,
  },
  {
    name: 'a JSON object and half a second one',
    text: `${JSON.stringify(named('a'))}\n{"kind":`,
    want: /Correct the YAML/,
  },
];

describe('manifests', () => {
  for (const { name, text, want, passedOver = {} } of taken) {
    it(name, () => {
      const file = readManifests('f', text);
      assert.deepEqual(file.faults, []);
      assert.deepEqual(
        file.manifests.map(({ kind, object }) => `${kind} ${object.metadata.name}`),
        want,
      );
      assert.deepEqual(Object.fromEntries(file.passedOver), passedOver);
    });
  }

  for (const { name, text, want } of refused) {
    it(`refused: ${name}`, () => {
      const { faults, manifests } = readManifests('f', text);
      assert.match(faults.map(({ problem, remedy }) => `${problem} (${remedy})`).join('; '), want);
      assert.deepEqual(manifests, []);
    });
  }

  it('looks at the address configuration in JSON objects that follow each other, and tells its line', () => {
    const labels = { 'apps.openyurt.io/nodepool': 'hangzhou' };
    const site = (name: string, config: string) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { config } }, null, 1);
    const good = site('good', 'address-pools: [{name: a, protocol: layer2, addresses: [10.0.0.1]}]');
    for (const between of ['', '\n', ' \n  ']) {
      const { configProblems, faults } = readManifests('f', `${good}${between}${site('bad', 'address-pools: 7')}\n`);
      assert.deepEqual(faults, []);
      assert.equal(configProblems.length, 1, configProblems.join('\n'));
      assert.match(configProblems[0] ?? '', new RegExp(`^f:${good.split('\n').length + 11}:`));
    }
  });

  it('a merge key brings fields, its own come first', () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}, spec: &s {type: LoadBalancer, externalTrafficPolicy: Local}}\n- {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {<<: *s, externalTrafficPolicy: Cluster}}\n`;
    const [, second] = readManifests('f', text).manifests;
    assert.deepEqual(second?.object, {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'b' } },
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Cluster' },
    });
  });
});
