import { strict as assert } from 'node:assert';
import { MEET_MS, Strangers } from '../../../edge-speaker/src/drive/strangers.ts';
import { VirtualTime } from '../../support/virtual-time.ts';

const OTHER = '02:00:00:00:00:0b';
const objection = (byMac = OTHER) =>
  ({ kind: 'failed', address: '192.168.1.240', link: 'eth0', byMac, retryMs: 10_000, heldMs: 0 }) as const;

function stage() {
  const time = new VirtualTime();
  const members = new Set<string>();
  const said: string[] = [];
  const strangers = new Strangers({
    timers: time.timers,
    isMember: (mac) => members.has(mac),
    member: ({ byMac }) => said.push(`member ${byMac}`),
    stranger: ({ byMac }) => said.push(`stranger ${byMac}`),
  });
  return { time, members, said, strangers };
}

describe('a host that objects to a probe', () => {
  it('is a stranger when the members had time to meet, and not before', () => {
    const { time, said, strangers } = stage();
    strangers.heard(objection());
    time.advance(MEET_MS - 1);
    assert.deepEqual(said, []);
    time.advance(1);
    assert.deepEqual(said, [`stranger ${OTHER}`]);
  });

  it('is a member where it was met meanwhile: nobody is told of a conflict', () => {
    const { time, members, said, strangers } = stage();
    strangers.heard(objection());
    time.advance(MEET_MS / 2);
    members.add(OTHER);
    time.advance(MEET_MS);
    assert.deepEqual(said, [`member ${OTHER}`]);
  });

  it('is told once however often it objects meanwhile, and each host for itself', () => {
    const { time, said, strangers } = stage();
    for (const mac of [OTHER, OTHER, '02:00:00:00:00:0c']) strangers.heard(objection(mac));
    time.advance(MEET_MS);
    assert.deepEqual(said, [`stranger ${OTHER}`, 'stranger 02:00:00:00:00:0c']);
  });

  it('is nobody to a speaker that ends', () => {
    const { time, said, strangers } = stage();
    strangers.heard(objection());
    strangers.stop();
    time.advance(2 * MEET_MS);
    assert.deepEqual(said, []);
  });
});
