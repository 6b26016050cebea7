import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '@openyurt/nodepool-types';
import type { KubeCloud } from '../../support/cloud/kube-cloud.ts';
import { LineProcess } from '../../support/netns/line-process.ts';
import type { Stage } from '../../support/stage.ts';

/** Lines of creator.mjs; times are milliseconds since the Unix epoch with fractions. */
interface Created {
  readonly kind: 'created';
  readonly name: string;
  readonly sentMs: number;
  readonly returnedMs: number;
  readonly status: number;
}
interface Addressed {
  readonly kind: 'addressed';
  readonly name: string;
  readonly ip: string;
  readonly atMs: number;
}
type Line = { readonly kind: 'ready' } | Created | Addressed;

const ACCOUNT = 'bench-creator';
const PATIENCE = { timeoutMs: 20_000 };

/** A client of the API in the cloud, kept connected, that creates Services and hears of their addresses. */
export class Creator {
  private constructor(private readonly process: LineProcess<Line>) {}

  static async start(stage: Stage): Promise<Creator> {
    const cloud = stage.cloud as KubeCloud;
    await cloud.kubectl(['create', 'serviceaccount', ACCOUNT, '-n', 'default']);
    const role = ['--clusterrole=cluster-admin', `--serviceaccount=default:${ACCOUNT}`];
    await cloud.kubectl(['create', 'clusterrolebinding', ACCOUNT, ...role]);
    const token = join(stage.dir, ACCOUNT);
    const said = await cloud.kubectl(['create', 'token', ACCOUNT, '-n', 'default', '--duration=4h']);
    writeFileSync(token, said.trim(), { mode: 0o600 });
    const script = fileURLToPath(new URL('creator.mjs', import.meta.url));
    const args = [script, cloud.server, cloud.caFile, token];
    const child = stage.site.spawn(stage.site.plan.cloudNs, process.execPath, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const creator = new Creator(new LineProcess('creator', child));
    await creator.process.until('a watch', (line) => line.kind === 'ready', PATIENCE);
    return creator;
  }

  /** @throws Error where the API refused */
  async create(path: string, object: KubeObject): Promise<Created> {
    const from = this.process.lines.length;
    const { name } = object.metadata;
    this.process.tell({ path, object });
    const ours = (line: Line): line is Created => line.kind === 'created' && line.name === name;
    const created = await this.process.until(`the creation of ${name}`, ours, { ...PATIENCE, from });
    if (created.status !== 201) throw new Error(`the API answered ${created.status} to the creation of ${name}`);
    return created;
  }

  addressed(name: string | undefined): Promise<Addressed> {
    const ours = (line: Line): line is Addressed => line.kind === 'addressed' && line.name === name;
    return this.process.until(`an address for ${name}`, ours, PATIENCE);
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
