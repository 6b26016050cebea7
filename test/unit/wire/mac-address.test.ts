import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { formatMac, isBroadcastMacAt, isStationMac, parseMac } from '../../../edge-speaker/src/wire/mac-address.ts';

describe('MAC addresses', () => {
  const cases: { text: string; station: boolean; broadcast: boolean }[] = [
    { text: '02:42:ac:11:00:02', station: true, broadcast: false },
    { text: '00:00:00:00:00:01', station: true, broadcast: false },
    { text: '00:00:00:00:00:00', station: false, broadcast: false },
    { text: 'ff:ff:ff:ff:ff:ff', station: false, broadcast: true },
    { text: '01:00:5e:00:00:fb', station: false, broadcast: false },
    { text: '33:33:00:00:00:01', station: false, broadcast: false },
  ];
  for (const { text, station, broadcast } of cases) {
    it(`${text}: ${station ? 'a station' : broadcast ? 'broadcast' : 'neither'}`, () => {
      const mac = parseMac(text);
      assert.ok(mac);
      assert.deepEqual([isStationMac(mac), isBroadcastMacAt(mac, 0)], [station, broadcast]);
    });
  }

  for (const text of ['', '02:42:ac:11:00', '02-42-ac-11-00-02', '02:42:ac:11:00:0g', '02:42:ac:11:00:02:03']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseMac(text), undefined));
  }

  it('a link without an Ethernet address has no station', () => assert.equal(isStationMac(Buffer.alloc(0)), false));

  it('formats and parses back, either case', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
        const mac = Buffer.from(bytes);
        assert.deepEqual(parseMac(formatMac(mac)), mac);
        assert.deepEqual(parseMac(formatMac(mac).toUpperCase()), mac);
      }),
    );
  });
});
