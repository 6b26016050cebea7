import { strict as assert } from 'node:assert';
import { type LabelRequirement, LbError, parseLabelSelector, selectorMatches } from '@openyurt/nodepool-types';
import fc from 'fast-check';

const req = (key: string, operator: LabelRequirement['operator'], ...values: string[]): LabelRequirement => ({
  key,
  operator,
  values,
});

/** What the API machinery's parser makes of these texts (its own tests have most of them). */
const parsed: [string, LabelRequirement[]][] = [
  ['', []],
  ['  ', []],
  ['x', [req('x', 'exists')]],
  ['\rx', [req('x', 'exists')]],
  ['a ', [req('a', 'exists')]],
  ['!x', [req('x', 'absent')]],
  ['! x', [req('x', 'absent')]],
  ['x=a', [req('x', 'in', 'a')]],
  ['x==a', [req('x', 'in', 'a')]],
  ['x!=a', [req('x', 'notin', 'a')]],
  ['x=', [req('x', 'in', '')]],
  ['x= ,z= ', [req('x', 'in', ''), req('z', 'in', '')]],
  ['x in ()', [req('x', 'in', '')]],
  ['x notin ( )', [req('x', 'notin', '')]],
  ['x notin (, a)', [req('x', 'notin', '', 'a')]],
  ['x in (abc,)', [req('x', 'in', 'abc', '')]],
  ['x in (a,,b)', [req('x', 'in', 'a', '', 'b')]],
  ['x notin\n (abc)', [req('x', 'notin', 'abc')]],
  ['a in (x,y,notin, z,in)', [req('a', 'in', 'x', 'y', 'notin', 'z', 'in')]],
  ['in in (in)', [req('in', 'in', 'in')]],
  ['in', [req('in', 'exists')]],
  ['x>1,z<5', [req('x', 'gt', '1'), req('z', 'lt', '5')]],
  [
    '0.1.2.domain/99 notin (10.10.100.1, tick.tack.clock)',
    [req('0.1.2.domain/99', 'notin', '10.10.100.1', 'tick.tack.clock')],
  ],
  ['region=east,tier in (shop)', [req('region', 'in', 'east'), req('tier', 'in', 'shop')]],
];

const refused: [string, RegExp][] = [
  ['x=a||y=b', /a\|\|y/],
  ['x==a==b', /"=="/],
  ['!x=a', /"="/],
  ['x<a', /whole number/],
  ['x>1.5', /whole number/],
  ['x>-1', /whole number/],
  ['x>99999999999999999999', /whole number/],
  [',x', /","/],
  ['x,,y', /","/],
  ['x,', /ends with a comma/],
  ['a in (xyz),', /ends with a comma/],
  ['x nott in (y)', /"nott" is no operator/],
  ['a in (xyz)b notin ()', /"b"/],
  ['a in (xyz abc)', /"abc"/],
  ['a in xyz', /parentheses/],
  ['a notin(', /ends where/],
  ['a (', /no operator/],
  ['(', /label key/],
  ['region:east', /"region:east" is no label key/],
  ['-a', /no label key/],
  ['a/b/c', /no label key/],
  ['A_B.c/x', /no label key/],
  ['a..b/x', /no label key/],
  ['a=b/c', /no label value/],
  [`a=${'x'.repeat(64)}`, /no label value/],
  [`${'x'.repeat(64)}`, /no label key/],
  ['é', /no label key/],
];

const matching: [string, Record<string, string>, boolean][] = [
  ['', {}, true],
  ['x=a', { x: 'a' }, true],
  ['x=a', { x: 'b' }, false],
  ['x=a', {}, false],
  ['x!=a', {}, true],
  ['x!=a', { x: 'a' }, false],
  ['x notin (a,b)', {}, true],
  ['x notin (a,b)', { x: 'b' }, false],
  ['x notin ()', { y: '' }, true],
  ['x in ()', { x: '' }, true],
  ['x in ()', { y: 'baz' }, false],
  ['!x,y', { y: '' }, true],
  ['z>1', { z: '2' }, true],
  ['z>1', { z: 'v2' }, false],
  ['z<1', {}, false],
  ['z<9007199254740993', { z: '9007199254740992' }, true],
  ['toString', {}, false],
  ['constructor!=a', {}, true],
];

const name = fc.constantFrom('region', 'tier', 'shop.example.com/kind', 'in', 'z');
const text = fc.constantFrom('', 'a', 'b', 'east', '1', '02');
const requirement = fc.oneof(
  fc.tuple(name, fc.constantFrom<'exists' | 'absent'>('exists', 'absent'), fc.constant<string[]>([])),
  fc.tuple(name, fc.constantFrom<'in' | 'notin'>('in', 'notin'), fc.array(text, { minLength: 1, maxLength: 3 })),
  fc.tuple(name, fc.constantFrom<'gt' | 'lt'>('gt', 'lt'), fc.tuple(fc.constantFrom('0', '1', '7'))),
);

function write([key, operator, values]: readonly [string, string, readonly string[]]): string {
  if (operator === 'exists') return key;
  if (operator === 'absent') return `!${key}`;
  if (operator === 'gt' || operator === 'lt') return `${key} ${operator === 'gt' ? '>' : '<'} ${values[0]}`;
  return `${key} ${operator} (${values.join(', ')})`;
}

/** The rules of the API machinery, said another way. */
function naive(
  [key, operator, values]: readonly [string, string, readonly string[]],
  labels: Map<string, string>,
): boolean {
  const value = labels.get(key);
  if (operator === 'exists') return labels.has(key);
  if (operator === 'absent') return !labels.has(key);
  if (operator === 'in') return labels.has(key) && values.some((one) => one === value);
  if (operator === 'notin') return !labels.has(key) || values.every((one) => one !== value);
  if (value === undefined || value === '' || Number.isNaN(Number(value))) return false;
  return operator === 'gt' ? Number(value) > Number(values[0]) : Number(value) < Number(values[0]);
}

describe('label selectors', () => {
  for (const [written, want] of parsed) {
    it(`${JSON.stringify(written)} is read`, () => assert.deepEqual(parseLabelSelector(written).requirements, want));
  }

  for (const [written, why] of refused) {
    it(`${JSON.stringify(written)} is refused`, () => {
      assert.throws(
        () => parseLabelSelector(written),
        (error) => error instanceof LbError && error.code === 'LB_BAD_SELECTOR' && why.test(error.message),
      );
    });
  }

  for (const [written, labels, want] of matching) {
    it(`${JSON.stringify(written)} ${want ? 'matches' : 'does not match'} ${JSON.stringify(labels)}`, () => {
      assert.equal(selectorMatches(parseLabelSelector(written), labels), want);
    });
  }

  it('reads back what was written and matches as the rules say', () => {
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), fc.dictionary(name, text), (requirements, labels) => {
        const selector = parseLabelSelector(requirements.map(write).join(' , '));
        const want = requirements.map(([key, operator, values]) => ({ key, operator, values }));
        assert.deepEqual(selector.requirements, want);
        const known = new Map(Object.entries(labels));
        assert.equal(
          selectorMatches(selector, labels),
          requirements.every((one) => naive(one, known)),
        );
      }),
    );
  });

  it('answers any text with a selector or an LbError', () => {
    const signs = fc.string({ unit: fc.constantFrom('a', 'in', ' ', '(', ')', ',', '!', '=', '>', '<', 'é', '/') });
    fc.assert(
      fc.property(fc.oneof(fc.string(), signs), (written) => {
        try {
          parseLabelSelector(written);
        } catch (error) {
          assert.ok(error instanceof LbError);
        }
      }),
    );
  });
});
