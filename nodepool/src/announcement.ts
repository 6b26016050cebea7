import type { IpFamily } from './ip-address.ts';

/** The contract cloud → edge: one address that a Service holds in one NodePool, read from the Service's status. */
export interface Announcement {
  /** Canonical text. */
  readonly address: string;
  readonly family: IpFamily;
  /** `namespace/name` */
  readonly serviceKey: string;
  readonly serviceUid: string;
  /** Numeric resourceVersion of the Service object that says so. */
  readonly resourceVersion: bigint;
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
}
