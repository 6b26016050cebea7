import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../../edge-speaker/src/kube/api-client.ts';
import { roadTo, type TargetOptions } from '../../../edge-speaker/src/kube/api-target.ts';
import { kubeconfigText } from '../../support/api-server/kubeconfig.ts';
import { CertificateAuthority } from '../../support/kube/certificate-authority.ts';
import { CloudSite } from './cloud-site.ts';

const NOTHING: TargetOptions = { server: undefined, kubeconfig: undefined, tokenFile: undefined, caFile: undefined };
const DAY_MS = 86_400_000;

describe('the cloud link: credentials', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'yurtlb-token-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [kind, write] of [
    ['--token-file', (file: string, _url: string, token: string) => writeFileSync(file, `${token}\n`)],
    ['a kubeconfig', (file: string, url: string, token: string) => writeFileSync(file, kubeconfigText(url, token))],
  ] as const) {
    it(`${kind}: a rotated token is used at once, without a doubt; an expired one is doubt until the next`, async () => {
      const site = await CloudSite.start();
      try {
        const file = join(folder, 'token');
        let valid = 'first';
        // The API takes one token alone, and knows the speaker by another.
        site.odd.turnQuietly((request, response) => {
          if (request.headers.authorization !== `Bearer ${valid}`) {
            response.writeHead(401, { 'Content-Type': 'application/json' }).end('{"message":"Unauthorized"}');
            return true;
          }
          request.headers.authorization = 'Bearer speaker';
          return false;
        });
        write(file, site.road.url, valid);
        const options = kind === '--token-file' ? { server: site.road.url, tokenFile: file } : { kubeconfig: file };
        const node = await site.node({ road: roadTo({ ...NOTHING, ...options }, {}) });

        const lines = node.lines.length;
        write(file, site.road.url, 'second');
        valid = 'second';
        const askedMs = performance.now();
        await node.until('it was asked with the new one', () =>
          site.odd.asked.some(({ line, atMs }) => line === 'GET /healthz' && atMs > askedMs + 200),
        );
        const refused = node.lines.slice(lines).filter(({ err }) => err?.code === 'LB_API_REFUSED');
        assert.deepEqual(refused, [], 'no doubt for want of a token');

        valid = 'third';
        const expiredMs = performance.now();
        await node.comesTo('offline', expiredMs);
        assert.equal(node.offered.length, 3);
        assert.ok(node.lines.some(({ err }) => err?.code === 'LB_API_REFUSED' && /token/.test(err.remedy)));
        write(file, site.road.url, 'third');
        await node.comesTo('connected', expiredMs);
      } finally {
        await site.stop();
      }
    });
  }

  const certificates = [
    { name: 'not valid yet', fromMs: Date.now() + DAY_MS, says: /not valid yet: the clock of this node is behind/ },
    { name: 'expired', fromMs: Date.now() - 40 * DAY_MS, says: /has expired, or the clock of this node is ahead/ },
  ];
  for (const { name, fromMs, says } of certificates) {
    it(`a certificate that is ${name} is said in words, with the suspicion of the clock`, async () => {
      const authority = new CertificateAuthority();
      const { key, cert } = authority.issueServer('api', ['127.0.0.1'], fromMs);
      const server = createServer({ key, cert }, (_, response) => response.end('ok'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const caFile = join(folder, 'ca.crt');
      writeFileSync(caFile, authority.cert);
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const client = new ApiClient(roadTo({ ...NOTHING, server: url, caFile }, {}));
      try {
        await assert.rejects(
          client.ask({ path: '/healthz', userAgent: 'test' }),
          (error: Error & { remedy: string }) => {
            assert.match(error.message, says);
            assert.ok(error.message.includes(`this node says it is ${new Date().toISOString().slice(0, 10)}`));
            assert.match(error.remedy, /clock/);
            return true;
          },
        );
      } finally {
        client.close();
        server.close().closeAllConnections();
      }
    });
  }

  it('a certificate authority that was renewed in its file is used at once', async () => {
    const [old, renewed] = [new CertificateAuthority(), new CertificateAuthority()];
    const server = createServer(renewed.issueServer('api', ['127.0.0.1']), (_, response) => response.end('ok'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const caFile = join(folder, 'ca.crt');
    writeFileSync(caFile, old.cert);
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new ApiClient(roadTo({ ...NOTHING, server: url, caFile }, {}));
    const ask = () => client.ask({ path: '/healthz', userAgent: 'test' });
    try {
      await assert.rejects(ask(), /TLS does not come about/);
      writeFileSync(caFile, renewed.cert);
      assert.equal((await ask()).status, 200);
    } finally {
      client.close();
      server.close().closeAllConnections();
    }
  });
});
