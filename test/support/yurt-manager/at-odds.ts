import { strict as assert } from 'node:assert';
import type { StageRow } from './stage.ts';

/** Rows that begin with both running, where somebody changes his mind or the two could come to blows. */
export const AT_ODDS: readonly StageRow[] = [
  {
    name: 'the annotation goes: the addresses that were left behind stay and are ours to write; it comes back: they stay',
    run: async (stage) => {
      const { cluster, history } = stage;
      await stage.service('web', 'site=east');
      await stage.shows('web', 'east=10.0.0.9');
      await stage.select('web', null);
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.becomes(
        'finalizer off',
        async () => (await cluster.readService('web')).metadata.finalizers === undefined,
      );
      await stage.settle();
      assert.deepEqual(history.ingress('Service/web').slice(-2), ['east=10.0.0.9', 'east=10.0.0.9 west=10.0.1.10']);
      await stage.select('web', 'tier=shop');
      await stage.holds('web-east', 'east=10.0.0.9');
      await stage.holds('web-west', 'west=10.0.1.10');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
    },
  },
  {
    name: 'a class edited by hand is left alone, and a blank selector is the business of the other',
    run: async (stage) => {
      const { history, poolServices } = stage;
      await stage.service('web', 'site=east');
      await stage.shows('web', 'east=10.0.0.9');
      await poolServices.patch('web-east', { spec: { loadBalancerClass: 'example.com/other' } });
      await poolServices.fill('web-east', [{ ip: '192.0.2.1', hostname: 'east', ipMode: 'VIP' }]);
      await stage.service('blank', ' ', 81);
      await stage.shows('blank', 'east=10.0.0.10', 'west=10.0.1.10');
      await stage.settle();
      assert.equal(await poolServices.ingress('web-east'), 'east=192.0.2.1');
      assert.equal(history.isOurs('Service/blank'), false);
    },
  },
  {
    name: 'two Services with one PoolService name: no address, two Events, no part in the fight; peace gives the address',
    run: async (stage) => {
      const { cluster, history, poolServices } = stage;
      await cluster.nodePool('b-west', { site: 'long' });
      await cluster.range('b-west', '10.0.2.1-10.0.2.9');
      await stage.service('a-b', 'tier=shop', 81);
      await stage.shows('a-b', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.service('a', 'site=long', 82);
      const isSaid = async () => (await stage.conditionOf('a-b-west'))?.reason === 'NameContested';
      await stage.becomes('condition', isSaid);
      await stage.holds('a-b-west', '');
      await stage.shows('a-b', 'east=10.0.0.9');
      const flips = () => stage.manager?.events.get('Modified PoolService/a-b-west') ?? 0;
      const reads = (object: string) => history.ingress(object).at(-1);
      const emptied = flips();
      const isSettled = async () =>
        flips() > emptied + 10 && reads('Service/a-b') === 'east=10.0.0.9' && reads('Service/a') === '';
      await stage.becomes('both Services without that address', isSettled);
      history.clear();
      const before = flips();
      await stage.becomes('fight', async () => flips() > before + 30);
      assert.deepEqual(history.ingress('PoolService/a-b-west'), ['']);
      assert.deepEqual(history.ingress('Service/a-b'), ['east=10.0.0.9']);
      assert.deepEqual(history.ingress('Service/a'), ['']);
      const warnings = async (name: string) =>
        (await cluster.events(name)).filter(({ reason }) => reason === 'NameContested').length;
      await stage.becomes('Events', async () => (await warnings('a')) + (await warnings('a-b')) === 2);
      await stage.startController();
      await stage.becomes('fight after a restart', async () => flips() > before + 50);
      assert.deepEqual(history.ingress('PoolService/a-b-west'), ['']);
      await cluster.deleteService('a');
      await stage.isGone('a');
      await stage.shows('a-b', 'east=10.0.0.9', 'west=10.0.1.10');
      assert.equal((await poolServices.read('a-b-west'))?.status?.conditions?.[0]?.reason, 'Allocated');
      assert.deepEqual([await warnings('a-b')], [1]);
    },
  },
];
