import {
  ADDRESS_CONFLICT_CONDITION,
  encodeNodeReport,
  type NodeReport,
  type ReportedAddress,
  type ReportedConflict,
  type ServiceObject,
} from '@openyurt/nodepool-types';
import { MemoryCluster } from './memory-cluster.ts';
import { service } from './world.ts';

export const MAC = '02:00:00:00:00:66';
export const HOUR_MS = 3_600_000;
/** RFC 3339, so many seconds after the hour. */
export const at = (second: number) => new Date(1_800_000_000_000 + second * 1000).toISOString();

export function conflict(address: string, more: Partial<ReportedConflict> = {}): ReportedConflict {
  const times = { since: at(0), lastSeen: at(1) };
  return { address, kind: 'refused', byMac: MAC, link: 'eth0', ...times, services: ['uid-web'], ...more };
}

export function report(
  node: string,
  conflicts: readonly ReportedConflict[],
  announced: readonly ReportedAddress[] = [],
  nodePool = 'shop',
): string {
  const cloud: NodeReport['cloud'] = { state: 'connected', since: at(0) };
  return encodeNodeReport({ version: 1, node, nodePool, writtenAt: at(2), cloud, announced, conflicts });
}

/** One site with two nodes, and the Service `web`. */
export async function shop(ranges: readonly string[] = ['10.0.0.1-10.0.0.9'], web: ServiceObject = service({})) {
  const cluster = new MemoryCluster();
  cluster.putNodePool('shop');
  cluster.putRanges('shop', ranges);
  for (const [i, node] of ['n1', 'n2'].entries()) cluster.putNode(node, `192.168.0.${i}`, 'shop');
  cluster.putService(web);
  await cluster.settle();
  const says = async (
    conflicts: readonly ReportedConflict[],
    announced: readonly ReportedAddress[] = [],
    node = 'n1',
  ) => {
    cluster.putReport(node, 'shop', report(node, conflicts, announced));
    await cluster.settle();
  };
  const condition = () =>
    cluster.serviceMap.get('default/web')?.status?.conditions?.find(({ type }) => type === ADDRESS_CONFLICT_CONDITION);
  const told = () => cluster.eventsOf('web').filter((reason) => /^Address(Moved|Refused)$/.test(reason));
  return { cluster, says, condition, told, has: () => cluster.ingress('default/web') };
}
