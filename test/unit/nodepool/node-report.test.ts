import { strict as assert } from 'node:assert';
import {
  type ConfigMapObject,
  decodeNodeReport,
  decodeReportText,
  encodeNodeReport,
  type NodeReport,
  REPORT_SIZES,
  REPORTED_CLOUD_STATES,
  REPORTED_CONFLICT_KINDS,
  type ReportedConflict,
} from '@openyurt/nodepool-types';
import fc from 'fast-check';

const AT = '2026-11-21T18:52:47.250Z';

const conflict: ReportedConflict = {
  address: '192.168.10.240',
  kind: 'refused',
  byMac: '02:42:ac:11:00:02',
  link: 'eth0',
  since: AT,
  lastSeen: AT,
  services: ['4f0c9a52-1d3b-4b1f-9d0e-0a4be2a1c7b6'],
};
const report: NodeReport = {
  version: 1,
  node: 'edge-1.hangzhou',
  nodePool: 'hangzhou',
  writtenAt: AT,
  cloud: { state: 'connected', since: AT },
  announced: [{ address: 'fd00:10::1', since: AT }],
  conflicts: [conflict],
};

/** The report with some of its fields written over by hand. */
const edited = (fields: object) => JSON.stringify({ ...report, ...fields });
const withConflict = (fields: object) => edited({ conflicts: [{ ...conflict, ...fields }] });

