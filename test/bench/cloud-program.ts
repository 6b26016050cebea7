import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeCloud } from '../support/cloud/kube-cloud.ts';
import { LineProcess } from '../support/netns/line-process.ts';
import type { Stage } from '../support/stage.ts';

const READY_MS = 20_000;

/**
 * A program in the cloud that may do everything at the API, told what to do by lines; resolves with its line `ready`.
 *
 * @param name of the program, for messages
 * @param account its ServiceAccount in the namespace `default`, made for it
 * @param script is given the API server, the file of its authority and that of the account's token
 */
export async function startCloudProgram<Line extends { readonly kind: string }>(
  stage: Stage,
  { name, account, script }: { readonly name: string; readonly account: string; readonly script: URL },
): Promise<LineProcess<Line>> {
  const cloud = stage.cloud as KubeCloud;
  await cloud.kubectl(['create', 'serviceaccount', account, '-n', 'default']);
  const role = ['--clusterrole=cluster-admin', `--serviceaccount=default:${account}`];
  await cloud.kubectl(['create', 'clusterrolebinding', account, ...role]);
  const token = join(stage.dir, account);
  const said = await cloud.kubectl(['create', 'token', account, '-n', 'default', '--duration=4h']);
  writeFileSync(token, said.trim(), { mode: 0o600 });
  const args = [fileURLToPath(script), cloud.server, cloud.caFile, token];
  const child = stage.site.spawn(stage.site.plan.cloudNs, process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const program = new LineProcess<Line>(name, child);
  await program.until('a watch', (line): line is Line => line.kind === 'ready', { timeoutMs: READY_MS });
  return program;
}
