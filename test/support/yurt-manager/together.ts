import { strict as assert } from 'node:assert';
import { patchNodePool } from './scene-objects.ts';
import type { StageRow } from './stage.ts';

/** Rows that begin with both running. */
export const TOGETHER: readonly StageRow[] = [
  {
    name: 'fills each PoolService once, with ipMode and condition, and never writes the Service, the first one included',
    run: async (stage) => {
      const { cluster, poolServices, history } = stage;
      await stage.service('plain', undefined, 81);
      await stage.shows('plain', 'east=10.0.0.9', 'west=10.0.1.10'); // it leads
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'east=10.0.0.10', 'west=10.0.1.11');
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
      await stage.cluster.range('east', '10.0.0.9', '10.0.0.77');
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
];
