import { strict as assert } from 'node:assert';
import { LbError, silentLog } from '@openyurt/nodepool-types';
import { CataloguedFeed } from '../../../edge-speaker/src/drive/catalogued-feed.ts';
import { ApiClient } from '../../../edge-speaker/src/kube/api-client.ts';
import { YurtHubFeed } from '../../../edge-speaker/src/kube/yurthub-feed.ts';
import { Catalogue, type ReadResource } from '../../../edge-speaker/src/offline/catalogue.ts';
import { CatalogueIntake } from '../../../edge-speaker/src/offline/catalogue-intake.ts';
import type { AnnouncementFeed, FeedListener } from '../../../edge-speaker/src/ports/announcement-feed.ts';
import { ApiServer } from '../../support/api-server/api-server.ts';
import { openDefinition } from '../../support/api-server/custom-resources.ts';
import { until } from '../../support/until.ts';
import { service } from './site.ts';

const POOLS = { group: 'apps.openyurt.io', plural: 'nodepools', kind: 'NodePool' };

/** What the hub was told. */
function hub(): { told: string[]; listener: FeedListener } {
  const told: string[] = [];
  return {
    told,
    listener: {
      listed: (resource) => void told.push(`listed ${resource}`),
      changed: (resource, type) => void told.push(`${type} ${resource}`),
      reached: (resource) => void told.push(`reached ${resource}`),
      contact: () => {},
      refused: (resource) => void told.push(`refused ${resource}`),
    },
  };
}

describe('catalogued feed over an API server', () => {
  let server: ApiServer;
  let feed: CataloguedFeed | undefined;
  let catalogue: Catalogue;

  afterEach(async () => {
    feed?.stop();
    await server.stop();
  });

  async function listen(crds: ReturnType<typeof openDefinition>[] = []) {
    server = await ApiServer.start({ crds });
    const base = new URL(server.url);
    const road = async () => ({ base, credentials: async () => ({ headers: {}, tls: {} }), forget() {} });
    const names = { nodeName: 'a', namespace: 'kube-system', version: '1' };
    const inner = new YurtHubFeed({
      ...{ client: new ApiClient(road), ...names, log: silentLog, random: () => 0, forShow: true },
    });
    catalogue = new Catalogue();
    feed = new CataloguedFeed({ feed: inner, catalogue, log: silentLog, monotonicMs: () => 0, later: setImmediate });
    const ear = hub();
    feed.start(ear.listener);
    return ear;
  }
  const post = (path: string, body: object) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    });
  const asked = (part: string) =>
    server.requests.all.filter(({ path, isWatch }) => path.includes(part) && !isWatch).map(({ path }) => path);

  it('Services of every type reach the catalogue', async () => {
    await listen();
    await until('the list', () => catalogue.shelves.services.complete);
    await post('/api/v1/namespaces/default/services', { metadata: { name: 'db' }, spec: { ports: [{ port: 80 }] } });
    await until('the event', () => catalogue.shelves.services.get('default/db') !== undefined);
  });

  it('a cluster without OpenYurt is asked for each version once, and no trouble is told', async () => {
    const { told } = await listen();
    await until('both versions', () => asked('nodepools').length === 2);
    await until('the lists', () => catalogue.shelves.services.complete && catalogue.shelves.slices.complete);
    assert.deepEqual(asked('nodepools'), [
      '/apis/apps.openyurt.io/v1beta2/nodepools',
      '/apis/apps.openyurt.io/v1beta1/nodepools',
    ]);
    assert.deepEqual(asked('poolservices'), ['/apis/network.openyurt.io/v1alpha1/poolservices']);
    assert.equal(catalogue.shelves.nodepools.known, false);
    assert.deepEqual(
      told.filter((one) => /refused|pool/.test(one)),
      [],
    );
  });

  it('what is defined later is found when everything is listed again', async () => {
    await listen();
    await until('both versions', () => asked('nodepools').length === 2);
    await post(
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      openDefinition(POOLS, 'Cluster', ['v1beta1', 'v1beta2']),
    );
    await post('/apis/apps.openyurt.io/v1beta2/nodepools', {
      apiVersion: 'apps.openyurt.io/v1beta2',
      kind: 'NodePool',
      metadata: { name: 'hz' },
    });
    feed?.relist('all');
    await until('the NodePool', () => catalogue.shelves.nodepools.get('hz') !== undefined);
  });

  it('an older OpenYurt is read in its own version', async () => {
    await listen([openDefinition(POOLS, 'Cluster', ['v1beta1'])]);
    await post('/apis/apps.openyurt.io/v1beta1/nodepools', {
      apiVersion: 'apps.openyurt.io/v1beta1',
      kind: 'NodePool',
      metadata: { name: 'hz' },
    });
    await until('the NodePool', () => catalogue.shelves.nodepools.get('hz') !== undefined);
  });
});

