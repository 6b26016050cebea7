import { strict as assert } from 'node:assert';
import { type KubeObject, type Log, silentLog } from '@openyurt/nodepool-types';
import { ApiError } from '../../../cloud-controller/src/kube/api-error.ts';
import type { ApiClient, ApiRequest } from '../../../cloud-controller/src/kube/client.ts';
import { Informer } from '../../../cloud-controller/src/kube/informer.ts';
import type { InformerOptions } from '../../../cloud-controller/src/kube/informer-options.ts';

const NEW = '/apis/apps.openyurt.io/v1beta2/nodepools';
const OLD = '/apis/apps.openyurt.io/v1beta1/nodepools';

/** Lists as told; watches say nothing until the test ends them. */
class Lister {
  readonly asked: string[] = [];
  list: (path: string) => string[] | number = () => [];
  /** of the lists, and of each object in them */
  version = 1;
  #endWatch: (error: Error) => void = () => {};

  async request<T>({ path }: ApiRequest): Promise<T> {
    this.asked.push(path);
    const names = this.list(path);
    if (typeof names === 'number') throw new ApiError(names, '', `${names}`, undefined);
    const items = names.map((name) => ({ metadata: { name, uid: name, resourceVersion: `${this.version}` } }));
    return { metadata: { resourceVersion: `${this.version}` }, items } as T;
  }

