import { strict as assert } from 'node:assert';
import {
  type AddressConfig,
  type AddressPool,
  decodeAddressConfig,
  FAIL_BACKS,
  formatDurationMs,
  formatIpAddress,
  formatLabelSelector,
  type IpRange,
  type LabelRequirement,
  readAddressFile,
  SITE_LIMITS,
  SPLIT_POLICIES,
} from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { stringify } from 'yaml';

/** Ranges that cannot overlap: each takes its own part of one wide stretch of either family. */
const STRETCH = { IPv4: 0x0a000000n, IPv6: 0xfd00n << 112n };
const spans = fc.array(fc.record({ v6: fc.boolean(), from: fc.nat(100), more: fc.nat(100), wide: fc.boolean() }), {
  minLength: 1,
  maxLength: 6,
});

const plain = { noNullPrototype: true };
const word = fc.constantFrom('app', 'example.com/tier', 'a.b_c-d');
const values = fc.uniqueArray(fc.constantFrom('', 'web', '1', 'x_y.z'), { minLength: 1, maxLength: 3 });
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({ key: word, operator: fc.constantFrom('in' as const, 'notin' as const), values }, plain),
  fc.record(
    { key: word, operator: fc.constantFrom('exists' as const, 'absent' as const), values: fc.constant([]) },
    plain,
  ),
);
const serviceSelectors = fc
  .uniqueArray(fc.uniqueArray(requirement, { minLength: 1, maxLength: 3, selector: formatOne }), {
    maxLength: 3,
    selector: (requirements) => requirements.map(formatOne).sort().join(),
  })
  .map((list) => list.map((requirements) => ({ text: formatLabelSelector(requirements), requirements })));

function formatOne(one: LabelRequirement): string {
  return formatLabelSelector([{ ...one, values: [...one.values].sort() }]);
}

const pools = fc.record({
  spans,
  autoAssign: fc.boolean(),
  avoidBuggyIps: fc.boolean(),
  priority: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_000_000 })),
  namespaces: fc.uniqueArray(fc.constantFrom('default', 'a', 'team-1', '0'), { maxLength: 3 }),
  serviceSelectors,
});

const OPERATORS = { in: 'In', notin: 'NotIn', exists: 'Exists', absent: 'DoesNotExist', gt: '', lt: '' } as const;

const burst = (mostCount: number, leastMs: number, mostMs: number) =>
  fc
    .tuple(fc.integer({ min: 1, max: mostCount }), fc.integer({ min: leastMs, max: mostMs }))
    .map(([count, intervalMs]) => ({ count, intervalMs }));

const model: fc.Arbitrary<AddressConfig> = fc
  .record({
    pools: fc.array(pools, { minLength: 1, maxLength: 4 }),
    names: fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/), {
      minLength: 4,
      maxLength: 4,
    }),
    heartbeatMs: fc.integer({ min: SITE_LIMITS.heartbeatMs.least, max: SITE_LIMITS.heartbeatMs.most }),
    probes: burst(10, 1, 2000),
    gratuitous: burst(20, 10, 60_000),
    refreshMs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: SITE_LIMITS.refreshMs.least, max: SITE_LIMITS.refreshMs.most }),
    ),
    interfaces: fc.uniqueArray(fc.constantFrom('eth0', 'en*', 'br-lan', 'eth0.7'), { maxLength: 3 }),
    allowOutsideRanges: fc.boolean(),
    splitPolicy: fc.constantFrom(...SPLIT_POLICIES),
    failBack: fc.constantFrom(...FAIL_BACKS),
    minReadySeconds: fc.integer({ min: SITE_LIMITS.minReadySeconds.least, max: SITE_LIMITS.minReadySeconds.most }),
  })
  .map(({ pools, names, ...site }) => {
    let part = 0n;
    const ranges = (list: { v6: boolean; from: number; more: number; wide: boolean }[]): IpRange[] =>
      list.map(({ v6, from, more, wide }) => {
        const family = v6 ? 'IPv6' : 'IPv4';
        const size = v6 && wide ? 1n << 64n : 1024n;
        part++;
        const first = STRETCH[family] + part * (v6 ? 1n << 72n : 4096n) + BigInt(from);
        const last = first + (v6 && wide ? size : 0n) + BigInt(more);
        const text = `${formatIpAddress({ family, value: first })}-${formatIpAddress({ family, value: last })}`;
        return { family, first, last, text };
      });
    return {
      pools: pools.map(
        ({ spans, ...rest }, index): AddressPool => ({ name: names[index] ?? '', ranges: ranges(spans), ...rest }),
      ),
      site,
    };
  });

