import { spawn } from 'node:child_process';
import { inNetns } from '../support/kube/child.ts';
import type { KubectlResult } from '../support/kube/kubectl.ts';

/** What stands on the screen, ages aside. */
export function printed({ stdout, stderr, code }: KubectlResult): string {
  return [...`${stdout}\n${stderr}`.trim().split('\n').map(ageless), `exit ${code}`].join('\n');
}

/** A row whose ages all read AGE, its columns one blank apart. */
export function ageless(line: string): string {
  return line
    .replace(/(?<= )(\d+[smhd]){1,2}(?= |$)/g, 'AGE')
    .replace(/ +/g, ' ')
    .trimEnd();
}

/** JSON without what the catalogue leaves out. */
export function stripped(text: string): string {
  const LEFT_OUT = ['managedFields', 'lastHeartbeatTime', 'kubectl.kubernetes.io/last-applied-configuration'];
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([key]) => !LEFT_OUT.includes(key));
    const kept = entries.map(([key, inner]) => [key, clean(inner)] as const);
    return Object.fromEntries(
      kept.filter(([key, inner]) => key !== 'annotations' || Object.keys(inner as object).length > 0).sort(),
    );
  };
  return JSON.stringify(clean(JSON.parse(text)), null, 1);
}

/** A kubectl that goes on, and its lines. */
export function follow(program: string, netns: string, args: readonly string[]): { lines: string[]; stop(): void } {
  const [command, words] = inNetns(netns, program, [...args]);
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    const parts = `${rest}${piece}`.split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return { lines, stop: () => void child.kill('SIGKILL') };
}
