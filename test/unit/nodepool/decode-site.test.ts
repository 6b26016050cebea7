import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG, decodeAddressConfig, type SiteConfig } from '@openyurt/nodepool-types';

const config = 'address-pools: [{name: a, protocol: layer2, addresses: [10.0.0.1]}]';

const good: [string, Partial<SiteConfig>][] = [
  ['', {}],
  ['{}', {}],
  ['heartbeat: 20ms', { heartbeatMs: 20 }],
  ['heartbeat: 10s', { heartbeatMs: 10_000 }],
  ['probes: {count: 1}', { probes: { count: 1, intervalMs: 10 } }],
  ['probes: {interval: 2s}', { probes: { count: 3, intervalMs: 2000 } }],
  ['gratuitous: {count: 20, interval: 1m}', { gratuitous: { count: 20, intervalMs: 60_000 } }],
  ['refresh: 1s', { refreshMs: 1_000 }],
  ['refresh: 60m', { refreshMs: 3_600_000 }],
  ['refresh: 0', { refreshMs: 0 }],
  ['refresh: 0s', { refreshMs: 0 }],
  ['interfaces: [eth0, "en*", eth0]', { interfaces: ['eth0', 'en*'] }],
  ['allowOutsideRanges: true', { allowOutsideRanges: true }],
  ['splitPolicy: always\nfailBack: always', {}],
  ['splitPolicy: majority', { splitPolicy: 'majority' }],
  ['failBack: never', { failBack: 'never' }],
  ['minReadySeconds: 0', { minReadySeconds: 0 }],
  ['minReadySeconds: 300', { minReadySeconds: 300 }],
];

const bad: [string, string, RegExp][] = [
  ['~', '1:1', /the site is "~", not a mapping/],
  ['[]', '1:1', /the site is a list/],
  ['heart-beat: 1s', '1:1', /Did you mean "heartbeat"/],
  ['heartbeat: 100', '1:12', /the number 100, not a duration/],
  ['heartbeat: 19ms', '1:12', /"19ms", not a duration from 20ms to 10s/],
  ['heartbeat: 11s', '1:12', /"11s", not a duration/],
  ['heartbeat:', '1:11', /heartbeat is empty/],
  ['probes: 3', '1:9', /probes is the number 3, not a mapping/],
  ['probes:', '1:8', /probes is empty, not a mapping/],
  ['probes: {count: "3"}', '1:17', /the text "3", not a whole number from 1 to 10/],
  ['probes: {count: 1.5}', '1:17', /the number 1\.5, not a whole number/],
  ['probes: {number: 1}', '1:10', /unknown key "number"/],
  ['gratuitous: {interval: 1h}', '1:24', /"1h", not a duration from 10ms to 1m/],
  [
    'refresh: 60',
    '1:10',
    /the number 60, not a duration from 1s to 60m, or 0 for none \(.*such as 30s or 2m, or 0 for none/,
  ],
  ['refresh: 999ms', '1:10', /"999ms", not a duration from 1s to 60m, or 0 for none/],
  ['refresh: 61m', '1:10', /"61m", not a duration/],
  ['refresh: -1s', '1:10', /"-1s", not a duration/],
  ['refresh: false', '1:10', /refresh is false, not a duration/],
  ['refresh:', '1:9', /refresh is empty, not a duration/],
  ['interfaces: eth0', '1:13', /the text "eth0", not a list \(.*interfaces: \[eth0\]/],
  ['interfaces: [eth 0]', '1:14', /"eth 0" is no interface name/],
  ['interfaces: [an-interface-name]', '1:14', /is no interface name/],
  ['interfaces: [1]', '1:14', /interface is the number 1, not text/],
  ['allowOutsideRanges: yes', '1:21', /the text "yes", not true or false/],
  ['splitPolicy: majorty', '1:14', /unknown value "majorty" \(Did you mean "majority"/],
  ['splitPolicy: quorum', '1:14', /unknown value "quorum" \(Write always or majority/],
  ['failBack: later', '1:11', /unknown value "later" \(Write always or never/],
  ['minReadySeconds: -1', '1:18', /the number -1, not a whole number from 0 to 300/],
  ['minReadySeconds: 301', '1:18', /not a whole number from 0 to 300/],
  ['minReadySeconds: 5s', '1:18', /the text "5s", not a whole number/],
  ['failBack: false', '1:11', /failBack is false, not text/],
];

describe('data.site', () => {
  for (const [site, want] of good) {
    it(`${JSON.stringify(site)} is taken`, () => {
      const decoded = decodeAddressConfig({ config, site });
      assert.ok(decoded.ok, JSON.stringify(decoded.ok || decoded.problems));
      assert.deepEqual(decoded.value.site, { ...DEFAULT_SITE_CONFIG, ...want });
    });
  }

  for (const [site, place, words] of bad) {
    it(`${JSON.stringify(site)} is refused`, () => {
      const decoded = decodeAddressConfig({ config, site });
      assert.equal(decoded.ok, false);
      const [problem, ...others] = decoded.ok ? [] : decoded.problems;
      assert.deepEqual([problem && `${problem.line}:${problem.col}`, problem?.dataKey, others], [place, 'site', []]);
      assert.match(`${problem?.problem} (${problem?.remedy})`, words);
    });
  }

  it('takes what is absent from the defaults handed in', () => {
    const siteDefaults = { ...DEFAULT_SITE_CONFIG, heartbeatMs: 50, probes: { count: 1, intervalMs: 7 } };
    const decoded = decodeAddressConfig({ config, site: 'probes: {count: 2}' }, { siteDefaults });
    assert.ok(decoded.ok);
    assert.deepEqual([decoded.value.site.heartbeatMs, decoded.value.site.probes], [50, { count: 2, intervalMs: 7 }]);
  });
});
