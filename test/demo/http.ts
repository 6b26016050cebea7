import { isIPv4 } from 'node:net';
import type { Stage } from '../support/stage.ts';
import type { Placed } from './cast.ts';
import { columns, type Finding, StepFailed } from './timeline.ts';

const PORTS: Record<string, number> = { web: 80, mqtt: 1883, till: 8443, cache: 6379 };
const GET = `
const [url] = process.argv.slice(1);
fetch(url, { signal: AbortSignal.timeout(5000) }).then(async (r) => console.log(r.status + ' ' + (await r.text())), (e) => console.log('failed: ' + (e.cause?.code ?? e.message)));
`;

/** GETs each IPv4 address (the Pods have no other) from the client of its LAN: the whole way, ARP, the announcing node's kube-proxy, a Pod. */
export async function httpFinding(stage: Stage, addresses: readonly Placed[], when: string): Promise<Finding> {
  const rows = [['NODEPOOL', 'URL', 'ANSWER']];
  for (const { pool, ip, service } of addresses.filter(({ ip }) => isIPv4(ip))) {
    const url = `http://${ip}:${PORTS[service]}/`;
    const answer = stage.site.exec(stage.site.pool(pool).clientNs, process.execPath, ['-e', GET, url]).stdout.trim();
    if (!answer.startsWith('200 ')) throw new StepFailed(`GET ${url} from ${pool}: ${answer}`);
    rows.push([pool, url, answer]);
  }
  return { said: `HTTP 200 from every IPv4 address, through kube-proxy, ${when}`, detail: columns(rows) };
}
