import { strict as assert } from 'node:assert';
import { FINALIZER } from './names.ts';
import type { StageRow } from './stage.ts';

/** Rows that begin with nobody running. */
export const SWITCHING: readonly StageRow[] = [
  {
    name: 'it starts later: the addresses move into PoolServices and stay what they are',
    run: async (stage) => {
      const { cluster, history } = stage;
      await stage.startController();
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.service('everywhere', undefined, 81);
      await stage.shows('everywhere', 'east=10.0.0.10', 'west=10.0.1.11');
      assert.equal((await cluster.condition('web'))?.status, 'True');
      await stage.startManager();
      await stage.holds('web-east', 'east=10.0.0.9');
      await stage.holds('web-west', 'west=10.0.1.10');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.settle();
      const allowed = ['east=10.0.0.9 west=10.0.1.10', 'east=10.0.0.9', 'west=10.0.1.10', ''];
      assert.deepEqual(
        history.ingress('Service/web').filter((text) => !allowed.includes(text)),
        [],
      );
      assert.equal(history.ingress('Service/everywhere').length, 2, 'empty, then served, and never changed');
    },
  },
  {
    name: 'it is taken away, with its finalizers and PoolServices: from then on the Service is written, addresses as before',
    run: async (stage) => {
      const { cluster, history, poolServices } = stage;
      await stage.startManager();
      await stage.startController();
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.stopManager();
      history.clear();
      for (const name of ['web-east', 'web-west']) await poolServices.delete(name);
      const { finalizers } = (await cluster.readService('web')).metadata;
      assert.deepEqual(finalizers, [FINALIZER]);
      await cluster.patchService('web', { metadata: { finalizers: null } });
      await stage.becomes('condition', async () => (await cluster.condition('web'))?.status === 'True');
      assert.deepEqual(history.ingress('Service/web'), ['east=10.0.0.9 west=10.0.1.10']);
      await stage.settle();
    },
  },
  {
    name: '--loadbalancerset=off after it was taken away, on after it is back: the addresses stay',
    run: async (stage) => {
      const { cluster, history } = stage;
      await stage.startManager();
      await stage.startController('--loadbalancerset=on');
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.stopManager();
      history.clear();
      await stage.startController('--loadbalancerset=off');
      await stage.becomes('condition', async () => (await cluster.condition('web'))?.status === 'True');
      assert.deepEqual(history.ingress('Service/web'), ['east=10.0.0.9 west=10.0.1.10']);
      await stage.startController('--loadbalancerset=on');
      await stage.startManager();
      await stage.settle();
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      assert.deepEqual(history.ingress('Service/web'), ['east=10.0.0.9 west=10.0.1.10']);
    },
  },
  {
    name: 'off while it runs: each write is undone, so they become fewer, and an Event says what to set; auto heals it',
    run: async (stage) => {
      const { cluster, history } = stage;
      await stage.startManager();
      await stage.startController('--loadbalancerset=off');
      await stage.service('web', 'site=east');
      const isSaid = async () => (await cluster.events('web')).some(({ reason }) => reason === 'StatusOverwritten');
      await stage.becomes('Event', isSaid);
      const written = () => history.times('Service/web', 'east=10.0.0.9');
      const known = written().length;
      await stage.becomes('one more write', async () => written().length > Math.max(known, 5));
      const [last = 0, before = 0] = written().reverse();
      assert.ok(last - before > 500, `the fight goes on: ${last - before} ms between two writes`);
      await stage.startController('--loadbalancerset=auto');
      await stage.holds('web-east', 'east=10.0.0.9');
      await stage.shows('web', 'east=10.0.0.9');
      await stage.settle();
      await stage.shows('web', 'east=10.0.0.9');
    },
  },
  {
    name: 'it is down: PoolServices that are there keep their addresses, new Services wait, and are served when it is back',
    run: async (stage) => {
      const { cluster } = stage;
      await stage.startManager();
      await stage.startController();
      await stage.service('web', 'site=east');
      await stage.shows('web', 'east=10.0.0.9');
      await stage.stopManager();
      await stage.service('late', 'site=east', 81);
      await stage.service('plain', undefined, 82);
      await stage.shows('plain', 'east=10.0.0.10', 'west=10.0.1.10');
      assert.equal(await cluster.condition('late'), undefined);
      await stage.startManager();
      await stage.shows('late', 'east=10.0.0.11');
      await stage.shows('web', 'east=10.0.0.9');
    },
  },
  {
    name: "no class can be set where there is none; by way of ClusterIP a Service becomes another controller's, its address free",
    run: async (stage) => {
      const { cluster } = stage;
      await stage.startController('--classless');
      await cluster.service('plain', { loadBalancerClass: null });
      await stage.shows('plain', 'east=10.0.0.9', 'west=10.0.1.10');
      const spec = { loadBalancerClass: 'example.com/other' };
      await assert.rejects(cluster.patchService('plain', { spec }), /may not change once set/);
      await cluster.patchService('plain', { spec: { type: 'ClusterIP', allocateLoadBalancerNodePorts: null } });
      await cluster.patchService('plain', { spec: { type: 'LoadBalancer', ...spec } });
      await stage.service('heir', undefined, 81);
      await stage.shows('heir', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.shows('plain');
    },
  },
  {
    name: 'thirty Services at once: one write for each PoolService, none for a Service',
    run: async (stage) => {
      const { history } = stage;
      await stage.cluster.range('east', '10.0.0.1-10.0.0.100');
      await stage.cluster.range('west', '10.0.1.1-10.0.1.100');
      await stage.startManager();
      await stage.startController();
      const names = Array.from({ length: 30 }, (_, i) => `load-${i}`);
      await Promise.all(names.map((name) => stage.service(name, 'tier=shop')));
      const isServed = (name: string) => history.ingress(`Service/${name}`).at(-1)?.split(' ').length === 2;
      await stage.becomes('all served', async () => names.every(isServed));
      await stage.settle();
      for (const name of names) {
        assert.equal(history.isOurs(`Service/${name}`), false, name);
        for (const site of ['east', 'west']) assert.equal(history.versions(`PoolService/${name}-${site}`), 2, name);
      }
      const given = names.map((name) => history.ingress(`Service/${name}`).at(-1));
      assert.equal(new Set(given).size, names.length, 'an address was given twice');
    },
  },
];
