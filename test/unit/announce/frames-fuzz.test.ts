import { strict as assert } from 'node:assert';
import { ipv4Value } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { Receiver } from '../../../edge-speaker/src/announce/receiver.ts';
import { memoryLink } from '../../support/memory-lan.ts';
import { groupOf, mac6 } from '../../support/ndp-frames.ts';
import { type Deed, deedFor, hex6, lateDeedFor, type World } from './frame-oracle.ts';
import { anyFrame } from './frame-recipe.ts';

/** `FUZZ_FRAMES=1000000 npx mocha test/unit/announce/frames-fuzz.test.ts` for a long run; `FUZZ_SEED` repeats one. */
const FRAMES = Number(process.env.FUZZ_FRAMES ?? 50_000);
const SEED = process.env.FUZZ_SEED;

const OURS = '02:00:00:00:00:11';
const ETH1 = '02:00:00:00:00:21';
const MEMBER = '02:00:00:00:00:12';
const FOE = '02:00:00:00:00:66';
const NONCE = 'a1b2c3d4e5f6';
const HERE = [
  { address: '192.168.10.240', phase: 'announced' },
  { address: '192.168.10.241', phase: 'probing' },
  { address: 'fd00:10::f0', phase: 'announced' },
  { address: 'fd00:11::f0', phase: 'announced' }, // ends like the one before
  { address: 'fd00:10::f1', phase: 'probing' },
] as const;
const ELSEWHERE = ['192.168.20.240', 'fd00:20::f0'];
const eth0 = memoryLink({ mac: mac6(OURS) });

const inFrames = (address: string) =>
  address.includes(':') ? hex6(address) : ipv4Value(address).toString(16).padStart(8, '0');
const world: World = {
  ourMac: mac6(OURS).toString('hex'),
  poolMacs: new Set([mac6(MEMBER).toString('hex')]),
  nodeMacs: new Set([mac6(ETH1).toString('hex')]),
  ours: new Map(HERE.map((one) => [inFrames(one.address), one])),
  nonce: NONCE,
};
const ipv6 = ['fd00:10::f0', 'fd00:11::f0', 'fd00:10::f1', 'fd00:20::f0', 'fd00:10::c8', 'fe80::c8', '::1', 'ff02::1'];
const frames = anyFrame({
  macs: [OURS, OURS, ETH1, MEMBER, FOE, 'ff:ff:ff:ff:ff:ff', '33:33:ff:00:00:f0', '00:00:00:00:00:00'],
  stations: [FOE, MEMBER, '02:00:00:00:00:c8'],
  ipv4: [
    '192.168.10.240',
    '192.168.10.241',
    '192.168.20.240',
    '192.168.10.200',
    '192.168.10.201',
    '0.0.0.0',
    '127.0.0.1',
  ].map(ipv4Value),
  ipv6,
  groups: ['ff02::1', 'ff02::2', ...ipv6.slice(0, 3).map(groupOf)],
  nonces: [NONCE, '000000000001'],
});

/** Hands a frame to a receiver and says what came of it. */
function listener() {
  let deeds: Deed[] = [];
  let counted: string[] = [];
  const receiver = new Receiver({
    count: (name, label) => counted.push(`${name} ${label}`),
    send: (_, frame) => deeds.push({ kind: 'frame', hex: frame.toString('hex') }),
    tellAllNodes: (_, target) => deeds.push({ kind: 'to-all', target: target.toString('hex') }),
    onConflict: (address, byMac) => deeds.push({ kind: 'conflict', address, byMac }),
    onHandOver: (address, _, byMac) => deeds.push({ kind: 'hand-over', address, byMac }),
  });
  receiver.poolMacs = new Set([MEMBER]);
  receiver.nodeMacs = new Set([OURS, ETH1]);
  for (const { address, phase } of HERE) receiver.listen(address, eth0.index, phase, Buffer.from(NONCE, 'hex'));
  for (const address of ELSEWHERE) receiver.listen(address, eth0.index + 1, 'announced');
  return (frame: Buffer, late: boolean) => {
    deeds = [];
    counted = [];
    receiver.receive(eth0, frame, late);
    return { deeds, counted };
  };
}

describe('the receiver under a million frames', () => {
  it(`does for ${FRAMES} frames, right and wrong, what the RFCs say, and nothing else`, function () {
    this.timeout(20_000 + FRAMES);
    const hear = listener();
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(frames, fc.nat(9), (frame, tenth) => {
        const late = tenth === 0;
        const before = frame.toString('hex');
        const { deeds, counted } = hear(frame, late);
        assert.equal(frame.toString('hex'), before, 'the receive buffer is not written to');
        const want = late ? lateDeedFor(frame, world) : deedFor(frame, world);
        assert.deepEqual(deeds, want === undefined ? [] : [want]);
        const received = counted.filter((name) => /^(arp|ndp)_received /.test(name));
        assert.equal(received.length, 1, 'each frame is counted by one decision');
        for (const name of received) seen.set(name, (seen.get(name) ?? 0) + 1);
      }),
      { numRuns: FRAMES, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
    const rare = ['arp_received reply', 'arp_received conflict', 'ndp_received reply', 'ndp_received conflict']
      .concat(['arp_received hand-over', 'ndp_received hand-over', 'ndp_received bad-checksum'])
      .filter((name) => (seen.get(name) ?? 0) < FRAMES / 1_000);
    assert.deepEqual(rare, [], 'the frames reach every kind of decision');
  });
});
