import { strict as assert } from 'node:assert';
import { ingressOf } from '../controller/cluster.ts';
import { SELECTOR } from './names.ts';
import type { Stage, StageRow } from './stage.ts';

const ASKS = 'service.openyurt.io/loadBalancerIP-east';
const MODES = [
  { mode: 'auto', manager: true },
  { mode: 'on', manager: true },
  { mode: 'auto', manager: false },
  { mode: 'off', manager: false },
] as const;

/** As others write them, in every field. */
const FOREIGN = [
  { ip: '192.0.2.7', ipMode: 'Proxy', ports: [{ port: 83, protocol: 'TCP', error: 'example.com/odd' }] },
  { hostname: 'lb.example.com' },
];

/** What a restart meets: served by selector and without, waiting, with an entry of another, without class, of another class. */
async function population(stage: Stage): Promise<void> {
  const { cluster } = stage;
  await stage.service('web', 'tier=shop');
  await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
  await stage.service('plain', undefined, 81);
  await stage.shows('plain', 'east=10.0.0.10', 'west=10.0.1.11');
  await cluster.service('waits', { annotations: { [SELECTOR]: 'site=east', [ASKS]: '10.0.0.9' }, ports: [82] });
  await cluster.service('classless', { loadBalancerClass: null, ports: [83] });
  await stage.shows('classless', 'east=10.0.0.11', 'west=10.0.1.12');
  await cluster.service('other', { loadBalancerClass: 'example.com/other', ports: [84] });
  await cluster.patchStatus('classless', { loadBalancer: { ingress: FOREIGN } });
  const shown = ['east=10.0.0.11', 'west=10.0.1.12', 'undefined=192.0.2.7', 'lb.example.com=undefined'];
  await stage.shows('classless', ...shown);
  const { status } = await cluster.readService('classless');
  assert.deepEqual(status?.loadBalancer?.ingress?.slice(2), FOREIGN);
}

/** Reason of the condition of `waits`, wherever it stands. */
async function waitsFor(stage: Stage): Promise<string | undefined> {
  return ((await stage.conditionOf('waits-east')) ?? (await stage.cluster.condition('waits')))?.reason;
}

/** Rows in which the controller ends and another begins. */
export const RESTARTS: readonly StageRow[] = [
  ...MODES.map(({ mode, manager }) => ({
    name: `--loadbalancerset=${mode}, yurt-manager ${manager ? 'runs' : 'does not run'}: a restart writes nothing and says nothing`,
    run: async (stage: Stage) => {
      const { cluster, history } = stage;
      const args = [`--loadbalancerset=${mode}`, '--classless'];
      if (manager) await stage.startManager();
      await stage.startController(...args);
      await population(stage);
      await stage.becomes('wait', async () => (await waitsFor(stage)) === 'AddressInUse');
      await stage.settle();
      const names = ['web', 'plain', 'waits', 'classless', 'other'];
      const said = async () => (await Promise.all(names.map((name) => cluster.events(name)))).flat().length;
      const before = await said();
      history.clear();
      await stage.startController(...args);
      await stage.settle();
      const objects = [
        ...names.map((name) => `Service/${name}`),
        ...['east', 'west'].map((at) => `PoolService/web-${at}`),
      ];
      for (const one of [...objects, 'PoolService/waits-east']) assert.equal(history.versions(one), 0, one);
      assert.equal(await said(), before);
    },
  })),
  ...[true, false].map((manager) => ({
    name: `another replica takes over in the middle of forty Services, yurt-manager ${manager ? 'runs' : 'does not run'}: each is served once`,
    run: async (stage: Stage) => {
      const { cluster, history } = stage;
      await cluster.range('east', '10.0.0.1-10.0.0.200');
      await cluster.range('west', '10.0.1.1-10.0.1.200');
      if (manager) await stage.startManager();
      await stage.startController('--lease-identity=first', '--workers=1');
      const prefix = manager ? 'split' : 'whole';
      const names = Array.from({ length: 40 }, (_, i) => `${prefix}-${i}`);
      const selector = manager ? 'tier=shop' : undefined;
      const isServed = (name: string) => history.ingress(`Service/${name}`).at(-1)?.split(' ').length === 2;
      const served = () => names.filter(isServed).length;
      const made = Promise.all(names.map((name) => stage.service(name, selector)));
      await stage.becomes('some served', async () => served() > 5);
      await stage.startController('--lease-identity=second');
      await made;
      await stage.becomes('all served', async () => served() === names.length);
      await stage.settle();
      const given = (await cluster.services()).flatMap(ingressOf);
      assert.equal(new Set(given).size, given.length, 'an address was given twice');
      const objects = manager
        ? names.flatMap((name) => [`PoolService/${name}-east`, `PoolService/${name}-west`])
        : names.map((name) => `Service/${name}`);
      for (const one of objects) assert.equal(history.versions(one), 2, `${one}: made, and filled once`);
      const said = async () => (await cluster.allEvents()).filter(({ about }) => about.startsWith(`${prefix}-`));
      await stage.becomes('one Event for each', async () => (await said()).length >= objects.length);
      const reasons = (await said()).map(({ reason }) => reason);
      assert.deepEqual(reasons, Array(objects.length).fill('IPAllocated'));
    },
  })),
];
