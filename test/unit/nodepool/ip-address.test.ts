import { strict as assert } from 'node:assert';
import { isIP } from 'node:net';
import {
  canonicalIp,
  compareIp,
  formatIpAddress,
  LbError,
  parseIpAddress,
  tryParseIpAddress,
} from '@openyurt/nodepool-types';
import fc from 'fast-check';

/** RFC 5952 §4 and its neighbours: written, canonical. */
const canonical: [string, string | undefined][] = [
  ['192.168.10.240', '192.168.10.240'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['::ffff:1.2.3.4', undefined],
  ['::ffff:102:304', undefined],
  ['fe80::1%eth0', undefined],
  ['192.168.010.1', undefined],
  ['192.168.10', undefined],
  ['192.168.10.1/24', undefined],
  [' 192.168.10.1', undefined],
  ['256.1.1.1', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['', undefined],
];

/** Refused text → the hint its remedy must give. */
const remedies: [string, RegExp][] = [
  ['::ffff:1.2.3.4', /plain IPv4/],
  ['::ffff:102:304', /plain IPv4/],
  ['10.0.0.1/24', /without a prefix/],
  ['fe80::1%eth0', /without a zone/],
  ['10.01.0.1', /leading zeros/],
  ['host', /such as/],
];

describe('IP addresses', () => {
  for (const [written, want] of canonical) {
    it(`${JSON.stringify(written)} is ${want ?? 'refused'}`, () => assert.equal(canonicalIp(written), want));
  }

  for (const [written, want] of remedies) {
    it(`${written} is refused with a remedy`, () => {
      assert.throws(
        () => parseIpAddress(written),
        (error) => error instanceof LbError && error.code === 'LB_BAD_ADDRESS' && want.test(error.remedy),
      );
    });
  }

  it('text → number → text is the same for every IPv4 address', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => assert.equal(formatIpAddress(parseIpAddress(text)), text)));
  });

  it('number → text → number is the same for every IPv6 address that is not mapped', () => {
    const values = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).filter((value) => value >> 32n !== 0xffffn);
    fc.assert(
      fc.property(values, (value) => {
        const text = formatIpAddress({ family: 'IPv6', value });
        assert.deepEqual(parseIpAddress(text), { family: 'IPv6', value });
      }),
    );
  });

  it('reads every spelling of an IPv6 address as one', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = tryParseIpAddress(text);
        if (address === undefined) return;
        assert.deepEqual(parseIpAddress(formatIpAddress(address)), address);
        assert.deepEqual(parseIpAddress(text.toUpperCase()), address);
      }),
    );
  });

  it('takes nothing that Node does not take for an address', () => {
    fc.assert(fc.property(fc.string(), (text) => assert.ok(tryParseIpAddress(text) === undefined || isIP(text) > 0)));
  });

  it('orders IPv4 before IPv6, then by number', () => {
    const texts = ['fd00::2', '10.0.0.10', '10.0.0.9', 'fd00::1'];
    const sorted = texts.map(parseIpAddress).sort(compareIp).map(formatIpAddress);
    assert.deepEqual(sorted, ['10.0.0.9', '10.0.0.10', 'fd00::1', 'fd00::2']);
  });
});
