import { randomBytes } from 'node:crypto';
import { Client } from './api-server/client.ts';
import { customRows } from './api-server/custom.rows.ts';
import { deleteRows } from './api-server/deletes.rows.ts';
import { discoveryRows } from './api-server/discovery.rows.ts';
import { groupRows } from './api-server/groups.rows.ts';
import { kubectlRows } from './api-server/kubectl.rows.ts';
import { readRows } from './api-server/reads.rows.ts';
import { serviceStatusRows } from './api-server/service-status.rows.ts';
import { serviceRows } from './api-server/services.rows.ts';
import type { Site } from './api-server/site.ts';
import { watchRows } from './api-server/watch.rows.ts';
import { writeRows } from './api-server/writes.rows.ts';

/** An API server the contract can be run against. */
export interface ApiUnderTest {
  /** path of an administrator's kubeconfig */
  kubeconfig: string;
  /** absent: the kubectl rows are left out */
  kubectl?: string;
  stop(): Promise<void>;
}

const ROOMS: [string, (site: () => Site) => void][] = [
  ['reads', readRows],
  ['watches', watchRows],
  ['writes', writeRows],
  ['deletes', deleteRows],
  ['Services', serviceRows],
  ['Service status', serviceStatusRows],
  ['other groups', groupRows],
  ['custom resources', customRows],
  ['discovery and tables', discoveryRows],
];

/**
 * What an API server has to do for our programs, in rows. The in-process one and the real kube-apiserver both pass
 * all of them: where they differ, the in-process one is wrong.
 *
 * @param start brings the server up; may skip the suite by the context it gets
 */
export function apiServerContract(name: string, start: (ctx: Mocha.Context) => Promise<ApiUnderTest>): void {
  describe(`API server contract: ${name}`, function () {
    this.timeout(20_000);
    let api: ApiUnderTest | undefined;
    let site: Site | undefined;
    const siteOf = (): Site => {
      if (site === undefined) throw new Error('the server has not started');
      return site;
    };

    before(async function () {
      this.timeout(90_000);
      api = await start(this);
      const client = Client.fromKubeconfig(api.kubeconfig);
      const namespace = `contract-${randomBytes(4).toString('hex')}`;
      await client.make('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      site = {
        client,
        namespace,
        kubeconfig: api.kubeconfig,
        core: (plural) => `/api/v1/namespaces/${namespace}/${plural}`,
        apis: (groupVersion, plural) => `/apis/${groupVersion}/namespaces/${namespace}/${plural}`,
      };
    });

    after(async () => {
      site?.client.close();
      await api?.stop();
    });

    for (const [room, rows] of ROOMS) describe(room, () => rows(siteOf));

    describe('kubectl', () => {
      before(function () {
        if (api?.kubectl === undefined) this.skip();
      });
      kubectlRows(siteOf, () => api?.kubectl ?? 'kubectl');
    });
  });
}
