import { strict as assert } from 'node:assert';
import { stringify } from 'yaml';
import { main } from '../../../cloud-controller/src/cli/main.ts';
import type { PlanJson } from '../../../cloud-controller/src/cli/plan/plan-json.ts';
import { type Sandbox, startSandbox } from '../../support/controller/run.ts';
import { Stage } from '../../support/yurt-manager/stage.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { service } from './plan-objects.ts';

const SELECTOR = 'service.openyurt.io/nodepool-labelselector';

describe("yurtlb plan beside yurt-manager's LoadBalancerSet, on the in-process API server", function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  let stage: Stage;

  before(async () => {
    sandbox = await startSandbox();
    stage = new Stage(sandbox.cluster);
    await stage.open();
    await stage.startManager();
    await stage.startController();
  });
  after(async () => {
    await stage?.close();
    await sandbox?.stop();
  });

  async function planOf(text: string): Promise<Record<string, string[]>> {
    const terminal = new FakeTerminal({ change: text });
    const argv = ['--kubeconfig', sandbox.cluster.kubeconfig, '-f', 'change', '--all', '-o', 'json'];
    assert.equal(await main(['plan', ...argv], terminal), 0, terminal.complained.join('\n'));
    const { services } = JSON.parse(terminal.printed.join('\n')) as PlanJson;
    const held = services.map(({ name, rows }) => [
      name,
      rows.flatMap(({ state, nodePool, address }) => (state === 'loses' ? [] : [`${nodePool}=${address}`])),
    ]);
    return Object.fromEntries(held);
  }

  it('foretells what PoolServices that are yet to be made will get, and what goes with those that go', async () => {
    await stage.service('both', 'tier=shop');
    await stage.shows('both', 'east=10.0.0.9', 'west=10.0.1.10');
    await stage.service('moves', 'site=east', 81);
    await stage.shows('moves', 'east=10.0.0.10');
    const next = [
      service('default/new', { [SELECTOR]: 'tier=shop' }, { ports: [{ port: 82 }] }),
      service('default/plain', {}, { ports: [{ port: 83 }] }),
    ];
    const moved = service('default/moves', { [SELECTOR]: 'site=west' }, { ports: [{ port: 81 }] });
    const want = await planOf([...next, moved].map((one) => stringify(one)).join('---\n'));
    for (const one of next) {
      const path = `/api/v1/namespaces/default/services`;
      await sandbox.cluster.api.request({ method: 'POST', path, body: one });
      await stage.shows(one.metadata.name, ...(want[one.metadata.name] ?? []));
    }
    await stage.select('moves', 'site=west');
    await stage.shows('moves', ...(want.moves ?? []));
    await stage.shows('both', ...(want.both ?? []));
    assert.deepEqual(Object.keys(want).sort(), ['both', 'moves', 'new', 'plain']);
    assert.equal(want.moves?.length, 1);
  });
});