describe('decodeReportText', () => {
  const bad: { name: string; text: string; problem: RegExp }[] = [
    { name: 'nothing', text: '', problem: /no JSON/ },
    { name: 'a list', text: '[]', problem: /the report is no object/ },
    { name: 'null', text: 'null', problem: /the report is no object/ },
    { name: 'very deep brackets', text: '['.repeat(200_000), problem: /no JSON/ },
    { name: 'another version', text: edited({ version: 2 }), problem: /version is "2", this program reads 1/ },
    { name: 'no version', text: edited({ version: undefined }), problem: /version is "undefined"/ },
    { name: 'a version in quotes', text: edited({ version: '1' }), problem: /version is/ },
    { name: 'no node', text: edited({ node: undefined }), problem: /node cannot be "undefined"/ },
    { name: 'a node that is no name', text: edited({ node: '../x' }), problem: /node cannot be/ },
    { name: 'no NodePool', text: edited({ nodePool: '' }), problem: /nodePool cannot be/ },
    { name: 'a local time', text: edited({ writtenAt: '2026-11-21T18:52:47+08:00' }), problem: /writtenAt cannot be/ },
    { name: 'a day there never was', text: edited({ writtenAt: '2026-13-21T18:52:47Z' }), problem: /no date/ },
    { name: 'a time in milliseconds', text: edited({ writtenAt: 1_700_000_000_000 }), problem: /writtenAt/ },
    { name: 'no cloud', text: edited({ cloud: 'connected' }), problem: /cloud is no object/ },
    { name: 'a cloud of another state', text: edited({ cloud: { state: 'up', since: AT } }), problem: /cloud.state/ },
    { name: 'addresses by name', text: edited({ announced: {} }), problem: /announced is no list/ },
    {
      name: 'an address that is none',
      text: edited({ announced: [{ address: '1.2.3', since: AT }] }),
      problem: /\[0]/,
    },
    { name: 'no conflicts', text: edited({ conflicts: undefined }), problem: /conflicts is no list/ },
    { name: 'a conflict of another kind', text: withConflict({ kind: 'seen' }), problem: /conflicts\[0].kind/ },
    { name: 'a MAC that is none', text: withConflict({ byMac: '02:42:ac:11:00' }), problem: /byMac/ },
    { name: 'a MAC with markup', text: withConflict({ byMac: '<b>02:42</b>' }), problem: /byMac/ },
    { name: 'a link with line ends', text: withConflict({ link: 'eth0\nreport: {}' }), problem: /link/ },
    { name: 'Services that are one', text: withConflict({ services: 'u-1' }), problem: /services is no list/ },
    { name: 'a UID that is a number', text: withConflict({ services: [1] }), problem: /services\[0]/ },
    { name: 'a hundred Services', text: withConflict({ services: Array(100).fill('u') }), problem: /100 entries/ },
    { name: 'a count below zero', text: edited({ left: { announced: -1, conflicts: 0 } }), problem: /left.announced/ },
    { name: 'fields of a prototype', text: `{"__proto__":${edited({})}}`, problem: /version is "undefined"/ },
    { name: 'too much', text: edited({ note: 'x'.repeat(REPORT_SIZES.bytes) }), problem: /longer than/ },
    { name: 'too many bytes', text: edited({ note: '点'.repeat(REPORT_SIZES.bytes / 2) }), problem: /longer than/ },
  ];
  for (const { name, text, problem } of bad) {
    it(`refuses ${name}`, () => {
      const decoded = decodeReportText(text);
      assert.match(decoded.ok ? 'read' : decoded.problem, problem);
    });
  }

  it('passes unknown keys over and writes addresses canonical', () => {
    const text = edited({ mood: 'good', announced: [{ address: 'FD00:10:0::1', since: AT, since2: 1 }] });
    assert.deepEqual(decodeReportText(text), { ok: true, report });
  });

  it('never throws, whatever JSON it is given', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.jsonValue().map((value) => edited({ conflicts: value })),
        ),
        (text) => {
          const decoded = decodeReportText(text);
          if (!decoded.ok) assert.ok(decoded.problem.length < 200, decoded.problem);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('never throws where one value of a good report is replaced', () => {
    const paths: ((value: unknown) => object)[] = [
      ...Object.keys(report).map((key) => (value: unknown) => ({ [key]: value })),
      ...Object.keys(conflict).map((key) => (value: unknown) => ({ conflicts: [{ ...conflict, [key]: value }] })),
      (value) => ({ cloud: { state: value, since: value } }),
      (value) => ({ announced: [value] }),
      (value) => ({ left: value }),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        assert.equal(typeof decodeReportText(edited(path(value))).ok, 'boolean');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('decodeNodeReport', () => {
  const text = edited({});
  const labels = { 'apps.openyurt.io/nodepool': 'hangzhou' };
  const good: ConfigMapObject = { metadata: { name: report.node, labels }, data: { report: text } };

  it('reads the report of the node that the object is named after', () => {
    assert.deepEqual(decodeNodeReport(good), { ok: true, report });
  });

  const bad: { name: string; object: ConfigMapObject; problem: RegExp }[] = [
    { name: 'without data', object: { metadata: good.metadata }, problem: /data.report is missing/ },
    { name: 'of another node', object: { ...good, metadata: { name: 'b', labels } }, problem: /report of node/ },
    { name: 'without a label', object: { ...good, metadata: { name: report.node } }, problem: /the label says ""/ },
    {
      name: 'labelled with another NodePool',
      object: { ...good, metadata: { name: report.node, labels: { 'apps.openyurt.io/nodepool': 'beijing' } } },
      problem: /of NodePool "hangzhou", the label says "beijing"/,
    },
    { name: 'of a text that is none', object: { ...good, data: { report: 7 as never } }, problem: /missing/ },
  ];
  for (const { name, object, problem } of bad) {
    it(`refuses one ${name}`, () => {
      const decoded = decodeNodeReport(object);
      assert.match(decoded.ok ? 'read' : decoded.problem, problem);
    });
  }
});

describe('encodeNodeReport', () => {
  const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true });
  const time = fc
    .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
    .map((date) => date.toISOString());
  const address = fc.oneof(
    fc.nat(0xffffffff).map((n) => `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`),
    fc.integer({ min: 1, max: 0xffff }).map((n) => `fd00:10::${n.toString(16)}`),
  );
  const mac = fc
    .uint8Array({ minLength: 6, maxLength: 6 })
    .map((b) => [...b].map((n) => n.toString(16).padStart(2, '0')).join(':'));
  const conflicts = record({
    address,
    kind: fc.constantFrom(...REPORTED_CONFLICT_KINDS),
    byMac: mac,
    link: fc.constantFrom('eth0', 'bond0.100', 'br-lan'),
    since: time,
    lastSeen: time,
    services: fc.array(fc.uuid(), { maxLength: 4 }),
  });
  const reports: fc.Arbitrary<NodeReport> = record({
    version: fc.constant(1 as const),
    node: fc.constantFrom('a', 'edge-1.hangzhou'),
    nodePool: fc.constantFrom('hangzhou', 'p'),
    writtenAt: time,
    cloud: record({ state: fc.constantFrom(...REPORTED_CLOUD_STATES), since: time }),
    announced: fc.array(record({ address, since: time }), { maxLength: 20 }),
    conflicts: fc.array(conflicts, { maxLength: 5 }),
  });

  it('writes what is read again', () => {
    fc.assert(
      fc.property(reports, (one) =>
        assert.deepEqual(decodeReportText(encodeNodeReport(one)), { ok: true, report: one }),
      ),
    );
  });

  it('keeps a report of 10,000 addresses and as many conflicts in bounds, and counts the rest', () => {
    const many: NodeReport = {
      ...report,
      announced: Array.from({ length: 10_000 }, (_, i) => ({
        address: `fd00:1:2:3:4:5:6:${i.toString(16)}`,
        since: AT,
      })),
      conflicts: Array.from({ length: 10_000 }, (_, i) => ({ ...conflict, address: `10.0.${i >> 8}.${i & 255}` })),
    };
    const text = encodeNodeReport(many);
    assert.ok(Buffer.byteLength(text) <= REPORT_SIZES.bytes);
    const decoded = decodeReportText(text);
    assert.ok(decoded.ok);
    const { announced, conflicts: told, left } = decoded.report;
    assert.ok(announced.length >= 1000 && told.length >= 500, `${announced.length} and ${told.length}`);
    assert.deepEqual(left, { announced: 10_000 - announced.length, conflicts: 10_000 - told.length });
    assert.deepEqual(announced, many.announced.slice(0, announced.length));
  });

  it('names the first 64 Services of an address that more of them share', () => {
    const services = Array.from({ length: 100 }, (_, i) => `u-${i}`);
    const decoded = decodeReportText(encodeNodeReport({ ...report, conflicts: [{ ...conflict, services }] }));
    assert.deepEqual(decoded.ok && decoded.report.conflicts[0]?.services, services.slice(0, 64));
  });
});
