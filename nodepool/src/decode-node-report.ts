import { canonicalIp } from './ip-address.ts';
import type { ConfigMapObject } from './kube-objects.ts';
import { NODE_POOL_LABEL } from './names.ts';
import {
  NODE_REPORT_KEY,
  NODE_REPORT_VERSION,
  type NodeReport,
  REPORT_SIZES,
  REPORTED_CLOUD_STATES,
  REPORTED_CONFLICT_KINDS,
  type ReportedAddress,
  type ReportedConflict,
} from './node-report.ts';
import { quote } from './problem.ts';

/** A report, or why it is not read. The words are for people and bounded. */
export type DecodedNodeReport =
  | { readonly ok: true; readonly report: NodeReport }
  | { readonly ok: false; readonly problem: string };

/** RFC 3339 §5.6 in UTC, as `toISOString` writes it, digits after the second as there may be. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
/** DNS subdomain (RFC 1123 §2.1), as names of Nodes and NodePools are. */
const NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
/** Names of interfaces (IFNAMSIZ is 16, dev_valid_name refuses blanks and `/`) and UIDs: printable, no blank. */
const WORD = /^[!-~]{1,64}$/;

class Refused extends Error {}

/**
 * The report in a ConfigMap. It must be this node's own: named like the object and of the NodePool of its label, so that a
 * copy of another node's report speaks for nobody. Unknown keys are passed over; whatever is read must be right, or the
 * report is refused whole. Never throws.
 */
export function decodeNodeReport({ metadata, data }: ConfigMapObject): DecodedNodeReport {
  const text: unknown = data?.[NODE_REPORT_KEY];
  if (typeof text !== 'string') return { ok: false, problem: `data.${NODE_REPORT_KEY} is missing` };
  const decoded = decodeReportText(text);
  if (!decoded.ok) return decoded;
  const { node, nodePool } = decoded.report;
  const [name = '', label = ''] = [metadata.name, metadata.labels?.[NODE_POOL_LABEL]];
  if (node !== name) return { ok: false, problem: `it is the report of node ${quote(node)}` };
  if (nodePool !== label) {
    return { ok: false, problem: `it is of NodePool ${quote(nodePool)}, the label says ${quote(String(label))}` };
  }
  return decoded;
}

/** The same of the text alone. Never throws. */
export function decodeReportText(text: string): DecodedNodeReport {
  if (text.length > REPORT_SIZES.bytes || Buffer.byteLength(text) > REPORT_SIZES.bytes) {
    return { ok: false, problem: `it is longer than ${REPORT_SIZES.bytes} bytes` };
  }
  try {
    return { ok: true, report: readReport(JSON.parse(text)) };
  } catch (error) {
    return { ok: false, problem: error instanceof Refused ? error.message : 'it is no JSON' };
  }
}

function readReport(value: unknown): NodeReport {
  const root = fieldsOf(value, 'the report');
  const version = root.get('version');
  if (version !== NODE_REPORT_VERSION) {
    throw new Refused(
      `version is ${quote(String(JSON.stringify(version)))}, this program reads ${NODE_REPORT_VERSION}`,
    );
  }
  const cloud = fieldsOf(root.get('cloud'), 'cloud');
  const left = root.get('left');
  return {
    version: NODE_REPORT_VERSION,
    node: textOf(root.get('node'), 'node', NAME),
    nodePool: textOf(root.get('nodePool'), 'nodePool', NAME),
    writtenAt: timeOf(root.get('writtenAt'), 'writtenAt'),
    cloud: {
      state: oneOf(cloud.get('state'), 'cloud.state', REPORTED_CLOUD_STATES),
      since: timeOf(cloud.get('since'), 'cloud.since'),
    },
    announced: listOf(root.get('announced'), 'announced').map(readAddress),
    conflicts: listOf(root.get('conflicts'), 'conflicts').map(readConflict),
    ...(left === undefined ? {} : { left: readLeft(fieldsOf(left, 'left')) }),
  };
}

function readAddress(value: unknown, i: number): ReportedAddress {
  const at = `announced[${i}]`;
  const fields = fieldsOf(value, at);
  return { address: addressOf(fields, at), since: timeOf(fields.get('since'), `${at}.since`) };
}

function readConflict(value: unknown, i: number): ReportedConflict {
  const at = `conflicts[${i}]`;
  const fields = fieldsOf(value, at);
  const services = listOf(fields.get('services'), `${at}.services`);
  if (services.length > REPORT_SIZES.services) throw new Refused(`${at}.services has ${services.length} entries`);
  return {
    address: addressOf(fields, at),
    kind: oneOf(fields.get('kind'), `${at}.kind`, REPORTED_CONFLICT_KINDS),
    byMac: textOf(fields.get('byMac'), `${at}.byMac`, MAC),
    link: textOf(fields.get('link'), `${at}.link`, WORD),
    since: timeOf(fields.get('since'), `${at}.since`),
    lastSeen: timeOf(fields.get('lastSeen'), `${at}.lastSeen`),
    services: services.map((uid, s) => textOf(uid, `${at}.services[${s}]`, WORD)),
  };
}

function readLeft(fields: ReadonlyMap<string, unknown>): { announced: number; conflicts: number } {
  const count = (key: string) => {
    const value = fields.get(key);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw new Refused(`left.${key} is no count`);
  };
  return { announced: count('announced'), conflicts: count('conflicts') };
}

/** Own keys alone: nothing that an object inherits may be taken for what was written. */
function fieldsOf(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value));
  throw new Refused(`${what} is no object`);
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Refused(`${what} is no list`);
}

function textOf(value: unknown, what: string, form: RegExp): string {
  if (typeof value === 'string' && form.test(value)) return value;
  throw new Refused(`${what} cannot be ${quote(String(JSON.stringify(value)))}`);
}

function timeOf(value: unknown, what: string): string {
  const time = textOf(value, what, TIME);
  if (!Number.isNaN(Date.parse(time))) return time;
  throw new Refused(`${what} is no date`);
}

function addressOf(fields: ReadonlyMap<string, unknown>, at: string): string {
  const text = fields.get('address');
  const address = typeof text === 'string' ? canonicalIp(text) : undefined;
  if (address !== undefined) return address;
  throw new Refused(`${at}.address cannot be ${quote(String(JSON.stringify(text)))}`);
}

function oneOf<T extends string>(value: unknown, what: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new Refused(`${what} cannot be ${quote(String(JSON.stringify(value)))}`);
}
