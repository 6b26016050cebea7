import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { nowMs } from '../until.ts';
import type { YurtHubOptions } from './options.ts';
import { YurtHub } from './yurthub.ts';

/*
 * The small YurtHub as a process of its own, e.g. one in each node's network namespace:
 *
 *   node --import tsx main.ts OPTIONS.json     (YurtHubOptions)
 *
 * Prints one line when it listens: {"url":"http://127.0.0.1:10261","adminUrl":"","pid":123}, and one for each change:
 * {"health":"offline","ready":true,"atMs":1234.5}, atMs of the machine's monotonic clock. Lines on standard input are
 * orders: {"cacheAgents":["a"]}, {"kubelet":false}. Ends on SIGTERM, SIGINT and the end of its standard input.
 */

/** An order to the hub. */
export interface Order {
  cacheAgents?: string[];
  kubelet?: boolean;
}

const [file = ''] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const hub = new YurtHub(JSON.parse(readFileSync(file, 'utf8')) as YurtHubOptions);
hub.onChange = ({ health, ready }) => say({ health, ready, atMs: nowMs() });
await hub.start();
say({ url: hub.url, adminUrl: hub.adminUrl, pid: process.pid });

const end = () => void hub.stop().then(() => process.exit(0));
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { cacheAgents, kubelet } = JSON.parse(line) as Order;
    if (cacheAgents !== undefined) hub.setCacheAgents(cacheAgents);
    if (kubelet !== undefined) hub.setKubelet(kubelet);
  })
  .once('close', end);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
