import { strict as assert } from 'node:assert';
import {
  decodeAddressConfig,
  formatProblem,
  parseLabelSelector,
  rangeSize,
  usableAddresses,
} from '@openyurt/nodepool-types';

/** A file with one good address pool, and what stands below its name. */
const pool = (...lines: string[]) => ['address-pools:', '- name: a', ...lines.map((line) => `  ${line}`)].join('\n');
const L2 = 'protocol: layer2';
const RANGE = 'addresses: [10.0.0.1-10.0.0.9]';
const two = (first: string, second: string) =>
  `address-pools:\n- {name: a, ${L2}, addresses: [${first}]}\n- {name: b, ${L2}, addresses: [${second}]}`;
const addresses = (list: string) => pool(L2, `addresses: ${list}`);

/** Name, text of `config`, and every problem: place and words, in order. */
const badConfigs: [string, string, ...[string, RegExp][]][] = [
  ['nothing', '', ['1:1', /configuration is empty \(.*delete the ConfigMap/]],
  ['blanks and a comment', '  \n# later\n', ['1:1', /configuration is empty/]],
  ['null', '~', ['1:1', /configuration is empty/]],
  ['a text', 'hello', ['1:1', /configuration is the text "hello", not a mapping/]],
  ['a list', '- a', ['1:1', /configuration is a list, not a mapping/]],
  ['no address-pools', '{}', ['1:1', /has no address-pools/]],
  [
    'a misspelt address-pools, told once',
    'adress-pools: []',
    ['1:1', /unknown key "adress-pools" \(Did you mean "address-pools"\?/],
  ],
  ['address-pools without a value', 'address-pools:', ['1:15', /address-pools is empty, not a list/]],
  ['no address pool', 'address-pools: []', ['1:16', /empty list/]],
  ['a mapping for address-pools', 'address-pools: {a: 1}', ['1:16', /address-pools is a mapping, not a list/]],
  ['an empty address pool', 'address-pools:\n-', ['2:2', /address pool 1 is empty, not a mapping/]],
  ['a text for an address pool', 'address-pools:\n- a', ['2:3', /address pool 1 is the text "a", not a mapping/]],
  [
    'an address pool with nothing',
    'address-pools:\n- {}',
    ['2:3', /address pool 1 has no name/],
    ['2:3', /address pool 1 has no protocol \(Add protocol: layer2/],
    ['2:3', /address pool 1 has no addresses/],
  ],
  ['no protocol', pool(RANGE), ['2:3', /address pool "a" has no protocol/]],
  ['no addresses', pool(L2), ['2:3', /address pool "a" has no addresses/]],
  [
    'a misspelt key',
    pool(L2, 'adresses: [10.0.0.1]'),
    ['4:3', /"a" has the unknown key "adresses" \(Did you mean "addresses"/],
  ],
  ['a key in camel case', pool(L2, RANGE, 'autoAssign: true'), ['5:3', /Did you mean "auto-assign"/]],
  [
    'an unknown key',
    pool(L2, RANGE, 'colour: red'),
    ['5:3', /unknown key "colour" \(Remove it; known are name, protocol/],
  ],
  ['a key twice', pool(L2, RANGE, L2), ['5:3', /the key "protocol" twice, first in line 3/]],
  ['a number as a key', pool(L2, RANGE, '1: x'), ['5:3', /key that is the number 1, not text/]],
  ['an empty key', pool(L2, RANGE, '? \n  : x'), ['5:5', /key that is empty, not text/]],
  [
    'auto-assign: no',
    pool(L2, RANGE, 'auto-assign: no'),
    ['5:16', /the text "no", not true or false \(Write true or false/],
  ],
  ['auto-assign: "true"', pool(L2, RANGE, 'auto-assign: "true"'), ['5:16', /the text "true", not true or false/]],
  ['auto-assign: 1', pool(L2, RANGE, 'auto-assign: 1'), ['5:16', /the number 1, not true or false/]],
  ['auto-assign empty', pool(L2, RANGE, 'auto-assign:'), ['5:15', /auto-assign is empty, not true or false/]],
  ['avoid-buggy-ips: yes', pool(L2, RANGE, 'avoid-buggy-ips: yes'), ['5:20', /the text "yes", not true or false/]],
  [
    'a priority that is a text',
    pool(L2, RANGE, 'priority: high'),
    ['5:13', /the text "high", not a whole number from 0/],
  ],
  [
    'a negative priority',
    pool(L2, RANGE, 'priority: -1'),
    ['5:13', /the number -1, not a whole number from 0 to 1000000/],
  ],
  ['a priority with a fraction', pool(L2, RANGE, 'priority: 1.5'), ['5:13', /the number 1\.5, not a whole number/]],
  ['a priority beyond all bounds', pool(L2, RANGE, 'priority: 1000001'), ['5:13', /Write a number from 0 to 1000000/]],
  ['a priority in quotes', pool(L2, RANGE, 'priority: "1"'), ['5:13', /the text "1", not a whole number/]],
  ['namespaces as a text', pool(L2, RANGE, 'namespaces: shop'), ['5:15', /not a list \(.*namespaces: \[shop\]/]],
  [
    'no namespace',
    pool(L2, RANGE, 'namespaces: []'),
    ['5:15', /"a" has an empty list of namespaces \(Remove namespaces to serve all/],
  ],
  ['a namespace in capitals', pool(L2, RANGE, 'namespaces: [Shop]'), ['5:16', /"Shop" is no name of a namespace/]],
  [
    'a namespace of 64 letters',
    pool(L2, RANGE, `namespaces: [${'x'.repeat(64)}]`),
    ['5:16', /is no name of a namespace/],
  ],
  [
    'a number as a namespace',
    pool(L2, RANGE, 'namespaces: [1]'),
    ['5:16', /the number 1, not text \(Put it in quotes/],
  ],
  ['a namespace that is null', pool(L2, RANGE, 'namespaces: [a, ~]'), ['5:19', /namespace is "~", not text/]],
  [
    'a namespace twice',
    pool(L2, RANGE, 'namespaces:', '- shop', '- bar', '- shop'),
    ['8:5', /"a" lists the namespace "shop" twice, first in line 6/],
  ],
  ['namespace-selectors', pool(L2, RANGE, 'namespace-selectors: []'), ['5:3', /not selected by label in this version/]],
  [
    'a misspelt service-selectors',
    pool(L2, RANGE, 'serviceSelectors: []'),
    ['5:3', /Did you mean "service-selectors"/],
  ],
  ['no service selector', pool(L2, RANGE, 'service-selectors: []'), ['5:22', /empty list of service-selectors/]],
  [
    'a service selector as a text',
    pool(L2, RANGE, 'service-selectors: [app=web]'),
    ['5:23', /service selector 1 is the text "app=web", not a mapping \(.*match-labels, match-expressions/],
  ],
  [
    'a service selector that requires nothing',
    pool(L2, RANGE, 'service-selectors: [{match-labels: {app: web}}, {match-labels: {}}]'),
    ['5:51', /service selector 2 requires nothing, so it selects every Service/],
  ],
  [
    'matchLabels, as in an object of the API',
    pool(L2, RANGE, 'service-selectors: [{matchLabels: {app: web}}]'),
    ['5:24', /unknown key "matchLabels" \(Did you mean "match-labels"/],
  ],
  [
    'labels that are none',
    pool(L2, RANGE, 'service-selectors:', '- match-labels: {-a: b, c: "d e", f: 1, g: ~}', '- match-labels: [a]'),
    ['6:20', /"-a" is no label key/],
    ['6:30', /"d e" is no label value/],
    ['6:40', /label "f" is the number 1, not text \(Put it in quotes if it is meant: "1"/],
    ['6:46', /label "g" is "~", not text/],
    ['7:19', /match-labels is a list, not a mapping \(Write labels, such as match-labels: \{app: web\}/],
  ],
  [
    'a label twice',
    pool(L2, RANGE, 'service-selectors:', '- match-labels:', '    app: web', '    app: db'),
    ['8:7', /match-labels has the key "app" twice, first in line 7/],
  ],
  [
    'expressions that are none',
    pool(
      ...[L2, RANGE, 'service-selectors:', '- match-expressions:'],
      ...['  - {key: app}', '  - {operator: In, values: [a]}', '  - {key: app, operator: in, values: [a]}'],
      ...['  - {key: app, operator: In}', '  - {key: app, operator: In, values: []}'],
      ...[
        '  - {key: app, operator: Exists, values: [a]}',
        '  - {key: app, operator: NotIn, values: [1, ""]}',
        '  - app',
      ],
    ),
    ['7:7', /service selector 1, expression 1 has no operator \(Write In, NotIn, Exists, DoesNotExist/],
    ['8:7', /expression 2 has no key/],
    ['9:28', /"in" is no operator/],
    ['10:7', /expression 4 has no values \(Add values/],
    ['11:40', /expression 5 has an empty list of values/],
    ['12:36', /expression 6 has values, which its operator does not take/],
    ['13:44', /value is the number 1, not text/],
    ['14:7', /expression 8 is the text "app", not a mapping/],
  ],
  [
    'a service selector twice, in other words',
    pool(
      ...[L2, RANGE, 'service-selectors:', '- match-expressions: [{key: app, operator: In, values: [b, a]}]'],
      ...['- match-labels: {app: a}', '- match-expressions: [{key: app, operator: In, values: [a, b]}]'],
    ),
    ['8:5', /service selector 3 says the same as the one in line 6 \(Keep one of them/],
  ],
  [
    'a number as a name',
    `address-pools:\n- {name: 1, ${L2}, ${RANGE}}`,
    ['2:10', /name is the number 1, not text \(Put it in quotes/],
  ],
  ['an empty name', `address-pools:\n- {name: "", ${L2}, ${RANGE}}`, ['2:10', /name is an empty text/]],
  ['a name with a blank', `address-pools:\n- {name: a b, ${L2}, ${RANGE}}`, ['2:10', /"a b" is no name/]],
  ['__proto__', `address-pools:\n- {name: __proto__, ${L2}, ${RANGE}}`, ['2:10', /"__proto__" is no name/]],
  ['a long name', `address-pools:\n- {name: ${'x'.repeat(64)}, ${L2}, ${RANGE}}`, ['2:10', /is no name/]],
  ['__proto__ as a key', pool(L2, RANGE, '__proto__: {x: 1}'), ['5:3', /unknown key "__proto__"/]],
  [
    'a name twice',
    two('10.0.0.1', '10.0.0.2').replace('name: b', 'name: a'),
    ['3:10', /second .* "a", first in line 2/],
  ],
  [
    'BGP',
    pool('protocol: bgp', RANGE),
    ['3:13', /^config:3:13 BGP is not supported by this version \(Use protocol: layer2/],
  ],
  ['another protocol', pool('protocol: layer3', RANGE), ['3:13', /unknown protocol "layer3" \(Did you mean "layer2"/]],
  ['a protocol that is null', pool('protocol: ~', RANGE), ['3:13', /protocol is "~", not text/]],
  [
    'everything of BGP, each by name',
    `peers: []\nbgp-communities: {}\nbfd-profiles: []\npeer-autodiscovery: {}\n${pool('protocol: bgp', RANGE, 'bgp-advertisements: []')}`,
    ['1:1', /BGP is not supported by this version \(.*remove peers/],
    ['2:1', /remove bgp-communities/],
    ['3:1', /remove bfd-profiles/],
    ['4:1', /remove peer-autodiscovery/],
    ['7:13', /BGP is not supported/],
    ['9:3', /remove bgp-advertisements/],
  ],
  [
    'addresses as a text',
    addresses('10.0.0.1'),
    ['4:14', /the text "10\.0\.0\.1", not a list \(.*addresses: \[10\.0\.0\.1\]/],
  ],
  ['an empty list of addresses', addresses('[]'), ['4:14', /empty list of addresses/]],
  ['an empty address', addresses('[""]'), ['4:15', /address is an empty text/]],
  ['a null address', addresses('[~]'), ['4:15', /address is "~", not text/]],
  ['a number as an address', addresses('[10]'), ['4:15', /the number 10 is no address/]],
  ['a fraction as an address', addresses('[192.168]'), ['4:15', /the number 192\.168 is no address/]],
  ['an address with a port', addresses('["10.0.0.1:80"]'), ['4:15', /"10\.0\.0\.1:80" is no address/]],
  [
    'an IPv6 address that ends in a colon',
    addresses('[fd00::]'),
    ['4:15', /a mapping, not text \(Put text that holds a colon in quotes/],
  ],
  [
    'a reversed range',
    addresses('[10.0.0.9-10.0.0.1]'),
    ['4:15', /ends before it begins \(Did you mean 10\.0\.0\.1-10\.0\.0\.9/],
  ],
  ['a reversed range beyond 2^53', addresses('["fd00::1:0:0:1-fd00::1:0:0:0"]'), ['4:15', /ends before it begins/]],
  ['two families', addresses('["10.0.0.1-fd00::1"]'), ['4:15', /from IPv4 to IPv6 \(Write one range for each family/]],
  ['a prefix out of bounds', addresses('[10.0.0.0/33]'), ['4:15', /prefix length "33" \(Write a number from 0 to 32/]],
  ['leading zeros', addresses('[10.0.0.010]'), ['4:15', /is no address/]],
  ['loopback', addresses('[127.0.0.1]'), ['4:15', /127\.0\.0\.1 holds loopback addresses/]],
  ['all of IPv4', addresses('[0.0.0.0/0]'), ['4:15', /holds addresses that mean "this network"/]],
  ['all of IPv6', addresses('["::/0"]'), ['4:15', /holds the unspecified or the loopback address/]],
  ['IPv4 written as IPv6', addresses('["::ffff:10.0.0.1"]'), ['4:15', /is no address/]],
  [
    'a range around IPv4 written as IPv6, of which no address could be read back',
    addresses('["::2-::1:0:0:0"]'),
    ['4:15', /holds IPv4 addresses written as IPv6/],
  ],
  ['IPv6 multicast', addresses('["ff02::1"]'), ['4:15', /holds multicast addresses/]],
  [
    'an overlap between address pools',
    two('10.0.0.1-10.0.0.9', '10.0.0.0/29'),
    [
      '3:43',
      /10\.0\.0\.0\/29 \(address pool "b", line 3\) overlaps 10\.0\.0\.1-10\.0\.0\.9 \(address pool "a", line 2\)/,
    ],
  ],
  [
    'an overlap inside one',
    addresses('[10.0.0.1-10.0.0.9, 10.0.0.9]'),
    ['4:34', /10\.0\.0\.9 .* overlaps 10\.0\.0\.1-10\.0\.0\.9/],
  ],
  [
    'an overlap by one address beyond 2^53',
    two('"fd00::/65"', '"fd00::7fff:ffff:ffff:ffff-fd00::8000:0:0:0"'),
    ['3:43', /overlaps/],
  ],
  [
    'an alias',
    pool(L2, 'addresses: &r [10.0.0.1]', 'auto-assign: *r'),
    ['4:17', /&r is an anchor/],
    ['5:16', /\*r is an alias/],
  ],
  ['a merge key', `x: &x {}\n<<: *x\n${pool(L2, RANGE)}`, ['1:7', /&x is an anchor/], ['2:5', /\*x is an alias/]],
  ['a tag', pool('protocol: !!str layer2', RANGE), ['3:19', /tag:yaml\.org,2002:str is a tag/]],
  ['a directive', `%YAML 1.1\n---\n${pool(L2, RANGE)}`, ['1:1', /marked as YAML 1\.1/]],
  ['two documents', `${pool(L2, RANGE)}\n---\n${pool(L2, RANGE)}`, ['5:1', /more than one YAML document/]],
  ['a tab as indentation', 'address-pools:\n\t- name: a', ['2:1', /Tabs are not allowed as indentation/i]],
  ['an unclosed quote', 'address-pools: "a', ['1:18', /Missing closing "quote \(Close the bracket, brace or quote/]],
  ['an unclosed bracket', 'address-pools: [', ['1:17', /Flow sequence/]],
  ['bad indentation', 'address-pools:\n - name: a\n  protocol: layer2', ['3:1', /without - .*mend the indentation/]],
  ['a NUL', 'address-pools: \0', ['1:16', /control character U\+0000/]],
  ['bare carriage returns', 'address-pools:\r- name: a', ['1:15', /U\+000D \(Save the file with LF/]],
  ['too much of it', '#'.repeat(65_537), ['1:1', /65537 characters, more than the 65536/]],
  ['brackets side by side', '[]'.repeat(32_768), ['1:2049', /more than 2048 line ends/]],
  ['keys line by line', 'a: b\n'.repeat(13_000), ['1025:2', /more than 2048 line ends/]],
  ['escapes', `"${'\\x'.repeat(32_000)}`, ['1:4096', /more than 2048 line ends/]],
  ['anchors', '&a '.repeat(20_000), ['1:6145', /more than 2048 line ends/]],
  ['deep brackets', `address-pools: ${'['.repeat(50_000)}`, ['1:48', /nests too deep/]],
  ['deep braces', `address-pools: ${'{a: '.repeat(10_000)}`, ['1:144', /nests too deep/]],
  ['deep dashes', '- '.repeat(30_000), ['1:33', /nests too deep/]],
  ['deep question marks', '? '.repeat(30_000), ['1:33', /nests too deep/]],
  [
    'deep indentation',
    Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    ['130:130', /nests too deep/],
  ],
];

describe('decodeAddressConfig: what is refused', () => {
  it('reads a thousand ranges all the same', () => {
    const ranges = Array.from({ length: 1000 }, (_, i) => `  - 10.0.${i >> 8}.${i & 255}`);
    const config = `address-pools:\n- name: a\n  protocol: layer2\n  addresses:\n${ranges.join('\n')}\n`;
    assert.equal(decodeAddressConfig({ config }).ok, true);
  });

  for (const [name, config, ...want] of badConfigs) {
    it(name, () => {
      const decoded = decodeAddressConfig({ config });
      const told = decoded.ok ? [] : decoded.problems;
      assert.deepEqual(
        told.map(({ line, col }) => `${line}:${col}`),
        want.map(([place]) => place),
        JSON.stringify(told),
      );
      for (const [index, [, words]] of want.entries()) {
        const problem = told[index];
        assert.match(problem ? formatProblem(problem) : '', words);
      }
    });
  }

  it('tells an alias bomb by its anchors and aliases, without expanding it', () => {
    const levels = Array.from(
      { length: 40 },
      (_, i) => `b${i}: &b${i} [${Array(9).fill(i === 0 ? 'x' : `*b${i - 1}`)}]`,
    );
    const decoded = decodeAddressConfig({ config: levels.join('\n') });
    assert.ok(!decoded.ok && decoded.problems.every(({ problem }) => /is an (alias|anchor)$/.test(problem)));
  });

  it('tells all problems of both texts at once, by text and place', () => {
    const decoded = decodeAddressConfig({ site: 'heartbeat: 1x\nprobes: {count: 0}', config: 'peers: 1', sit: '' });
    assert.deepEqual(decoded.ok ? [] : decoded.problems.map(formatProblem), [
      'config:1:1 BGP is not supported by this version (Use protocol layer2 in every address pool and remove peers.)',
      'config:1:1 the configuration has no address-pools (Add address-pools.)',
      'sit:1:1 data has the unknown key "sit" (Did you mean "site"?)',
      'site:1:12 heartbeat is the text "1x", not a duration from 20ms to 10s (Write a duration from 20ms to 10s, such as 100ms or 2s.)',
      'site:2:17 count is the number 0, not a whole number from 1 to 10 (Write a number from 1 to 10.)',
    ]);
  });

  it('is refused without data.config', () => {
    assert.equal(decodeAddressConfig({}).ok, false);
    assert.equal(decodeAddressConfig({ site: 'heartbeat: 1s' }).ok, false);
  });
});

describe('decodeAddressConfig: what is taken', () => {
  const taken: [string, string, bigint, RegExp[]][] = [
    ['one range', addresses('[10.0.0.1-10.0.0.9]'), 9n, []],
    ['blanks around the dash', addresses('["10.0.0.1 - 10.0.0.9"]'), 9n, []],
    ['ranges that touch', addresses('[10.0.0.1-10.0.0.9, 10.0.0.10]'), 10n, []],
    ['a byte order mark', `\uFEFF${addresses('[10.0.0.1]')}`, 1n, []],
    ['CRLF', addresses('[10.0.0.1]').replaceAll('\n', '\r\n'), 1n, []],
    ['a document mark', `---\n${addresses('[10.0.0.1]')}\n...\n`, 1n, []],
    ['more than 2^53 addresses', addresses('["fd00::/64"]'), (1n << 64n) - 1n, []],
    [
      'host bits',
      addresses('[192.168.10.7/24]'),
      256n,
      [/4:15 192\.168\.10\.7\/24 is taken as 192\.168\.10\.0\/24 \(Write 192/],
    ],
    ['no .0 and .255', pool(L2, 'addresses: [10.0.0.0/24]', 'avoid-buggy-ips: true'), 254n, []],
    [
      'nothing left',
      pool(L2, 'addresses: [10.0.0.0]', 'avoid-buggy-ips: true'),
      0n,
      [/2:9 address pool "a" holds no address that/],
    ],
    ['a name that YAML 1.1 would take for false', `address-pools:\n- {name: no, ${L2}, ${RANGE}}`, 9n, []],
  ];
  for (const [name, config, want, warnings] of taken) {
    it(name, () => {
      const decoded = decodeAddressConfig({ config });
      assert.ok(decoded.ok, JSON.stringify(decoded.ok || decoded.problems));
      assert.equal(
        decoded.value.pools.map(usableAddresses).reduce((sum, size) => sum + size, 0n),
        want,
      );
      assert.equal(decoded.warnings.length, warnings.length);
      for (const [index, words] of warnings.entries()) {
        const warning = decoded.warnings[index];
        assert.match(warning ? formatProblem(warning) : '', words);
      }
    });
  }

  it('reads whom an address pool serves, and its turn', () => {
    const config = pool(
      ...[
        L2,
        RANGE,
        'priority: 50',
        'namespaces: [shop, "1"]',
        'service-selectors:',
        '- match-labels: {app: web, e: ""}',
      ],
      ...['  match-expressions: [{key: b, operator: DoesNotExist}]', '- match-expressions:'],
      ...['  - {key: example.com/tier, operator: NotIn, values: [gold, ""]}', '  - {key: app, operator: Exists}'],
    );
    const decoded = decodeAddressConfig({ config });
    const [only] = decoded.ok ? decoded.value.pools : [];
    assert.ok(only);
    assert.deepEqual([only.priority, only.namespaces], [50, ['shop', '1']]);
    assert.deepEqual(
      only.serviceSelectors.map(({ text }) => text),
      ['app in (web),e in (),!b', 'example.com/tier notin (gold,),app'],
    );
    for (const { text, requirements } of only.serviceSelectors) {
      assert.deepEqual(parseLabelSelector(text).requirements, requirements);
    }
  });

  it('without them it serves all, last', () => {
    const decoded = decodeAddressConfig({ config: pool(L2, RANGE, 'priority: 0') });
    const [only] = decoded.ok ? decoded.value.pools : [];
    assert.ok(only);
    assert.deepEqual([only.priority, only.namespaces, only.serviceSelectors], [0, [], []]);
  });

  it('a speaker takes a selector of a newer file with a warning', () => {
    const config = pool(L2, RANGE, 'service-selectors: [{match-fields: {a: b}}]');
    const decoded = decodeAddressConfig({ config }, { unknownKeys: 'warn' });
    assert.ok(decoded.ok);
    assert.deepEqual(
      decoded.warnings.map(({ line, col }) => [line, col]),
      [[5, 24]],
    );
  });

  it('keeps the ends exact where numbers would round', () => {
    const decoded = decodeAddressConfig({ config: addresses('["fd00::20:0:0:1-fd00::20:0:0:3"]') });
    const [range] = decoded.ok ? (decoded.value.pools[0]?.ranges ?? []) : [];
    assert.ok(range);
    assert.equal(range.first & ((1n << 64n) - 1n), 0x20_0000_0000_0001n);
    assert.equal(rangeSize(range), 3n);
  });

  it('lets a speaker warn where the controller refuses', () => {
    const data = { config: `${pool(L2, RANGE, 'colour: red')}\npeers: []`, site: 'newer: 1', other: '' };
    const decoded = decodeAddressConfig(data, { unknownKeys: 'warn' });
    assert.ok(decoded.ok);
    assert.deepEqual(
      decoded.warnings.map(({ dataKey, line, col }) => `${dataKey}:${line}:${col}`),
      ['config:5:3', 'config:6:1', 'other:1:1', 'site:1:1'],
    );
    assert.equal(decodeAddressConfig(data).ok, false);
  });
});
