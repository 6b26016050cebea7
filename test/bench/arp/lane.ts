import { waitUntil } from '../../support/kube/wait-until.ts';
import type { Stage } from '../../support/stage.ts';
import { MetalLbContestant } from '../failover/metallb.ts';
import { Ours } from '../failover/ours.ts';
import { progress } from '../failover/progress.ts';
import { Ask, EVERYBODY } from './ask.ts';

/** One who answers for an address, alone on its LAN of three nodes. */
export interface Lane {
  readonly name: string;
  readonly ask: Ask;
  /** Of the node that answers. */
  readonly mac: string;
  close(): Promise<void>;
}

export const POOLS = { ours: 'shop', peer: 'peer', kernel: 'plain' } as const;
export const LANS = { shop: '192.168.10', peer: '192.168.20', plain: '192.168.30' } as const;
const SETTLED = { deadlineMs: 90_000, everyMs: 500 };
const SAMPLE = 50;

export async function oursLane(stage: Stage, program: string): Promise<Lane> {
  const ours = await Ours.begin(stage, 1, { pool: POOLS.ours });
  await ours.untilAgreed(SETTLED.deadlineMs, (alive) => progress(`yurtlb: ${alive} sessions stand`));
  const [address = ''] = ours.addresses;
  return lane(stage, program, { name: ours.name, pool: POOLS.ours, address, close: () => ours.close() });
}

export async function metalLbLane(stage: Stage, program: string): Promise<Lane> {
  const address = `${LANS.peer}.240`;
  const peer = await MetalLbContestant.begin(stage, [address], progress, POOLS.peer);
  return lane(stage, program, { name: peer.name, pool: POOLS.peer, address, close: () => peer.close() });
}

/** The address lies on a node's interface, and the node's kernel answers. */
export async function kernelLane(stage: Stage, program: string): Promise<Lane> {
  const address = `${LANS.plain}.240`;
  const [node] = stage.site.pool(POOLS.kernel).nodes;
  const { status, stderr } = stage.site.exec(node?.ns ?? '', 'ip', ['address', 'add', `${address}/24`, 'dev', 'eth0']);
  if (status !== 0) throw new Error(`the kernel does not take ${address}: ${stderr}`);
  return lane(stage, program, { name: 'kernel', pool: POOLS.kernel, address, close: async () => {} });
}

interface Place {
  readonly name: string;
  readonly pool: string;
  readonly address: string;
  close(): Promise<void>;
}

/** Waits until one MAC alone answers every question. */
async function lane(stage: Stage, program: string, { name, pool, address, close }: Place): Promise<Lane> {
  const ask = new Ask(stage.site, stage.site.pool(pool).clientNs, program, address);
  let mac = '';
  const alone = async () => {
    const { by, lost } = await ask.latency(EVERYBODY, SAMPLE);
    const answering = Object.entries(by).filter(([, [answers]]) => answers > 0);
    mac = answering[0]?.[0] ?? '';
    return answering.length === 1 && lost === 0;
  };
  await waitUntil(`${name}: one answer for ${address}`, alone, SETTLED);
  return { name, ask, mac, close };
}
