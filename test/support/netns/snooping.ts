import { nowMs } from '../until.ts';
import { solicitationFrame } from './ndp-frames.ts';
import type { NdpProcess } from './ndp-process.ts';
import type { Site } from './site.ts';

/** Addresses that nobody has, in groups that nobody joins. */
const STRANGER = 'fd00:ffff::ee:eeee';
const TO_ALL = { address: 'ff02::1', mac: Buffer.from('333300000001', 'hex') };

/**
 * Lets the switch of a pool forward IPv6 groups only to ports that joined them, as a switch with MLD snooping does, and waits
 * until it does: a bridge floods all groups until the hosts had time to answer its own first query.
 *
 * @param asker,hearer hosts on two ports
 */
export async function startSnooping(site: Site, pool: string, asker: NdpProcess, hearer: NdpProcess): Promise<void> {
  const bridge = (...options: string[]) => {
    const args = ['link', 'set', 'lan0', 'type', 'bridge', ...options];
    const { status, stderr } = site.exec(site.pool(pool).switchNs, 'ip', args);
    if (status !== 0) throw new Error(`the bridge refuses ${options.join(' ')}: ${stderr}`);
  };
  const hundredths = ['mcast_query_response_interval', '10', 'mcast_last_member_interval', '10'];
  bridge('mcast_mld_version', '2', ...hundredths);
  bridge('mcast_snooping', '1');
  bridge('mcast_querier', '1');
  const endMs = nowMs() + 10_000;
  while (await hears(asker, hearer, STRANGER)) {
    if (nowMs() > endMs) throw new Error('the switch still floods every group after 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Whether a solicitation for `target`, sent to its group, comes to a host. A second one to all nodes, which no switch holds
 * back, follows on the same way: when that is heard, the first was lost or is heard, too.
 */
export async function hears(asker: NdpProcess, hearer: NdpProcess, target: string): Promise<boolean> {
  const { mark } = hearer;
  const asked = { mac: Buffer.from(asker.mac, 'hex'), source: 'fe80::1', target };
  const question = solicitationFrame(asked);
  const last = solicitationFrame({ ...asked, to: TO_ALL });
  await asker.do({ do: 'send-frame', hex: question.toString('hex') });
  await asker.do({ do: 'send-frame', hex: last.toString('hex') });
  await hearer.frame('the solicitation to all nodes', (frame) => frame.equals(last), mark);
  return hearer.framesSince(mark).some((frame) => frame.equals(question));
}

/** Whether the switch knows that a port joined `group`: `bridge mdb`. */
export function isJoined(site: Site, pool: string, port: string, group: string): boolean {
  const { stdout } = site.exec(site.pool(pool).switchNs, 'bridge', ['mdb', 'show', 'dev', 'lan0']);
  return stdout.split('\n').some((line) => line.includes(`port ${port} `) && line.includes(`grp ${group} `));
}