describe('catalogued feed', () => {
  it('passes on what decides, keeps what is shown, and says once what it may not read', () => {
    let speak: FeedListener<ReadResource> | undefined;
    const inner: AnnouncementFeed<ReadResource> = {
      start: (listener) => {
        speak = listener;
      },
      ...{ followPool() {}, pace() {}, relist() {}, stop() {} },
    };
    const later: (() => void)[] = [];
    const warned: string[] = [];
    const log = { ...silentLog, warn: (msg: string) => void warned.push(msg) };
    const catalogue = new Catalogue();
    const { told, listener } = hub();
    new CataloguedFeed({
      feed: inner,
      catalogue,
      log,
      monotonicMs: () => 0,
      later: (run) => void later.push(run),
    }).start(listener);
    const refusal = (status: number) => new LbError('LB_API_REFUSED', `http://x/: HTTP ${status}`, '');
    speak?.listed('services', [service('a')], 10n, true);
    speak?.listed('nodepools', [{ metadata: { name: 'hz' } }], 10n, true);
    speak?.changed('poolservices', 'ADDED', { metadata: { name: 'p', namespace: 'default' } });
    speak?.reached('nodepools', 11n);
    speak?.reached('slices', 11n);
    for (const status of [404, 403, 403]) speak?.refused('poolservices', refusal(status));
    speak?.refused('services', refusal(403));
    assert.deepEqual(told, ['listed services', 'reached slices', 'refused services']);
    assert.deepEqual(warned, ['not allowed to read what the local API would show']);
    assert.deepEqual(later, []);
    const { services, nodepools, poolservices } = catalogue.shelves;
    assert.deepEqual([services.known, nodepools.highest, poolservices.known], [true, 11n, true]);
  });

  it('a long list is written down in steps, and what comes meanwhile waits for its end', () => {
    const later: (() => void)[] = [];
    const intake = new CatalogueIntake(
      (run) => void later.push(run),
      (error) => {
        throw error;
      },
    );
    const catalogue = new Catalogue();
    const many = Array.from({ length: 250 }, (_, i) => service(`s${i}`));
    intake.take(catalogue.listed('services', many, 100n, true, 0));
    const gone = service('s7', {}, { metadata: { resourceVersion: '101' } });
    intake.run(() => catalogue.changed('services', 'DELETED', gone, 0));
    intake.take(catalogue.listed('slices', [], 100n, true, 0));
    const { services, slices } = catalogue.shelves;
    let steps = 1;
    for (let next = later.shift(); next !== undefined; next = later.shift()) {
      assert.deepEqual([services.known, slices.known], [false, false]);
      next();
      steps++;
    }
    assert.equal(steps, 3);
    assert.deepEqual([services.entries().length, services.get('default/s7'), slices.known], [249, undefined, true]);
    intake.run(() => catalogue.reached('services', 200n));
    assert.equal(services.highest, 200n);
  });

  it('work that throws is told, and what is behind it goes on', () => {
    const errors: unknown[] = [];
    const done: string[] = [];
    const intake = new CatalogueIntake(setImmediate, (error) => void errors.push((error as Error).message));
    intake.run(() => {
      intake.run(() => void done.push('behind'));
      throw new Error('broken');
    });
    assert.deepEqual([errors, done], [['broken'], ['behind']]);
  });
});
