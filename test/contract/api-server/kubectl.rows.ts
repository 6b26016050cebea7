import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SiteOf } from './site.ts';

const MANIFEST = (port: number): string => `
apiVersion: v1
kind: Service
metadata: { name: kweb, labels: { app: kweb } }
spec:
  type: LoadBalancer
  loadBalancerClass: service.openyurt.io/vip
  selector: { app: kweb }
  ports: [{ name: http, port: 80 }, { name: other, port: ${port} }]
`;

/** What people type. @param program tells the path or name of kubectl, once the server runs */
export function kubectlRows(site: SiteOf, program: () => string): void {
  let home = '';
  const kubectl = (args: string[], stdin = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: site().kubeconfig };
      const all = ['-n', site().namespace, ...args];
      const child = execFile(program(), all, { env, timeout: 20_000 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`));
      });
      child.stdin?.end(stdin);
    });

  before(() => {
    home = mkdtempSync(join(tmpdir(), 'yurtlb-kubectl-'));
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  it('apply creates, changes and finds nothing to do', async () => {
    assert.match(await kubectl(['apply', '-f', '-'], MANIFEST(81)), /service\/kweb created/);
    assert.match(await kubectl(['apply', '-f', '-'], MANIFEST(82)), /service\/kweb configured/);
    assert.match(await kubectl(['apply', '-f', '-'], MANIFEST(82)), /service\/kweb unchanged/);
    const ports = await kubectl(['get', 'svc', 'kweb', '-o', 'jsonpath={.spec.ports[*].port}']);
    assert.equal(ports, '80 82');
  });

  it('get prints the columns, a status patch shows in them', async () => {
    const patch = '{"status":{"loadBalancer":{"ingress":[{"ip":"192.168.10.240","hostname":"hangzhou"}]}}}';
    await kubectl(['patch', 'svc', 'kweb', '--subresource=status', '--type=merge', '-p', patch]);
    const [head, row] = (await kubectl(['get', 'svc', 'kweb', '-o', 'wide'])).split('\n');
    assert.deepEqual(head?.split(/\s+/), ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE', 'SELECTOR']);
    assert.match(
      row ?? '',
      /^kweb +LoadBalancer +\d+\.\d+\.\d+\.\d+ +192\.168\.10\.240 +80:3\d{4}\/TCP,82:3\d{4}\/TCP +\d+s +app=kweb$/,
    );
    assert.match(await kubectl(['get', 'svc', '-A', '--field-selector', 'spec.type=LoadBalancer']), /kweb/);
  });

  it('annotate, label, patch', async () => {
    await kubectl(['annotate', 'svc', 'kweb', 'service.openyurt.io/address-pool=default']);
    await kubectl(['label', 'svc', 'kweb', 'tier=front']);
    await kubectl(['patch', 'svc', 'kweb', '-p', '{"spec":{"externalTrafficPolicy":"Local"}}']);
    const path =
      '{.metadata.annotations.service\\.openyurt\\.io/address-pool} {.metadata.labels.tier} {.spec.externalTrafficPolicy}';
    assert.equal(await kubectl(['get', 'svc', 'kweb', '-o', `jsonpath=${path}`]), 'default front Local');
  });

  it('create and delete', async () => {
    await kubectl(['create', 'configmap', 'kmap', '--from-literal=config=x']);
    assert.match(await kubectl(['get', 'cm', 'kmap', '-o', 'yaml']), /config: x/);
    assert.match(
      await kubectl(['create', 'service', 'loadbalancer', 'kmade', '--tcp=80:8080']),
      /service\/kmade created/,
    );
    assert.match(await kubectl(['get', 'svc', 'kmade', '-o', 'jsonpath={.spec.ports[0].targetPort}']), /^8080$/);
    assert.match(await kubectl(['delete', 'svc/kweb', 'svc/kmade', 'cm/kmap']), /"kweb" deleted/);
    await assert.rejects(kubectl(['get', 'svc', 'kweb']), /Error from server \(NotFound\): services "kweb" not found/);
  });
}
