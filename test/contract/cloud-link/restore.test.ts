import { strict as assert } from 'node:assert';
import { CloudSite } from './cloud-site.ts';

describe('the cloud link: a cloud that goes back in time', function () {
  this.timeout(60_000);

  it('is adopted in one step once it is certain, and said', async () => {
    const site = await CloudSite.start();
    try {
      for (let i = 0; i < 30; i++) site.give(`more-${i}`, `192.168.2.${i + 1}`);
      const node = await site.node();
      const before = node.offered;
      const offers = node.offers.length;
      const restoredMs = performance.now();
      await site.restore();
      site.give('web', '192.168.1.1');
      await node.until('the view equals the cloud', () => String(node.services) === String(site.services));
      await node.until('it offers what the cloud gives', () => node.offered.length === 1);
      const steps = node.offers.slice(offers).filter((offer) => String(offer) !== String(before));
      assert.deepEqual(
        steps.filter((offer) => offer.length > 0).map((offer) => offer.length),
        steps.map(() => 1),
        'nothing was taken away before all was known',
      );
      const tookMs = performance.now() - restoredMs;
      assert.ok(tookMs > 30_000 / 8, `it was in no hurry: ${tookMs} ms`);
      assert.equal(node.lines.filter(({ msg }) => /gone back in time/.test(msg)).length, 1, JSON.stringify(node.lines));
      // What happens in the new history is heard.
      site.give('late', '192.168.1.9');
      await node.until('it hears news', () => node.offered.includes('192.168.1.9'));
    } finally {
      await site.stop();
    }
  });
});
