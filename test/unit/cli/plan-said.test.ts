import { strict as assert } from 'node:assert';
import type { KubeObject } from '@openyurt/nodepool-types';
import { stringify } from 'yaml';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import type { PlanJson } from '../../../cloud-controller/src/cli/plan/plan-json.ts';
import { clusterOf } from './fake-cluster.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { configMap, nodePool, service } from './plan-objects.ts';

const yaml = (...objects: unknown[]) => objects.map((object) => stringify(object)).join('---\n');
const SITE = [
  nodePool('hangzhou'),
  configMap('hangzhou', 'address-pools: [{name: default, protocol: layer2, addresses: [10.0.0.0/24]}]'),
];
const WEB = service('shop/web');
const HELD = { ...WEB, status: { loadBalancer: { ingress: [{ ip: '10.0.0.9', hostname: 'hangzhou' }] } } };
const INSIDE = service('shop/inside', {}, { type: 'ClusterIP' });
const crd = { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'first' } };

interface Row {
  readonly name: string;
  readonly files: Record<string, string>;
  readonly argv?: readonly string[];
  readonly cluster?: readonly KubeObject[];
  /** The same in JSON and on standard error. */
  readonly warnings: readonly string[];
}

const rows: Row[] = [
  {
    name: 'one Service in two files, once without its namespace',
    files: { a: yaml(...SITE, WEB), b: yaml({ ...WEB, metadata: { name: 'web' } }) },
    argv: ['-n', 'shop'],
    warnings: ['Service shop/web is in a:21:1 (document 3) and b:1:1 (document 1): the latter counts'],
  },
  {
    name: 'two NodePools of one name in a file, with a cluster too',
    files: { a: yaml(nodePool('x'), nodePool('x')) },
    cluster: [...SITE] as unknown as KubeObject[],
    argv: ['--cluster'],
    warnings: ['NodePool x is in a:1:1 (document 1) and a:9:1 (document 2): the latter counts'],
  },
  {
    name: 'more of them than anyone reads',
    files: {
      a: yaml(...SITE),
      b: yaml(...Array.from({ length: 24 }, (_, i) => service(`shop/s${i % 12}`))),
    },
    warnings: [
      ...Array.from({ length: 10 }, (_, i) => `Service shop/s${i} is in`),
      'objects that are in the files twice: 2 more',
    ],
  },
  {
    name: 'a change to what a dump holds is no mistake',
    files: { a: yaml(...SITE, HELD), b: yaml(WEB) },
    warnings: [],
  },
  {
    name: "MetalLB's custom resources instead of ConfigMaps",
    files: { a: yaml(...SITE, crd) },
    warnings: [
      'address pools are read from ConfigMaps, not from MetalLB\'s IPAddressPool or AddressPool: docs/migrate-from-metallb.md, "From v0.13 on"',
    ],
  },
];

describe('yurtlb plan, what it says beside the plan', () => {
  async function run({ files, cluster, argv = [] }: Omit<Row, 'name' | 'warnings'>, ...more: string[]) {
    const terminal = new FakeTerminal(files, '', undefined, {}, cluster && clusterOf(cluster));
    const paths = Object.keys(files).flatMap((path) => ['-f', path]);
    await main(['plan', ...paths, ...argv, ...more], terminal);
    return terminal;
  }

  for (const { name, warnings, ...row } of rows) {
    it(name, async () => {
      const { complained } = await run(row);
      const said = JSON.parse((await run(row, '-o', 'json')).printed.join('\n')) as PlanJson;
      assert.equal(said.warnings.length, warnings.length, said.warnings.join('\n'));
      for (const [i, warning] of warnings.entries()) {
        assert.ok(said.warnings[i]?.startsWith(warning), said.warnings[i]);
        assert.ok(complained.includes(said.warnings[i] ?? ''));
      }
      if (warnings.length === 0)
        assert.deepEqual(
          complained.filter((one) => !one.startsWith('read from ')),
          [],
        );
    });
  }

  it('counts a file once however often it is given', async () => {
    const terminal = new FakeTerminal({ a: yaml(...SITE, WEB, INSIDE) });
    assert.equal(await main(['plan', '-f=a', '-f', 'a'], terminal), 0);
    const once = 'read from a: NodePool 1, ConfigMap 1, Service 1; passed over: Service of another type 1';
    assert.deepEqual(terminal.complained.slice(0, 2), [once, once]);
  });

  it("names our class beside another's", async () => {
    const other = service('shop/other', {}, { loadBalancerClass: 'service.openyurt.io/vpi' });
    const { printed } = await run({ files: { a: yaml(...SITE, other) } });
    assert.match(
      printed[1] ?? '',
      /not ours +loadBalancerClass service\.openyurt\.io\/vpi; ours is service\.openyurt\.io\/vip$/,
    );
  });
});