/** Writes a configuration as an operator would have it. */
function encode({ pools, site }: AddressConfig): { config: string; site: string } {
  const write = ({ count, intervalMs }: { count: number; intervalMs: number }) => ({
    count,
    interval: formatDurationMs(intervalMs),
  });
  return {
    config: stringify({
      'address-pools': pools.map(
        ({ name, ranges, autoAssign, avoidBuggyIps, priority, namespaces, serviceSelectors }) => ({
          name,
          protocol: 'layer2',
          addresses: ranges.map(({ text }) => text),
          'auto-assign': autoAssign,
          'avoid-buggy-ips': avoidBuggyIps,
          ...(priority === 0 ? {} : { priority }),
          ...(namespaces.length === 0 ? {} : { namespaces }),
          ...(serviceSelectors.length === 0
            ? {}
            : {
                'service-selectors': serviceSelectors.map(({ requirements }) => ({
                  'match-expressions': requirements.map(({ key, operator, values }) => ({
                    key,
                    operator: OPERATORS[operator],
                    ...(values.length === 0 ? {} : { values }),
                  })),
                })),
              }),
        }),
      ),
    }),
    site: stringify({
      heartbeat: formatDurationMs(site.heartbeatMs),
      probes: write(site.probes),
      gratuitous: write(site.gratuitous),
      refresh: formatDurationMs(site.refreshMs),
      interfaces: site.interfaces,
      allowOutsideRanges: site.allowOutsideRanges,
      splitPolicy: site.splitPolicy,
      failBack: site.failBack,
      minReadySeconds: site.minReadySeconds,
    }),
  };
}

/** Texts made of what the format is made of, so that many get past the parser. */
const yamlish = fc
  .array(
    fc.constantFrom(
      'address-pools:',
      'name: a',
      'protocol: layer2',
      'priority: 1',
      'namespaces:',
      'service-selectors:',
      'match-labels:',
      'match-expressions:',
      'addresses:',
      '[10.0.0.1-10.0.0.9]',
      '"fd00::/64"',
      '- ',
      '  ',
      '\n',
      '\n- ',
      '\n  ',
      ': ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '!!str ',
      '|',
      '>',
      '\t',
      '"',
      "'",
      '#',
      '---',
      '~',
      'kind: ConfigMap',
      '\r\n',
      '%YAML 1.1',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

describe('the configuration format', () => {
  it('decodes what it encodes, exactly', () => {
    fc.assert(
      fc.property(model, (config) => {
        const decoded = decodeAddressConfig(encode(config));
        assert.ok(decoded.ok, JSON.stringify(decoded.ok || decoded.problems));
        assert.deepEqual(decoded.value, config);
      }),
    );
  });

  it('decodes it the same from a manifest', () => {
    fc.assert(
      fc.property(model, fc.constantFrom('BLOCK_LITERAL', 'BLOCK_FOLDED', 'QUOTE_DOUBLE'), (config, style) => {
        const object = {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'x', labels: { 'apps.openyurt.io/nodepool': 'hangzhou' } },
          data: encode(config),
        };
        const file = readAddressFile(
          stringify(object, { defaultStringType: style === 'QUOTE_DOUBLE' ? style : 'PLAIN' }),
        );
        assert.deepEqual(file.problems, []);
        assert.deepEqual(
          file.configs.map((found) => found.config),
          [config],
        );
      }),
      { numRuns: 30 },
    );
  });

  it('answers any text with a value or with problems that have a place', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), yamlish);
    fc.assert(
      fc.property(text, text, (config, site) => {
        const decoded = decodeAddressConfig({ config, site });
        for (const { line, col, problem, remedy } of decoded.ok ? decoded.warnings : decoded.problems) {
          assert.ok(line >= 1 && col >= 1 && problem !== '' && remedy !== '');
          assert.ok(problem.length < 1000, 'a message grows with the input');
        }
        assert.ok(decoded.ok || decoded.problems.length > 0);
        readAddressFile(config);
      }),
      { numRuns: 150 },
    );
  });

  it('names every range that overlaps another', () => {
    const range = fc.tuple(fc.nat(30), fc.nat(5)).map(([at, more]) => [at, at + more] as const);
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 8 }), (ranges) => {
        const lines = ranges.map(([first, last]) => `  - 10.0.0.${first + 1}-10.0.0.${last + 1}`);
        const config = ['address-pools:', '- name: a', '  protocol: layer2', '  addresses:', ...lines].join('\n');
        const decoded = decodeAddressConfig({ config });
        const overlap = ranges.some((a, i) => ranges.some((b, j) => i !== j && a[0] <= b[1] && b[0] <= a[1]));
        assert.equal(decoded.ok, !overlap);
      }),
    );
  });
});
