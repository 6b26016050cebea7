import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '@openyurt/nodepool-types';
import { ApiClient } from '../../../edge-speaker/src/kube/api-client.ts';
import { Reflector } from '../../../edge-speaker/src/kube/reflector.ts';
import { ApiServer } from '../../support/api-server/api-server.ts';
import { until } from '../../support/until.ts';

const PATH = '/api/v1/namespaces/default/configmaps?';

describe('reflector', function () {
  this.timeout(20_000);
  let server: ApiServer;
  let reflector: Reflector;
  let base = '';
  let lists = 0;
  const events: string[] = [];
  /** What the prover says, when it is asked. */
  let prove: () => Promise<boolean> = async () => true;

  const road = async () => ({
    base: new URL(base),
    credentials: async () => ({ headers: {}, tls: {} }),
    forget() {},
  });
  const asked = (what: 'list' | 'watch') =>
    server.requests.matching(/^GET .*configmaps/).filter(({ isWatch }) => isWatch === (what === 'watch')).length;
  const add = (name: string) =>
    fetch(`${server.url}${PATH}`, {
      method: 'POST',
      body: JSON.stringify({ metadata: { name } }),
      headers: { 'Content-Type': 'application/json' },
    });
  const start = (watchSeconds: number) => {
    reflector = new Reflector({
      ...{ client: new ApiClient(road), path: PATH, userAgent: 'x/1', log: silentLog, random: () => 0 },
      ...{ prove: () => prove(), onSilence() {}, onRefused() {}, onBookmark() {}, watchSeconds },
      onList: () => {
        lists++;
      },
      onEvent: (type, { metadata }) => {
        events.push(`${type} ${metadata.name}`);
      },
    });
    reflector.start();
  };

  beforeEach(async () => {
    server = await ApiServer.start({});
    base = server.url;
    lists = 0;
    events.length = 0;
    prove = async () => true;
  });
  afterEach(async () => {
    reflector.stop();
    await server.stop();
  });

  it('a watch whose time is over is followed by the next, without a list between', async () => {
    start(1);
    await until('watches', () => asked('watch') >= 3);
    await add('later');
    await until('the event', () => events.includes('ADDED later'));
    await until('one more watch', () => asked('watch') >= 5);
    assert.equal(asked('list'), 1);
    assert.deepEqual(events, ['ADDED later']);
  });

  it('without proof of the list it lists again', async () => {
    prove = async () => false;
    start(1);
    await until('lists', () => lists >= 2);
  });

  it('a watch that ends before its time is followed by a list', async () => {
    const list = JSON.stringify({ metadata: { resourceVersion: '7' }, items: [] });
    const asked: string[] = [];
    // As a hub that is offline ends the watches that it has.
    const hub = createServer(({ url = '' }, response) => {
      asked.push(url.includes('watch=1') ? 'watch' : 'list');
      response.writeHead(200, { 'Content-Type': 'application/json' });
      if (url.includes('watch=1')) setTimeout(() => response.end(), 1_100).unref();
      else response.end(list);
      response.flushHeaders();
    }).listen(0, '127.0.0.1');
    await once(hub, 'listening');
    base = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
    try {
      start(300);
      await until('the second list', () => lists === 2);
      assert.deepEqual(asked.slice(0, 3), ['list', 'watch', 'list']);
    } finally {
      hub.close().closeAllConnections();
    }
  });

  it('a list that is under way since a moment is not asked for twice', async () => {
    let proof: ((isProven: boolean) => void) | undefined;
    prove = () =>
      new Promise((resolve) => {
        proof = resolve;
      });
    start(300);
    await until('the first list', () => asked('list') === 1);
    reflector.relistUnproven();
    await until('the question', () => proof !== undefined);
    proof?.(true);
    await until('a watch', () => asked('watch') === 1);
    assert.deepEqual([asked('list'), lists], [1, 1]);
    reflector.relistUnproven();
    prove = async () => true;
    reflector.relist();
    await until('the second list', () => lists === 2);
    assert.equal(asked('list'), 2);
  });
});
