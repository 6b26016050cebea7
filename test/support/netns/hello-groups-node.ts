// The UDP of the pool session, told its links: for each line of its standard input ({ip: lines for `ip`, links: those of the
// session}) it prints the links that the kernel has in the hello group. Started by test/netns/session-groups.test.ts.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type IpFamily, silentLog } from '@openyurt/nodepool-types';
import { PeerUdp } from '../../../edge-speaker/src/io/peer-udp.ts';
import type { LanLink } from '../../../edge-speaker/src/ports/peer-socket.ts';

export interface GroupsCommand {
  readonly ip: readonly string[];
  readonly links: readonly LanLink[];
}

/** `eth0` for one membership, the same twice for two. */
export type Groups = Readonly<Record<IpFamily, readonly string[]>>;

/** 239.255.103.73 and ff12::efff:6749, as /proc/net/igmp (in this machine's byte order) and igmp6 write them. */
const WRITTEN: Record<IpFamily, string> = { IPv4: '4967FFEF', IPv6: 'ff1200000000000000000000efff6749' };

const sockets = [new PeerUdp('IPv4', '0.0.0.0', silentLog), new PeerUdp('IPv6', '::', silentLog)];
for (const socket of sockets) await socket.open(0, () => {});

/** A group stands on a line of its own below its link's in igmp, on the line of its link in igmp6. */
function groups(): Groups {
  const igmp6 = readFileSync('/proc/net/igmp6', 'utf8').split('\n');
  const IPv6 = igmp6.filter((line) => line.includes(WRITTEN.IPv6)).map((line) => line.trim().split(/\s+/)[1] ?? '');
  const IPv4: string[] = [];
  let link = '';
  for (const line of readFileSync('/proc/net/igmp', 'utf8').split('\n').slice(1)) {
    link = /^\d+\s+(\S+)/.exec(line)?.[1] ?? link;
    if (line.includes(WRITTEN.IPv4)) IPv4.push(link);
  }
  return { IPv4: IPv4.sort(), IPv6: IPv6.sort() };
}

createInterface({ input: process.stdin }).on('line', (text) => {
  const { ip, links } = JSON.parse(text) as GroupsCommand;
  const { status, stderr } = spawnSync('ip', ['-batch', '-'], { input: `${ip.join('\n')}\n`, encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${ip.join(', ')}: ${stderr}`);
  for (const socket of sockets) socket.setLinks(links);
  console.log(JSON.stringify(groups()));
});
