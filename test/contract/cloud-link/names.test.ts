import { strict as assert } from 'node:assert';
import type { LookupAddress } from 'node:dns';
import { CloudSite } from './cloud-site.ts';

describe('the cloud link: names', function () {
  this.timeout(60_000);
  let site: CloudSite;

  beforeEach(async () => {
    site = await CloudSite.start();
  });
  afterEach(() => site.stop());

  /** The same server by a name that only this resolver knows. */
  const named = () => {
    const base = new URL(site.road.url.replace('127.0.0.1', 'api.cloud.test'));
    const target = async () => ({ ...(await site.target()), base });
    const gone = Object.assign(new Error('getaddrinfo ENOTFOUND api.cloud.test'), { code: 'ENOTFOUND' });
    const resolver = {
      answers: [{ address: '127.0.0.1', family: 4 }] as LookupAddress[] | 'gone' | 'silent',
      asked: 0,
      resolve: async () => {
        resolver.asked++;
        if (resolver.answers === 'silent') return new Promise<never>(() => {});
        if (resolver.answers === 'gone') throw gone;
        return resolver.answers;
      },
    };
    return { road: target, resolver };
  };

  it('a name that was never resolved is no way to the cloud, said so; it counts once it is', async () => {
    const { road, resolver } = named();
    resolver.answers = 'gone';
    const node = site.begin({ road, resolve: resolver.resolve });
    await node.comesTo('offline');
    const said = node.lines.find(({ err }) => /the name is not known/.test(err?.message ?? ''))?.err;
    assert.match(said?.remedy ?? '', /resolver/);
    resolver.answers = [{ address: '127.0.0.1', family: 4 }];
    await node.comesTo('connected');
    await node.until('it offers all', () => node.offered.length === 3);
  });

  for (const answers of ['gone', 'silent'] as const) {
    it(`a resolver that is ${answers} later costs nothing: the last address is used, said once`, async () => {
      const { road, resolver } = named();
      const node = await site.node({ road, resolve: resolver.resolve });
      resolver.answers = answers;
      const asked = resolver.asked;
      // Every connection is made anew.
      await site.road.refuses();
      const cutMs = performance.now();
      await node.comesTo('doubtful', cutMs);
      await site.road.heal();
      await node.comesTo('connected', cutMs);
      site.give('late', '192.168.1.9');
      await node.until('it hears news', () => node.offered.includes('192.168.1.9'));
      assert.ok(resolver.asked > asked, 'it went on asking');
      if (answers === 'silent') assert.equal(resolver.asked, asked + 1, 'one question at a time');
      const said = node.lines.filter(({ msg }) => /last addresses are used/.test(msg));
      assert.equal(said.length, 1, JSON.stringify(node.lines));
    });
  }
});
