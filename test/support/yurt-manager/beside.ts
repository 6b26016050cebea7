import { strict as assert } from 'node:assert';
import type { Cluster } from '../controller/cluster.ts';
import { patchNodePool } from './behaviour.ts';
import { FINALIZER } from './names.ts';
import { Stage } from './stage.ts';

interface Row {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
}

/** Rows that begin with both running. */
const TOGETHER: readonly Row[] = [
  {
    name: 'fills each PoolService once, with ipMode and condition, and never writes the Service, the first one included',
    run: async (stage) => {
      const { cluster, poolServices, history } = stage;
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.settle();
      for (const name of ['web-east', 'web-west']) {
        const { status } = (await poolServices.read(name)) ?? {};
        assert.deepEqual(
          status?.loadBalancer?.ingress?.map(({ ipMode }) => ipMode),
          ['VIP'],
        );
        assert.equal((await stage.conditionOf(name))?.status, 'True');
        assert.equal(history.versions(`PoolService/${name}`), 2, 'made, and filled once');
      }
      assert.equal(history.isOurs('Service/web'), false);
      const reasons = (await cluster.events('web')).map(({ type, reason }) => `${type} ${reason}`);
      assert.deepEqual(reasons, ['Normal IPAllocated', 'Normal IPAllocated']);
    },
  },
  {
    name: 'leaves the order of the aggregate as it is: text, .10 before .9',
    run: async (stage) => {
      await stage.cluster.range('west', '10.0.0.10');
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'west=10.0.0.10', 'east=10.0.0.9');
      await stage.settle('site=east');
      await stage.shows('web', 'west=10.0.0.10', 'east=10.0.0.9');
      assert.equal(stage.history.isOurs('Service/web'), false);
    },
  },
  {
    name: 'what somebody writes into Service.status is reverted by the other and not written by us',
    run: async (stage) => {
      const { cluster, history } = stage;
      await stage.service('web', 'site=east');
      await stage.shows('web', 'east=10.0.0.9');
      history.clear();
      await cluster.patchStatus('web', { loadBalancer: { ingress: [{ ip: '1.2.3.4', hostname: 'east' }] } });
      await stage.becomes('revert', async () => history.ingress('Service/web').length === 3);
      await stage.settle();
      assert.deepEqual(history.ingress('Service/web'), ['east=10.0.0.9', 'east=1.2.3.4', 'east=10.0.0.9']);
      assert.equal(history.versions('PoolService/web-east'), 0);
      assert.equal(history.isOurs('Service/web'), false);
    },
  },
  {
    name: "annotations are aggregated: no entry lacks ipMode, and others' fields of the status stay",
    run: async (stage) => {
      const { cluster, poolServices } = stage;
      await stage.service('web', 'site=east');
      await stage.appears('web-east');
      await poolServices.patch('web-east', { metadata: { annotations: { seen: 'yes' } } });
      await stage.shows('web', 'east=10.0.0.9');
      const path = '/apis/network.openyurt.io/v1alpha1/namespaces/default/poolservices/web-east/status';
      const body = { status: { aggregateToAnnotations: { rack: 'one' } } };
      await cluster.api.request({ method: 'PATCH', path, body });
      const copied = async () => (await cluster.readService('web')).metadata.annotations?.['aggregated.rack'] === 'one';
      await stage.becomes('aggregated annotation', copied);
    },
  },
  {
    name: 'a PoolService made anew gets its address back, although others want one',
    run: async (stage) => {
      await stage.cluster.range('east', '10.0.0.9');
      await stage.service('web', 'site=east');
      await stage.shows('web', 'east=10.0.0.9');
      await stage.service('envious', 'site=east', 81);
      await stage.becomes('wait', async () => (await stage.conditionOf('envious-east'))?.reason === 'PoolExhausted');
      const { uid } = (await stage.poolServices.read('web-east'))?.metadata ?? {};
      await stage.poolServices.delete('web-east');
      const isNew = async () => ![undefined, uid].includes((await stage.poolServices.read('web-east'))?.metadata.uid);
      await stage.becomes('new PoolService', isNew);
      await stage.shows('web', 'east=10.0.0.9');
      assert.equal(await stage.poolServices.ingress('envious-east'), '');
    },
  },
  {
    name: 'a deleted Service is not held up, and its address goes to the one that waits',
    run: async (stage) => {
      await stage.cluster.range('east', '10.0.0.9');
      await stage.service('web', 'site=east');
      await stage.shows('web', 'east=10.0.0.9');
      await stage.service('next', 'site=east', 81);
      await stage.appears('next-east');
      await stage.cluster.deleteService('web');
      await stage.isGone('web');
      await stage.shows('next', 'east=10.0.0.9');
    },
  },
  {
    name: 'a NodePool that is no longer selected gives its address back, the other stays',
    run: async (stage) => {
      await stage.cluster.range('east', '10.0.0.9');
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.service('next', 'site=east', 81);
      await stage.appears('next-east');
      await patchNodePool(stage.cluster, 'east', { tier: 'none' });
      await stage.shows('web', 'west=10.0.1.10');
      await stage.shows('next', 'east=10.0.0.9');
      assert.equal(stage.history.versions('PoolService/web-west'), 2, 'made, and filled once');
    },
  },
  {
    name: "an address stays its Service's while it is published: another's finalizer holds the PoolService",
    run: async (stage) => {
      const { poolServices } = stage;
      await stage.cluster.range('east', '10.0.0.9');
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await poolServices.patch('web-east', { metadata: { finalizers: ['example.com/slow'] } });
      await stage.select('web', 'site=west');
      const isGoing = async () => (await poolServices.read('web-east'))?.metadata.deletionTimestamp !== undefined;
      await stage.becomes('deletion', isGoing);
      await stage.service('next', 'site=east', 81);
      await stage.becomes('wait', async () => (await stage.conditionOf('next-east'))?.reason === 'PoolExhausted');
      await stage.settle();
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      assert.equal(await poolServices.ingress('next-east'), '');
      await poolServices.patch('web-east', { metadata: { finalizers: null } });
      await stage.shows('next', 'east=10.0.0.9');
      await stage.shows('web', 'west=10.0.1.10');
    },
  },
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
    name: 'a restart writes nothing again',
    run: async (stage) => {
      const { history } = stage;
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.settle();
      history.clear();
      await stage.startController();
      await stage.settle();
      for (const one of ['Service/web', 'PoolService/web-east', 'PoolService/web-west']) {
        assert.equal(history.versions(one), 0, one);
      }
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
      const before = flips();
      history.clear();
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

/** Rows that begin with nobody running. */
const SWITCHING: readonly Row[] = [
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

/** @param cluster with the CRDs of NodePool and PoolService, and no controller */
export function besideLoadBalancerSet(cluster: () => Cluster): void {
  let stage: Stage;
  beforeEach(async () => {
    stage = new Stage(cluster());
    await stage.open();
  });
  afterEach(() => stage.close());

  describe('both run', () => {
    for (const { name, run } of TOGETHER) {
      it(name, async () => {
        await stage.startManager();
        await stage.startController();
        await run(stage);
        assert.deepEqual(stage.manager?.errors, []);
      });
    }
  });
  describe('switching', () => {
    for (const { name, run } of SWITCHING) it(name, () => run(stage));
  });
}
