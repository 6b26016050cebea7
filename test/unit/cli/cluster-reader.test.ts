import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterReader } from '../../../cloud-controller/src/cli/cluster-reader.ts';
import { kubeconfigText } from '../../support/api-server/kubeconfig.ts';

const CIDRS = '/apis/networking.k8s.io/v1/servicecidrs';
const BETA = '/apis/networking.k8s.io/v1beta1/servicecidrs';
const OWN = '/api/v1/namespaces/default/services';
const REPORTS = '/api/v1/namespaces/yurtlb-reports/configmaps';
const POOL_SERVICES = '/apis/network.openyurt.io/v1alpha1/poolservices';
const ranges = (...cidrs: string[]) => [
  { metadata: { name: 'more' }, spec: { cidrs: ['fd01::/112'] } },
  { metadata: { name: 'kubernetes' }, spec: { cidrs } },
];
const own = (...ipFamilies: string[]) => [{ metadata: { name: 'kubernetes' }, spec: { ipFamilies } }];

describe('what a plan reads of a cluster', () => {
  /** Items by path, or a status; any other path is 404. */
  let answers: Record<string, unknown[] | number> = {};
  let server: http.Server;
  let reader: ClusterReader;
  const dir = mkdtempSync(join(tmpdir(), 'yurtlb-reader-'));

  before(async () => {
    server = http.createServer((request, response) => {
      const answer = answers[new URL(request.url ?? '', 'http://x').pathname] ?? 404;
      response.statusCode = typeof answer === 'number' ? answer : 200;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(typeof answer === 'number' ? { kind: 'Status' } : { items: answer }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const kubeconfig = join(dir, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigText(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    reader = ClusterReader.open(kubeconfig);
  });
  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(dir, { recursive: true });
  });

  const families: { name: string; of: Record<string, unknown[] | number>; want: string[] }[] = [
    { name: 'both ranges', of: { [CIDRS]: ranges('10.96.0.0/16', 'fd00::/112') }, want: ['IPv4', 'IPv6'] },
    { name: 'one range', of: { [CIDRS]: ranges('10.96.0.0/16') }, want: ['IPv4'] },
    { name: 'as 1.31 serves them', of: { [BETA]: ranges('fd00::/112', '10.96.0.0/16') }, want: ['IPv6', 'IPv4'] },
    { name: 'before that, the primary and perhaps the other', of: { [OWN]: own('IPv6') }, want: ['IPv6', 'IPv4'] },
    { name: 'where they may not be read', of: { [CIDRS]: 403, [BETA]: 403, [OWN]: 403 }, want: ['IPv4', 'IPv6'] },
  ];
  for (const { name, of, want } of families) {
    it(`families of Services: ${name}`, async () => {
      answers = of;
      assert.deepEqual(await reader.serviceFamilies(), want);
    });
  }

  it('reports that may not be read, or of which there are none, are not known', async () => {
    answers = { [REPORTS]: 403 };
    assert.equal(await reader.reports(), undefined);
    answers = { [REPORTS]: [{ metadata: { name: 'n1' } }] };
    assert.deepEqual(await reader.reports(), [{ metadata: { name: 'n1' } }]);
  });

  it('a kubeconfig that is no YAML is told in one line', () => {
    const broken = join(dir, 'broken');
    writeFileSync(broken, 'clusters: [{\n');
    assert.throws(() => ClusterReader.open(broken), { message: /^LB_NO_KUBECONFIG: \S+broken: [^\n]+$/ });
  });

  it('PoolServices that the API does not serve are told from none', async () => {
    answers = { [POOL_SERVICES]: [] };
    assert.deepEqual(await reader.allPoolServices(), []);
    answers = {};
    assert.equal(await reader.allPoolServices(), undefined);
  });

  it('Nodes that may not be read end it', async () => {
    answers = { '/api/v1/nodes': 403 };
    await assert.rejects(reader.nodes(), /LB_API_REFUSED: http:.* refused to list \/api\/v1\/nodes/);
  });
});
