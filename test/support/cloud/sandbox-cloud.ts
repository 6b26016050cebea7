import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '@openyurt/nodepool-types';
import { childProgram } from '../child-program.ts';
import type { Site } from '../netns/site.ts';
import { type Cloud, pathsOf } from './cloud.ts';

const PORT = 6443;
/** Dual stack, as the real control plane of the tests. */
const SERVICE_RANGES = ['10.96.0.0/12', 'fd00:96::/112'];
const JSON_TYPE = 'application/json';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Starts our API server as a process in the site's cloud. This process talks to it through a socket in `dir`. */
export async function startSandboxCloud(site: Site, dir: string): Promise<Cloud> {
  const crds = ['nodepools', 'poolservices'].map((name) =>
    fileURLToPath(new URL(`../../../nodepool/crds/${name}.yaml`, import.meta.url)),
  );
  const kubeconfig = join(dir, 'kubeconfig');
  const socket = join(dir, 'api.sock');
  const { cloudNs, cloudIp } = site.plan;
  const child = site.spawn(
    cloudNs,
    process.execPath,
    [
      ...childProgram('api-server/main'),
      ...['--host', cloudIp, '--port', `${PORT}`],
      ...['--kubeconfig', kubeconfig, '--socket', socket, ...crds.flatMap((file) => ['--crd', file])],
      ...SERVICE_RANGES.flatMap((range) => ['--service-cidr', range]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (child.stdout === null) throw new Error('the API server was started without a pipe');
  const lines = createInterface({ input: child.stdout });
  const [first] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('the API server ended before it listened'))),
  ]);
  const { url } = JSON.parse(String(first)) as { url: string };

  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const all = { accept: JSON_TYPE, 'content-type': JSON_TYPE, 'user-agent': 'story', ...headers };
      const sent = request({ socketPath: socket, method, path, headers: all, agent: false }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          answer += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer }));
      });
      sent.on('error', reject).end(text);
    });
  const must = async (what: string, answer: Promise<Answer>): Promise<string> => {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(`${what}: ${status} ${body}`);
    return body;
  };

  return {
    kind: 'sandbox',
    server: url,
    kubeconfigFor: async () => kubeconfig,
    get: async (path) => JSON.parse(await must(`GET ${path}`, ask('GET', path))),
    delete: async (path) => void (await must(`DELETE ${path}`, ask('DELETE', path))),
    async apply(...objects: readonly KubeObject[]) {
      for (const object of objects) {
        const { collection, self } = pathsOf(object);
        const patch = { 'content-type': 'application/merge-patch+json' };
        const created = await ask('POST', collection, object);
        if (created.status !== 409) await must(`POST ${collection}`, Promise.resolve(created));
        else await must(`PATCH ${self}`, ask('PATCH', self, object, patch));
        if ('status' in object)
          await must(`PATCH ${self}/status`, ask('PATCH', `${self}/status`, { status: object.status }, patch));
      }
    },
    async table(path) {
      const { columnDefinitions, rows } = JSON.parse(
        await must(`GET ${path}`, ask('GET', path, undefined, { accept: TABLE })),
      ) as {
        columnDefinitions: { name: string; priority: number }[];
        rows: { cells: unknown[] }[];
      };
      const shown = columnDefinitions.map((column, i) => ({ ...column, i })).filter(({ priority }) => priority === 0);
      const head = shown.map(({ name }) => name.toUpperCase());
      const cells = [head, ...rows.map((row) => shown.map(({ i }) => String(row.cells[i] ?? '')))];
      const widths = head.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
      return cells.map((row) =>
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('   ')
          .trimEnd(),
      );
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
