import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { ApiServer } from './api-server.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { type Fields, isFields } from './object.ts';
import type { UserInfo } from './resources.ts';

/*
 * The API server as a process of its own, e.g. inside a network namespace:
 *
 *   node --import tsx main.ts [--host A] [--port N] [--kubeconfig FILE] [--token-file FILE] [--crd FILE]...
 *     [--socket PATH]   a door from other network namespaces: paths are not bound to one
 *
 * Prints one line when it listens: {"url":"http://10.0.0.1:6443","pid":123}. Ends on SIGTERM and SIGINT.
 */

/** Lines of `token,user,uid,"group1,group2"`, as kube-apiserver's --token-auth-file. */
function readTokens(file: string): Record<string, UserInfo> {
  const out: Record<string, UserInfo> = {};
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const parts = /^([^,#]+),([^,]+),([^,]*)(?:,"?([^"]*)"?)?$/.exec(line.trim());
    if (parts === null) continue;
    const [, token = '', username = '', uid = '', groups = ''] = parts;
    const named = groups.split(',').filter((g) => g !== '');
    out[token] = { username, ...(uid === '' ? {} : { uid }), groups: [...named, 'system:authenticated'] };
  }
  return out;
}

function readDefinitions(file: string): Fields[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).flatMap((d) => {
    const value: unknown = d.toJS();
    return isFields(value) ? [value] : [];
  });
}

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    kubeconfig: { type: 'string' },
    socket: { type: 'string' },
    'token-file': { type: 'string' },
    crd: { type: 'string', multiple: true, default: [] },
    'service-cidr': { type: 'string', multiple: true },
  },
});
const tokens = values['token-file'] === undefined ? undefined : readTokens(values['token-file']);
const server = await ApiServer.start({
  host: values.host,
  port: Number(values.port),
  crds: values.crd.flatMap(readDefinitions),
  ...(tokens === undefined ? {} : { tokens }),
  ...(values['service-cidr'] === undefined ? {} : { serviceCidrs: values['service-cidr'] }),
});
if (values.kubeconfig !== undefined) {
  writeFileSync(values.kubeconfig, kubeconfigText(server.url, Object.keys(tokens ?? {})[0]), { mode: 0o600 });
}
if (values.socket !== undefined) {
  const { hostname, port } = new URL(server.url);
  const door = createServer((from) => {
    const to = connect(Number(port), hostname);
    from
      .on('error', () => to.destroy())
      .pipe(to.on('error', () => from.destroy()))
      .pipe(from);
  });
  door.listen(values.socket);
}
process.stdout.write(`${JSON.stringify({ url: server.url, pid: process.pid })}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void server.stop().then(() => process.exit(0)));
