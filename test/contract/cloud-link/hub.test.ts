import { strict as assert } from 'node:assert';
import { decodeSnapshot, encodeSnapshot } from '../../../edge-speaker/src/offline/snapshot.ts';
import { CloudSite } from './cloud-site.ts';
import { NODE, POOL } from './edge-node.ts';

describe('the cloud link: a hub that restarts', function () {
  this.timeout(60_000);
  let site: CloudSite;

  beforeEach(async () => {
    site = await CloudSite.start('through a YurtHub');
  });
  afterEach(() => site.stop());

  it('with the cloud there: refused, 503, and back, with nothing lost', async () => {
    const node = await site.node();
    const before = node.offered;
    const offers = node.offers.length;
    const restartMs = performance.now();
    await site.hub?.stop();
    await node.comesTo('doubtful', restartMs);
    await site.hub?.start();
    await node.comesTo('connected', restartMs);
    await site.changeMeanwhile();
    await node.until('the view equals the cloud', () => String(node.services) === String(site.services));
    const early = node.offers.slice(offers, -1);
    assert.ok(early.every((offer) => offer.length >= before.length - 1));
  });

  for (const wipe of [false, true]) {
    it(`offline${wipe ? ', its cache lost' : ''}: hangs, 503, its cache; nothing of it takes an address away`, async () => {
      const node = await site.node();
      const before = node.offered;
      const cutMs = performance.now();
      site.road.blackHole();
      await site.hub?.until('offline');
      await node.comesTo('offline', cutMs);
      await site.hub?.restart({ wipe });
      // The speaker starts anew too, from its disk.
      const { text } = encodeSnapshot(node.speaker.view, NODE, POOL);
      node.stop();
      const { view, nodePool } = decodeSnapshot(text, NODE, 0);
      const again = site.begin({ view, ...(nodePool === undefined ? {} : { nodePool }) });
      assert.deepEqual([...again.offered].sort(), [...before].sort(), 'at once, before any answer');
      await again.comesTo('offline');
      if (!wipe) await site.hub?.ready();
      await site.changeMeanwhile();
      const healedMs = performance.now();
      await site.road.heal();
      await again.comesTo('connected', healedMs);
      await again.until('the view equals the cloud', () => String(again.services) === String(site.services));
      await again.until('it offers it', () => again.offered.length === site.services.length);
      const counts = again.offers.map((offer) => offer.length);
      assert.ok(
        counts.every((count) => count === before.length),
        `always all: ${counts}`,
      );
    });
  }
});
