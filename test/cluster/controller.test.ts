import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, ingressOf } from '../support/controller/cluster.ts';
import { controllerContract } from '../support/controller/contract.ts';
import { ControllerProcess } from '../support/controller/run.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import { type TakenControlPlane, takeControlPlane } from '../support/kube/shared-control-plane.ts';
import { waitUntil } from '../support/kube/wait-until.ts';

const BUNDLE = new URL('../../cloud-controller/dist/controller.mjs', import.meta.url);

describe('controller, on the real kube-apiserver', function () {
  this.timeout(120_000);
  let plane: TakenControlPlane | undefined;
  let cluster: Cluster;

  before(async function () {
    requireControlPlane(this);
    plane = await takeControlPlane();
    await installCrds(plane);
    cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
  });

  describe('as on the in-process one', () => controllerContract(() => cluster));

  describe('killed at random moments', () => {
    it('50 Services, the controller killed and started 20 times: no address changes or doubles', async () => {
      assert.ok(existsSync(BUNDLE), 'the bundle is missing: npm run build');
      for (const name of ['hangzhou', 'beijing']) await cluster.nodePool(name);
      /** Ever more addresses, so that in every round some Services wait and some are served. */
      const widen = async (addresses: number) => {
        for (const name of ['hangzhou', 'beijing']) await cluster.range(name, `10.1.0.1-10.1.0.${addresses}`);
      };
      await widen(2);
      const names = Array.from({ length: 50 }, (_, i) => `load-${i}`);
      await Promise.all(names.map((name) => cluster.service(name, { ports: [80, 443] })));
      const first = new Map<string, string>();
      /** Reads every status: what was seen once must stay, and no address may be two Services'. */
      const look = async () => {
        const holders = new Map<string, string>();
        for (const service of await cluster.services()) {
          const name = service.metadata.name ?? '';
          for (const entry of ingressOf(service)) {
            const [nodePool = '', ip = ''] = entry.split('=');
            assert.equal(holders.get(ip) ?? name, name, `${ip} is held by ${holders.get(ip)} and ${name}`);
            holders.set(ip, name);
            const before = first.get(`${name} ${nodePool}`) ?? ip;
            assert.equal(ip, before, `${name} moved in ${nodePool} from ${before} to ${ip}`);
            first.set(`${name} ${nodePool}`, ip);
          }
        }
      };
      /** A Service goes while nobody runs: its addresses are free for those who wait, and nobody moves. */
      const leave = async (name: string) => {
        await cluster.deleteService(name);
        for (const key of [...first.keys()]) if (key.startsWith(`${name} `)) first.delete(key);
      };
      const args = [
        '--lease-identity=only',
        '--lease-duration=1s',
        '--lease-renew=900ms',
        '--lease-retry=100ms',
        '--workers=2',
      ];
      let running: ControllerProcess | undefined;
      try {
        for (let round = 0; round < 20; round++) {
          running = new ControllerProcess(cluster.kubeconfig, ...args);
          await widen(2 + 2 * round);
          await sleep(300 + Math.random() * 500); // a random moment is what is asked for
          assert.equal(await running.end('SIGKILL'), 'SIGKILL', running.stderr);
          if (round % 3 === 0) await leave(names.shift() ?? '');
          await look();
        }
        running = new ControllerProcess(cluster.kubeconfig, ...args);
        await widen(60);
        const served = async () => {
          await look();
          return first.size >= 2 * names.length;
        };
        await waitUntil('not all Services were served', served, { deadlineMs: 60_000, everyMs: 100 });
        await waitUntil('it does not lead', async () => running?.stderr.includes('"leading"') ?? false, {
          deadlineMs: 10_000,
          everyMs: 20,
        });
        assert.equal(await running.end('SIGTERM'), 0, running.stderr);
        await look();
      } finally {
        await running?.end('SIGKILL');
      }
    });
  });
});
