import { mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apiStatus } from './api-status.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { EtcdStore, type Snapshot } from './etcd-store.ts';
import { waitUntil } from './wait-until.ts';

const PATIENCE = { deadlineMs: 60_000, everyMs: 10 };
const DEFAULT_SERVICE = '/registry/services/specs/default/kubernetes';
const BINDINGS = '/registry/clusterrolebindings/';
const CRDS = '/registry/apiextensions.k8s.io/customresourcedefinitions/';
/** Only an administrator may read it. */
const FOR_ADMINS = '/api/v1/nodes';

/** What a suite may do with a control plane that is not its own: all but end it. */
export type TakenControlPlane = Pick<
  ControlPlane,
  'server' | 'caFile' | 'kubeconfig' | 'kubectl' | 'tokenFor' | 'kubeconfigFor'
>;

/** One control plane for all suites of this process, one after the other. */
class SharedControlPlane {
  private takes = 0;
  private taken: TakenControlPlane | undefined;

  private constructor(
    private readonly plane: ControlPlane,
    private readonly store: EtcdStore,
    private readonly fresh: Snapshot,
  ) {}

  static async start(): Promise<SharedControlPlane> {
    const plane = await startControlPlane();
    const store = new EtcdStore(plane.etcdUrl);
    await waitUntil('kube-apiserver made no Service for itself', () => store.has(DEFAULT_SERVICE), PATIENCE);
    return new SharedControlPlane(plane, store, await store.snapshot());
  }

  get problem(): string | undefined {
    return this.plane.problem;
  }

  stop(): Promise<void> {
    return this.plane.stop();
  }

  /** Hands it to the next suite, as it was when it had just started. The administrator of before may do nothing any more. */
  async take(): Promise<TakenControlPlane> {
    await this.end();
    const { plane } = this;
    const user = `admin-${++this.takes}`;
    const kubeconfig = await plane.kubeconfigFor({ user });
    const bind = ['create', 'clusterrolebinding', user, '--clusterrole=cluster-admin', `--user=${user}`];
    const { code, stderr } = await plane.kubectl(bind);
    if (code !== 0) throw new Error(`no administrator: ${stderr.trim()}`);
    const mayAll = async () => (await apiStatus(kubeconfig, FOR_ADMINS)) === 200;
    await waitUntil(`${user} is not an administrator`, mayAll, PATIENCE);
    const cache = `--cache-dir=${mkdtempSync(join(dirname(plane.kubeconfig), 'kubectl-'))}`; // CRDs come and go
    this.taken = {
      server: plane.server,
      caFile: plane.caFile,
      kubeconfig,
      kubectl: (args, stdin) => plane.kubectl([`--kubeconfig=${kubeconfig}`, cache, ...args], stdin),
      tokenFor: (serviceAccount) => plane.tokenFor(serviceAccount),
      kubeconfigFor: (who) => plane.kubeconfigFor(who),
    };
    return this.taken;
  }

  private async end(): Promise<void> {
    const { taken, plane, store } = this;
    if (taken === undefined) return;
    this.taken = undefined;
    // First nobody may write; then what was written goes.
    await store.delete(`${BINDINGS}admin-${this.takes}`);
    const refused = async () => (await apiStatus(taken.kubeconfig, FOR_ADMINS)) === 403;
    await waitUntil('the administrator of before is still one', refused, PATIENCE);
    const gone = await store.restore(this.fresh);
    for (const crd of gone.filter((key) => key.startsWith(CRDS))) {
      const group = crd.slice(crd.indexOf('.', CRDS.length) + 1);
      const unserved = async () => (await apiStatus(plane.kubeconfig, `/apis/${group}`)) === 404;
      await waitUntil(`the group ${group} is still served`, unserved, PATIENCE);
    }
  }
}

let shared: SharedControlPlane | undefined;

/**
 * A control plane without kube-controller-manager, as if it had just started, for one suite at a time: whoever took it
 * before has no rights any more. The first in this process starts it; it ends with the process. A suite leaves in it what it
 * likes, but ends its own controllers. Who stops the API server or needs kube-controller-manager starts one of its own.
 *
 * @throws Error as `startControlPlane`
 */
export async function takeControlPlane(): Promise<TakenControlPlane> {
  try {
    if (shared !== undefined && shared.problem === undefined) return await shared.take();
  } catch (error) {
    console.error(`a new control plane is started, for the one of before was not made clean: ${error}`);
  }
  await shared?.stop();
  shared = undefined;
  shared = await SharedControlPlane.start();
  return shared.take();
}
