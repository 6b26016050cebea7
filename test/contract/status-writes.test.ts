import { strict as assert } from 'node:assert';
import type { FaultKind } from '../support/api-server/faults.ts';
import { ingressOf } from '../support/controller/cluster.ts';
import { type Sandbox, startSandbox } from '../support/controller/run.ts';
import { Stage } from '../support/yurt-manager/stage.ts';

/** What a write of a status meets; of `truncate` the write is done and its answer cut off. */
const FAULTS: readonly { name: string; fault: FaultKind }[] = [
  ...([403, 409, 422, 500, 503] as const).map((code) => ({ name: `${code}`, fault: { kind: 'error', code } as const })),
  { name: '429', fault: { kind: 'too-many', retryAfterSeconds: 0 } },
  { name: 'no answer', fault: { kind: 'hang-up' } },
  { name: 'a lost answer', fault: { kind: 'truncate' } },
];

describe('requests about statuses that fail, on the in-process API server', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let stage: Stage;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.stop());
  beforeEach(async () => {
    stage = new Stage(sandbox.cluster);
    await stage.open();
  });
  afterEach(async () => {
    sandbox.server.faults.clear();
    await stage.close();
  });

  /** @returns how often a write of the object was tried */
  const tried = (what: RegExp) => sandbox.server.requests.matching(what).length;

  for (const { name, fault } of FAULTS) {
    it(`${name}: neither a leak nor a double, of a Service and of a PoolService`, async () => {
      const { cluster, history } = stage;
      await stage.startController();
      await stage.service('before', undefined, 90);
      await stage.shows('before', 'east=10.0.0.9', 'west=10.0.1.10');
      sandbox.server.faults.set(fault, { only: /^PATCH .*services\/web/, times: 3 });
      await stage.service('web', undefined);
      await stage.shows('web', 'east=10.0.0.10', 'west=10.0.1.11');
      assert.deepEqual(history.ingress('Service/web').slice(1), ['east=10.0.0.10 west=10.0.1.11']);

      await stage.startManager();
      await stage.service('sign', 'site=west', 91);
      await stage.shows('sign', 'west=10.0.1.12');
      sandbox.server.faults.set(fault, { only: /^PATCH .*poolservices\/split-east/, times: 3 });
      await stage.service('split', 'tier=shop', 92);
      await stage.shows('split', 'east=10.0.0.11', 'west=10.0.1.13');
      assert.deepEqual(history.ingress('PoolService/split-east'), ['', 'east=10.0.0.11']);

      await cluster.deleteService('web');
      await stage.isGone('web');
      await stage.service('heir', undefined, 93);
      await stage.shows('heir', 'east=10.0.0.10', 'west=10.0.1.11');
      const given = (await cluster.services()).flatMap(ingressOf);
      assert.equal(new Set(given).size, given.length);
    });
  }

  it('PoolServices that can not be listed at the start are waited for: what they hold is given to nobody else', async () => {
    const { cluster, poolServices } = stage;
    await stage.startManager();
    await stage.startController();
    await stage.service('first', 'site=east', 82);
    await stage.shows('first', 'east=10.0.0.9');
    await stage.service('web', 'site=east');
    await stage.shows('web', 'east=10.0.0.10');
    await cluster.deleteService('first');
    await stage.isGone('first');
    await stage.stopController();
    await stage.stopManager();
    await cluster.patchStatus('web', { loadBalancer: null }); // as if it had not been aggregated yet
    await stage.service('next', undefined, 81);
    sandbox.server.faults.set({ kind: 'error', code: 503 }, { only: /^GET .*poolservices$/, times: 3 });
    await stage.startController();
    await stage.shows('next', 'east=10.0.0.9', 'west=10.0.1.10');
    assert.equal(await poolServices.ingress('web-east'), 'east=10.0.0.10');
  });

  it('a PoolService that the API always refuses leaves the other one served, and is tried ever more rarely', async () => {
    sandbox.server.faults.set({ kind: 'error', code: 422 }, { only: /^PATCH .*poolservices\/web-east/ });
    await stage.startManager();
    await stage.startController();
    await stage.service('web', 'tier=shop');
    await stage.shows('web', 'west=10.0.1.10');
    await stage.service('next', 'tier=shop', 81);
    await stage.shows('next', 'east=10.0.0.10', 'west=10.0.1.11');
    await stage.settle();
    const many = tried(/^PATCH .*poolservices\/web-east/);
    assert.ok(many >= 1 && many <= 30, `${many} tries`);
    assert.equal(tried(/^PATCH .*poolservices\/web-west/), 1);
    sandbox.server.faults.clear();
    await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
  });
});
