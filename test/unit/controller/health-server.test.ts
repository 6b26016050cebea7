import { strict as assert } from 'node:assert';
import { request } from 'node:http';
import { HealthServer } from '../../../cloud-controller/src/observe/health-server.ts';

describe('health server of the controller', () => {
  let server: HealthServer;
  let isSynced = true;
  before(async () => {
    const ready = () => new Map([['services', isSynced]]);
    server = await HealthServer.listen({ host: '127.0.0.1', port: 0 }, { ready, metrics: async () => 'yurtlb 1\n' });
  });
  after(() => server.close());

  function get(path: string): Promise<[status: number, body: string]> {
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: server.port, path }, async (response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        resolve([response.statusCode ?? 0, body]);
      });
      asked.on('error', reject).end();
    });
  }

  const cases: { path: string; synced?: boolean; status: number; body: RegExp }[] = [
    { path: '/healthz', status: 200, body: /^ok\n$/ },
    { path: '/livez?x=%', status: 200, body: /^ok\n$/ },
    { path: '/readyz', status: 200, body: /^ok\n$/ },
    { path: '/readyz?verbose', status: 200, body: /^\[\+\] services\nok\n$/ },
    { path: '/readyz', synced: false, status: 503, body: /^\[-\] services\nnot ready\n$/ },
    { path: '/livez', synced: false, status: 200, body: /^ok\n$/ },
    { path: '/metrics', status: 200, body: /^yurtlb 1\n$/ },
    { path: '//', status: 404, body: /see \/healthz/ },
    { path: '//[', status: 404, body: /see \/healthz/ },
    { path: '/%', status: 404, body: /see \/healthz/ },
  ];
  for (const { path, synced = true, status, body } of cases) {
    it(`${path}${synced ? '' : ', not synced'}: ${status}`, async () => {
      isSynced = synced;
      const answer = await get(path);
      assert.equal(answer[0], status);
      assert.match(answer[1], body);
    });
  }
});
