import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiServer } from '../../support/api-server/api-server.ts';
import { HubProcess, type SpawnThere } from '../../support/yurthub/hub-process.ts';

const NODES = '/api/v1/nodes';
const AGENT = { headers: { 'User-Agent': 'yurtlb-speaker/0.1' } };
const here: SpawnThere = (command, args, options) =>
  spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], options);

describe('YurtHub as a process', function () {
  this.timeout(90_000);
  const dir = mkdtempSync(join(tmpdir(), 'yurtlb-hub-'));
  let api: ApiServer;
  const started: HubProcess[] = [];

  before(async () => {
    api = await ApiServer.start();
    api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } });
  });
  after(async () => {
    for (const hub of started) await hub.kill();
    await api.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('tells where it listens and what it believes, takes orders, and finds its cache again after a kill', async () => {
    const options = { listen: '127.0.0.1:0', upstream: api.url, cacheDir: join(dir, 'cache'), refusedNoticeS: 0 };
    const first = await HubProcess.start(here, options);
    started.push(first);
    await first.ready();
    assert.equal(first.health, 'online');
    first.order({ cacheAgents: ['yurtlb-speaker'] });
    while (!existsSync(join(dir, 'cache/yurtlb-speaker'))) {
      assert.equal((await fetch(`${first.url}${NODES}`, AGENT)).status, 200);
    }
    await api.refuseConnections();
    await first.until('offline');
    const kept = await fetch(`${first.url}${NODES}`, AGENT);
    assert.deepEqual([kept.status, ((await kept.json()) as { items: unknown[] }).items.length], [200, 1]);
    await first.kill();
    await assert.rejects(fetch(first.url));

    const second = await HubProcess.start(here, { ...options, cacheAgents: ['yurtlb-speaker'] });
    started.push(second);
    await second.ready();
    assert.equal(second.health, 'offline');
    assert.equal((await fetch(`${second.url}${NODES}`, AGENT)).status, 200);
    await second.kill('SIGTERM');
  });
});