  async stream(path: string, _query: unknown, _onLine: unknown, signal: AbortSignal): Promise<void> {
    this.asked.push(`watch ${path}`);
    await new Promise((_, reject) => {
      this.#endWatch = reject;
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }

  endWatch(status: number): void {
    this.#endWatch(new ApiError(status, '', `${status}`, undefined));
  }
}

const until = async (what: string, isTrue: () => boolean) => {
  for (let i = 0; i < 1000 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.ok(isTrue(), what);
};

describe('Informer', () => {
  const stop = { current: new AbortController() };
  afterEach(() => stop.current.abort());

  function start(api: Lister, log: Log = silentLog, more: Partial<InformerOptions> = {}): Informer<KubeObject> {
    stop.current = new AbortController();
    const options = {
      path: NEW,
      olderPaths: [OLD],
      optional: true,
      type: { apiVersion: 'v1', kind: 'NodePool' },
      retryMs: { first: 1, max: 2 },
      ...more,
    };
    const informer = new Informer<KubeObject>(api as unknown as ApiClient, options, log, () => 0);
    void informer.run(stop.current.signal);
    return informer;
  }

  it('reads an older version where the newer one is not served', async () => {
    const api = new Lister();
    api.list = (path) => (path === OLD ? ['hangzhou'] : 404);
    const informer = start(api);
    await until('no object was found', () => informer.store.get('hangzhou') !== undefined);
    await until('it does not watch', () => api.asked.includes(`watch ${OLD}`));
  });

  it('a kind that is served nowhere counts as empty', async () => {
    const api = new Lister();
    api.list = () => 404;
    const informer = start(api);
    await informer.synced;
    assert.equal(informer.store.size, 0);
  });

  it('a kind that must be there is asked for until it is, which is said once with what to do', async () => {
    const api = new Lister();
    const said: string[] = [];
    api.list = () => 404;
    const note = (msg: string, fields?: Record<string, unknown>) => void said.push(`${msg}: ${fields?.remedy ?? ''}`);
    const more = { optional: false, absentRemedy: 'Install it.' };
    const informer = start(api, { ...silentLog, info: note, warn: note }, more);
    const asked = (path: string) => api.asked.filter((one) => one === path).length;
    await until('it did not ask', () => asked(NEW) === 1 && asked(OLD) === 1);
    const listed = informer.relist();
    await until('it did not ask again', () => asked(NEW) === 2 && asked(OLD) === 2);
    assert.equal(informer.isSynced, false);
    assert.deepEqual(said, ['the API does not serve this kind: Install it.']);
    api.list = () => ['hangzhou'];
    void informer.relist();
    await listed;
    assert.equal(informer.store.size, 1);
    assert.deepEqual(said.slice(1), ['listing and watching again: ']);
  });

  it('tells when a kind begins to be served, and when it ceases to', async () => {
    const api = new Lister();
    const told: boolean[] = [];
    api.list = () => 404;
    const informer = start(api);
    informer.onServed(() => told.push(informer.isServed));
    await informer.synced;
    api.list = () => [];
    await informer.relist();
    await informer.relist();
    api.list = () => 404;
    await informer.relist();
    assert.deepEqual(told, [true, false]);
  });

  it('what may not be read counts as empty where that is allowed, and is said once; not where it is not', async () => {
    const api = new Lister();
    const said: string[] = [];
    api.list = () => 403;
    const informer = start(api, { ...silentLog, warn: (msg) => void said.push(msg) }, { mayBeForbidden: true });
    await informer.synced;
    await informer.relist();
    assert.deepEqual(said, ['may not be read, goes on without']);
    api.list = () => ['hangzhou'];
    await informer.relist();
    assert.equal(informer.store.size, 1);
    stop.current.abort();
    api.list = () => 403;
    const strict = start(api);
    const before = api.asked.length;
    await until('it gave up', () => api.asked.length > before + 6);
    assert.equal(strict.isSynced, false);
  });

  it('a kind that ceases to be served does not take its objects along', async () => {
    const api = new Lister();
    api.list = () => ['hangzhou'];
    const informer = start(api);
    await until('it does not watch', () => api.asked.includes(`watch ${NEW}`));
    const before = api.asked.length;
    api.list = () => 404;
    api.endWatch(410);
    await until('it gave up', () => api.asked.length > before + 6);
    assert.equal(informer.store.size, 1);
    api.list = () => ['hangzhou', 'beijing'];
    await until('it does not list again', () => informer.store.size === 2);
  });

  it('an API that was restored from a backup is taken as it is now, and that is said once', async () => {
    const api = new Lister();
    const said: string[] = [];
    api.version = 500;
    api.list = () => ['hangzhou', 'beijing'];
    const informer = start(api, { ...silentLog, warn: (msg) => void said.push(msg) });
    const watches = () => api.asked.filter((path) => path.startsWith('watch')).length;
    await until('it does not watch', () => watches() === 1);
    api.version = 40;
    api.list = () => ['hangzhou'];
    api.endWatch(503);
    const versionOf = (name: string) => informer.store.get(name)?.metadata.resourceVersion;
    await until('it holds on to what was', () => versionOf('hangzhou') === '40');
    assert.equal(versionOf('beijing'), undefined);
    await until('it does not watch again', () => watches() === 2);
    assert.deepEqual(said, ['list or watch failed', 'the API has gone back in time; its state is taken as it is now']);
    // In the new history the next outage is an ordinary one.
    const before = api.asked.length;
    api.endWatch(503);
    await until('it does not watch a third time', () => watches() === 3);
    assert.deepEqual(
      api.asked.slice(before).filter((path) => !path.startsWith('watch')),
      [NEW],
      'one question for the history, no list',
    );
  });

  it('an outage is said once, and its end; an expired watch is no outage', async () => {
    const api = new Lister();
    const said: string[] = [];
    const note = (msg: string) => void said.push(msg);
    const informer = start(api, { ...silentLog, info: note, warn: note });
    const watches = () => api.asked.filter((path) => path.startsWith('watch')).length;
    await until('it does not watch', () => watches() === 1);
    api.endWatch(410);
    await until('it does not watch again', () => watches() === 2);
    assert.deepEqual(said, []);
    api.list = () => 503;
    void informer.relist();
    const before = api.asked.length;
    await until('it gave up', () => api.asked.length > before + 20);
    assert.deepEqual(said, ['list or watch failed']);
    api.list = () => [];
    await until('it does not say that it works', () => said.length === 2);
    assert.deepEqual(said, ['list or watch failed', 'listing and watching again']);
  });
});
