import { once } from 'node:events';
import type { Site } from '../support/netns/site.ts';

/** Asks for a state page every 20 ms, for 30 s at most, until it is as wanted; then prints the time. */
const LOOKOUT = `
const [page, wanted, gone] = process.argv.slice(1);
const isRight = ({ addresses }) =>
  addresses.map(({ address }) => address).sort().join() === wanted &&
  addresses.every(({ owner, services }) => owner !== null && !services.includes(gone));
const look = () => require('node:http').get(page, (answer) => {
  let text = '';
  answer.on('data', (piece) => (text += piece));
  answer.on('end', () => isRight(JSON.parse(text)) ? (process.stdout.write(String(Date.now())), process.exit()) : again());
}).on('error', again);
const again = () => setTimeout(look, 20);
setTimeout(() => process.exit(1), 30_000);
look();`;

export interface Wish {
  /** URL of the state page. */
  readonly page: string;
  readonly addresses: readonly string[];
  /** `namespace/name` of a Service that is no more. */
  readonly gone: string;
}

/**
 * Waits until a node knows exactly these addresses, each with an owner, and none of them through `gone`. Looked at in the
 * node's namespace, without a process for each look, so that the time is right to some milliseconds.
 *
 * @returns when, in milliseconds since the epoch
 */
export async function whenRight(site: Site, ns: string, { page, addresses, gone }: Wish): Promise<number> {
  const args = ['-e', LOOKOUT, page, [...addresses].sort().join(), gone];
  const child = site.spawn(ns, process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  await once(child, 'close');
  if (!/^\d+$/.test(told)) throw new Error(`${ns} did not come to know ${addresses.join(', ')} alone`);
  return Number(told);
}
