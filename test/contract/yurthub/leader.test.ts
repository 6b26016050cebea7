import assert from 'node:assert/strict';
import type { Json } from '../api-server/client.ts';
import { balancer } from '../api-server/site.ts';
import { HubSite, namesOf } from './hub-site.ts';

const SERVICES = '/api/v1/services';
const inDefault = (o: Json): Json => ({ ...o, metadata: { ...(o.metadata as Json), namespace: 'default' } });

describe('YurtHub, a leader hub in the NodePool', function () {
  this.timeout(60_000);
  let leader: HubSite;
  let follower: HubSite;

  /** Asks until the list has the Service. */
  async function seen(site: HubSite, name: string): Promise<void> {
    const deadlineMs = performance.now() + 20_000;
    while (!namesOf(await site.get(SERVICES)).includes(name)) {
      assert.ok(performance.now() < deadlineMs, `${name} does not come`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  beforeEach(async () => {
    leader = await HubSite.start();
    // both hubs have the same cloud, each by a wire of its own
    follower = await HubSite.start({ leader: leader.hub.url }, leader.api);
    leader.api.create(inDefault(balancer('web')));
    await seen(follower, 'web');
  });
  afterEach(async () => {
    await follower.stop();
    await leader.stop();
  });

  it('follower cut, leader online, upstream the leader: no gap at all, list live', async () => {
    await follower.goOffline();
    leader.api.create(inDefault(balancer('new')));
    await seen(follower, 'new');
    assert.equal(follower.hub.health, 'offline');
    assert.equal((await follower.get('/api/v1/namespaces/default/services/new')).code, 404, '`get` old');
  });

  it("leader cut, follower online: the follower's list and watch stay stale while `get` is new", async () => {
    const watch = await follower.watch(SERVICES, { resourceVersion: String(leader.api.store.revision) });
    await leader.goOffline();
    leader.api.create(inDefault(balancer('new')));
    assert.equal((await follower.get('/api/v1/namespaces/default/services/new')).code, 200);
    assert.deepEqual(namesOf(await follower.get(SERVICES)), ['kubernetes', 'web']);
    assert.equal(follower.hub.health, 'online');
    leader.link.restore();
    assert.deepEqual(await watch.take(1), ['ADDED new'], 'after the return of the link: new');
    watch.close();
  });

  it("leader's hub process stopped: client watch EOF at once, list new 5.6 s later from the API", async () => {
    const watch = await follower.watch(SERVICES, { resourceVersion: String(leader.api.store.revision) });
    await leader.hub.stop();
    assert.equal(await watch.nextOrEnd(), undefined);
    leader.api.create(inDefault(balancer('new')));
    await seen(follower, 'new');
  });
});
