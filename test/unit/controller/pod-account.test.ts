import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LbError } from '@openyurt/nodepool-types';
import { PodAccount } from '../../../cloud-controller/src/kube/pod-account.ts';

const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

describe("a Pod's service account", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'yurtlb-test-'));
    put('token', 'first\n');
    put('ca.crt', 'CA one');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const put = (name: string, text: string) => writeFileSync(join(dir, name), text);

  for (const { name, env, want } of [
    { name: 'an IPv4 address', env: POD, want: 'https://10.96.0.1/' },
    { name: 'an IPv6 address', env: { ...POD, KUBERNETES_SERVICE_HOST: 'fd00:96::1' }, want: 'https://[fd00:96::1]/' },
    { name: 'another port', env: { ...POD, KUBERNETES_SERVICE_PORT: '6443' }, want: 'https://10.96.0.1:6443/' },
    { name: 'no port', env: { KUBERNETES_SERVICE_HOST: '10.96.0.1' }, want: 'https://10.96.0.1/' },
    { name: 'outside of a Pod', env: {}, want: undefined },
    { name: 'another road is named', env: { ...POD, KUBECONFIG: '/a/file' }, want: undefined },
  ]) {
    it(`server: ${name}`, async () => {
      const access = await PodAccount.find(env, dir)?.access(0);
      assert.equal(access?.server.href, want);
    });
  }

  it('reads a rotated token in time, and at once after a refusal', async () => {
    const account = PodAccount.find(POD, dir);
    const token = async (atMs: number) => (await account?.access(atMs))?.headers.authorization;
    assert.equal(await token(0), 'Bearer first');
    put('token', 'second');
    assert.equal(await token(9_999), 'Bearer first');
    assert.equal(await token(10_000), 'Bearer second');
    put('token', 'third');
    account?.forget();
    assert.equal(await token(10_001), 'Bearer third');
  });

  it('keeps its connections as long as the authority is the same', async () => {
    const account = PodAccount.find(POD, dir);
    const agent = async (atMs: number) => (await account?.access(atMs))?.agent;
    const first = await agent(0);
    assert.equal(await agent(20_000), first);
    put('ca.crt', 'CA two');
    assert.notEqual(await agent(40_000), first);
  });

  it('goes on with what it read while the files are away', async () => {
    const account = PodAccount.find(POD, dir);
    assert.equal((await account?.access(0))?.headers.authorization, 'Bearer first');
    rmSync(join(dir, 'token'));
    assert.equal((await account?.access(20_000))?.headers.authorization, 'Bearer first');
  });

  it('says what a Pod without one lacks', () => {
    rmSync(join(dir, 'token'));
    const isSaid = (error: unknown) => error instanceof LbError && error.code === 'LB_NO_KUBECONFIG';
    assert.throws(() => PodAccount.find(POD, dir), isSaid);
  });
});
