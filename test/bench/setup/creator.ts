import type { KubeObject } from '@openyurt/nodepool-types';
import type { LineProcess } from '../../support/netns/line-process.ts';
import type { Stage } from '../../support/stage.ts';
import { startCloudProgram } from '../cloud-program.ts';

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
    const script = new URL('creator.mjs', import.meta.url);
    return new Creator(await startCloudProgram<Line>(stage, { name: 'creator', account: ACCOUNT, script }));
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
