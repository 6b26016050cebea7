import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { isStatus } from '../../../cloud-controller/src/kube/api-error.ts';
import { FINALIZER } from './names.ts';
import type { Stage, StageRow } from './stage.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const CRD = parse(readFileSync(new URL('../../../nodepool/crds/poolservices.yaml', import.meta.url), 'utf8'));

async function isServed({ poolServices }: Stage): Promise<boolean> {
  return poolServices.list().then(
    () => true,
    (error) => {
      if (isStatus(error, 404, 429)) return false; // 429: its storage is being made
      throw error;
    },
  );
}

/** As `helm uninstall` and `helm install` of yurt-manager with its CRDs. */
export const CRD_COMES_AND_GOES: readonly StageRow[] = [
  {
    name: 'yurt-manager goes with its CRD and leaves its finalizers: the Services are written; both come back: addresses as before',
    run: async (stage) => {
      const { cluster, history } = stage;
      await stage.startManager();
      await stage.startController();
      await stage.service('web', 'tier=shop');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.stopManager();
      history.clear();
      await cluster.api.request({ method: 'DELETE', path: `${DEFINITIONS}/${CRD.metadata.name}` });
      try {
        await stage.becomes('end of the CRD', async () => !(await isServed(stage)));
        await stage.service('late', 'tier=shop', 81);
        await stage.shows('late', 'east=10.0.0.10', 'west=10.0.1.11');
        await stage.becomes('condition', async () => (await cluster.condition('web'))?.status === 'True');
        await stage.becomes(
          'finalizer',
          async () => (await cluster.readService('web')).metadata.finalizers?.[0] === FINALIZER,
        );
      } finally {
        await cluster.create(DEFINITIONS, CRD);
        await stage.becomes('CRD', () => isServed(stage));
      }
      await stage.startManager();
      await stage.holds('web-east', 'east=10.0.0.9');
      await stage.holds('late-west', 'west=10.0.1.11');
      await stage.shows('web', 'east=10.0.0.9', 'west=10.0.1.10');
      await stage.shows('late', 'east=10.0.0.10', 'west=10.0.1.11');
      await stage.settle();
    },
  },
];
