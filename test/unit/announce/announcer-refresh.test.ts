import { strict as assert } from 'node:assert';
import { advertisement } from '../../support/ndp-frames.ts';
import { lan6, SETTINGS, stage } from './announcer-stage.ts';

const VIP = 'fd00:10::f0';
const IPV4 = '192.168.10.240';
const FOE = '02:00:00:00:00:66';

describe('Announcer, refresh', () => {
  it('says both families again each minute, and not in step with the whole minute', () => {
    const { announcer, icmpv6, lan, time } = stage([lan6()]);
    for (const address of [VIP, IPV4]) announcer.announce(address, { probe: false });
    time.advance(1_000);
    const before = [icmpv6.messages.length, lan.frames.length];
    time.advance(600_000);
    assert.deepEqual(
      [icmpv6.messages.length, lan.frames.length],
      [before[0] ?? 0, before[1] ?? 0].map((n, i) => n + (i + 1) * 10),
    );
  });

  it('0 says nothing after the burst; what the site sets later holds for what is announced', () => {
    const { announcer, icmpv6, time } = stage([lan6()]);
    announcer.configure({ ...SETTINGS, refreshMs: 0 });
    announcer.announce(VIP, { probe: false });
    time.advance(10_000_000);
    assert.deepEqual([icmpv6.messages.length, time.pending], [3, 0]);
    announcer.configure({ ...SETTINGS, refreshMs: 5_000 });
    time.advance(5_000);
    assert.equal(icmpv6.messages.length, 5, 'within the first interval, then each');
    announcer.configure({ ...SETTINGS, refreshMs: 0 });
    time.advance(10_000_000);
    assert.equal(icmpv6.messages.length, 5);
  });

  it('a slow refresh still tells two owners from two hand-overs', () => {
    const { announcer, lan, counts, time } = stage([lan6()]);
    announcer.configure({ ...SETTINGS, refreshMs: 600_000 });
    announcer.setPoolMacs([FOE]);
    announcer.announce(VIP, { probe: false });
    lan.inject(advertisement(VIP));
    time.advance(600_000);
    lan.inject(advertisement(VIP));
    assert.equal(counts.get(`duplicate_owners ${VIP}`), 1);
  });
});
