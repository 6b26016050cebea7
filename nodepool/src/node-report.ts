/** The key of the ConfigMap's `data` that holds the report. */
export const NODE_REPORT_KEY = 'report';
/** The form below; a reader refuses any other, and says so. */
export const NODE_REPORT_VERSION = 1;

/**
 * How much a report holds. A site of thousands of addresses must not write an object of megabytes each time one of them
 * moves; etcd takes 1.5 MB, and the API server keeps each in memory.
 */
export const REPORT_SIZES = {
  /** UTF-8 bytes of the whole text; nothing longer is written or read. */
  bytes: 256 * 1024,
  conflictBytes: 120 * 1024,
  announcedBytes: 120 * 1024,
  /** UIDs of Services for one conflict. */
  services: 64,
} as const;

/** How the node sees its road to the cloud. */
export const REPORTED_CLOUD_STATES = ['connected', 'doubtful', 'offline'] as const;
export type ReportedCloudState = (typeof REPORTED_CLOUD_STATES)[number];

export const REPORTED_CONFLICT_KINDS = ['refused', 'contested'] as const;
export type ReportedConflictKind = (typeof REPORTED_CONFLICT_KINDS)[number];

/** An address that the node announces. Times are RFC 3339 in UTC. */
export interface ReportedAddress {
  /** Canonical text. */
  readonly address: string;
  readonly since: string;
}

/**
 * A host outside the NodePool uses an address of ours.
 *
 * `refused`: the address is new to the NodePool and met an objection while it was probed or within 7 s of its first
 * announcement: it is not announced here. `contested`: it is announced and defended while that host claims it.
 */
export interface ReportedConflict {
  /** Canonical text. */
  readonly address: string;
  readonly kind: ReportedConflictKind;
  /** Lower case, `02:42:ac:11:00:02`. */
  readonly byMac: string;
  /** Of the node's interface on that LAN. */
  readonly link: string;
  readonly since: string;
  readonly lastSeen: string;
  /** UIDs of the Services that held the address when it was heard. */
  readonly services: readonly string[];
}

/**
 * What one node tells the cloud of itself: `data.report` of the ConfigMap `<node>` in the namespace `yurtlb-reports`,
 * which carries the label `apps.openyurt.io/nodepool`. The contract edge → cloud; docs/reference/node-report.md.
 */
export interface NodeReport {
  readonly version: typeof NODE_REPORT_VERSION;
  readonly node: string;
  readonly nodePool: string;
  /** By the clock of the node. */
  readonly writtenAt: string;
  readonly cloud: { readonly state: ReportedCloudState; readonly since: string };
  readonly announced: readonly ReportedAddress[];
  readonly conflicts: readonly ReportedConflict[];
  /** How many more of each there are; absent: the lists are whole. */
  readonly left?: { readonly announced: number; readonly conflicts: number };
}

/**
 * The report as text of at most {@link REPORT_SIZES}.bytes: conflicts first, then addresses, in the order given and as many as
 * have room. `left` counts the rest, together with what the report itself had left.
 */
export function encodeNodeReport(report: NodeReport): string {
  const { announced, conflicts, left, ...head } = report;
  const told = fitting(conflicts.map(withFewServices), REPORT_SIZES.conflictBytes);
  const listed = fitting(announced, REPORT_SIZES.announcedBytes);
  const more = {
    announced: announced.length - listed.length + (left?.announced ?? 0),
    conflicts: conflicts.length - told.length + (left?.conflicts ?? 0),
  };
  const isWhole = more.announced === 0 && more.conflicts === 0;
  return JSON.stringify({ ...head, announced: listed, conflicts: told, ...(isWhole ? {} : { left: more }) });
}

/** Only the first Services of an address that very many share: the rest are known by the address. */
function withFewServices(conflict: ReportedConflict): ReportedConflict {
  const { services } = conflict;
  return services.length <= REPORT_SIZES.services
    ? conflict
    : { ...conflict, services: services.slice(0, REPORT_SIZES.services) };
}

function fitting<T>(entries: readonly T[], mostBytes: number): T[] {
  const kept: T[] = [];
  let bytes = 0;
  for (const entry of entries) {
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (bytes > mostBytes) break;
    kept.push(entry);
  }
  return kept;
}
