import { AnnouncementTable } from '../../../edge-speaker/src/responder/announcement-table.ts';
import { decideNdp, type NdpDecision } from '../../../edge-speaker/src/responder/decide-ndp.ts';
import { type Listener, tooLate } from '../../../edge-speaker/src/responder/decision.ts';
import { NdpView } from '../../../edge-speaker/src/wire/ndp.ts';
import { advertisement, mac6, type NdpFields, solicitation } from '../../support/ndp-frames.ts';

export const OURS = '02:00:00:00:00:11';
export const ETH1 = '02:00:00:00:00:21';
export const MEMBER = '02:00:00:00:00:12';
export const FOE = '02:00:00:00:00:66';
export const OTHER = '02:00:00:00:00:77';
const ETH0 = 2;
export const VIP = 'fd00:10::f0';
export const PROBED = 'fd00:10::f1';
export const ELSEWHERE = 'fd00:20::f0';
export const NONCE = 'a1b2c3d4e5f6';

const table = new AnnouncementTable();
table.set(VIP, ETH0, 'announced', Buffer.from(NONCE, 'hex'));
table.set(PROBED, ETH0, 'probing', Buffer.from(NONCE, 'hex'));
table.set(ELSEWHERE, 3, 'announced');
const eth0: Listener = {
  linkIndex: ETH0,
  mac: mac6(OURS),
  isPoolMac: (frame, at) => frame.subarray(at, at + 6).equals(mac6(MEMBER)),
  isNodeMac: (frame, at) => frame.subarray(at, at + 6).equals(mac6(ETH1)),
};

/** `reply`, `conflict` and `hand-over` with the address; a drop by its reason. */
export function told(frame: Buffer, late = false): string {
  const decision: NdpDecision = decideNdp(NdpView.over(frame), table, eth0);
  const kept = late ? tooLate(decision) : decision;
  return kept.kind === 'drop' ? kept.reason : `${kept.kind} ${kept.entry.address}`;
}

export const ask = (target: string, change: Partial<NdpFields> = {}) => solicitation(target, change);
export const probe = (target: string, change: Partial<NdpFields> = {}) =>
  solicitation(target, { from: '::', ...change });
export const tell = (target: string, change: Partial<NdpFields> = {}) => advertisement(target, change);

/** A row of a decision table. */
export interface Case {
  readonly rfc: string;
  readonly name: string;
  readonly frame: Buffer;
  readonly want: string;
}
