import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { inNetns } from './child.ts';

/** What one kubectl said; `code` is its exit code, or -1 when it was killed. */
export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** One kubectl, bound to a cluster and to whom it acts as. */
export interface KubectlTarget {
  readonly program: string;
  readonly kubeconfig: string;
  /** its discovery cache; must not be shared between clusters that take over each other's ports */
  readonly cacheDir: string;
  readonly netns?: string | undefined;
}

/** Runs kubectl to its end. A refusal by the server is a result (`code` 1, text in `stderr`), not an exception. */
export async function runKubectl(to: KubectlTarget, args: readonly string[], stdin?: string): Promise<KubectlResult> {
  const [command, words] = inNetns(to.netns, to.program, [
    `--kubeconfig=${to.kubeconfig}`,
    `--cache-dir=${to.cacheDir}`,
    ...args,
  ]);
  const child = spawn(command, words, { stdio: 'pipe' });
  child.stdin.on('error', () => {}); // it may leave before it has read all; its exit code tells
  child.stdin.end(stdin ?? '');
  const code = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve(exitCode ?? -1));
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  return { stdout, stderr, code: await code };
}
