import { strict as assert } from 'node:assert';
import { LbError } from '@openyurt/nodepool-types';
import type { RawSocketModule } from '../../../edge-speaker/src/io/icmpv6-raw.ts';
import { RawIcmpv6SocketFactory } from '../../../edge-speaker/src/io/icmpv6-socket.ts';
import { memoryLink } from '../../support/memory-lan.ts';

const ADD_MEMBERSHIP = 20;
const link = memoryLink({ name: 'no-such-link' });

/** raw-socket with a kernel that refuses what the test says, in the words of strerror(3). */
class ScriptedRaw implements RawSocketModule {
  readonly AddressFamily = { IPv6: 2 };
  /** What opening, an option by number, or sending meets. */
  refuse: { open?: string; option?: Record<number, string>; send?: string } = {};
  /** Memberships that fit into one socket. */
  room = Number.POSITIVE_INFINITY;
  readonly sent: string[] = [];
  /** Messages that wait for room, with what happens when there is some. */
  readonly queue: ((error: Error | null) => void)[] = [];
  open = 0;

  createSocket(): ReturnType<RawSocketModule['createSocket']> {
    if (this.refuse.open) throw new Error(this.refuse.open);
    this.open++;
    let groups = 0;
    return {
      setOption: (_level: number, option: number) => {
        const refusal = this.refuse.option?.[option];
        if (refusal) throw new Error(refusal);
        if (option !== ADD_MEMBERSHIP) return;
        if (groups === this.room) throw new Error('Cannot allocate memory');
        groups++;
      },
      pauseRecv() {},
      on() {},
      send: (_message, _offset, _length, _to, done) => this.queue.push(done),
      close: () => this.open--,
      wrap: {
        send: (_message, _offset, _length, to) => {
          if (this.refuse.send) throw new Error(this.refuse.send);
          this.sent.push(to);
        },
      },
    };
  }
}

describe('ICMPv6 socket', () => {
  let raw: ScriptedRaw;
  const open = () => new RawIcmpv6SocketFactory(() => raw).open(link);
  const address = (i: number) => `fd00::${i.toString(16)}`;
  beforeEach(() => {
    raw = new ScriptedRaw();
  });

  const refusals: { name: string; refuse: ScriptedRaw['refuse']; want: RegExp }[] = [
    {
      name: 'no capability',
      refuse: { open: 'Operation not permitted' },
      want: /^LB_CAPABILITY_MISSING: .*no-such-link.*CAP_NET_RAW/,
    },
    {
      name: 'a kernel without IPv6',
      refuse: { open: 'Address family not supported by protocol' },
      want: /^LB_LINK_UNUSABLE: .*runs without IPv6/,
    },
    { name: 'no such device', refuse: { option: { 25: 'No such device' } }, want: /^LB_LINK_UNUSABLE: .*ENODEV/ },
    { name: 'what nobody expected', refuse: { option: { 18: 'Level 3 reset' } }, want: /^LB_LINK_UNUSABLE: .*Level 3/ },
  ];
  for (const { name, refuse, want } of refusals) {
    it(`opening meets ${name}: told with a remedy, and nothing stays open`, () => {
      raw.refuse = refuse;
      assert.throws(open, (error) => error instanceof LbError && want.test(error.message) && error.remedy.length > 20);
      assert.equal(raw.open, 0);
    });
  }

  it('an interface that takes no more lets messages wait, up to 256, and counts the rest', () => {
    const socket = open();
    raw.refuse = { send: 'Resource temporarily unavailable' };
    for (let i = 0; i < 300; i++) socket.send(Buffer.alloc(32), 'ff02::1');
    assert.deepEqual(socket.stats(), { sent: 0, sendErrors: 0, dropped: 44, groups: 0 });
    raw.refuse = {};
    socket.send(Buffer.alloc(32), 'fe80::1');
    assert.deepEqual(raw.sent, [], 'none overtakes those that wait');
    for (const done of raw.queue.splice(0)) done(null);
    socket.send(Buffer.alloc(32), 'fe80::1');
    assert.deepEqual(raw.sent, ['fe80::1']);
    assert.deepEqual(socket.stats(), { sent: 257, sendErrors: 0, dropped: 45, groups: 0 });
  });

  it('groups move on to another socket when one is full, and room that came back is used', () => {
    raw.room = 3;
    const socket = open();
    for (let i = 1; i <= 7; i++) socket.join(address(i));
    assert.deepEqual([raw.open, socket.stats().groups], [3, 7]);
    socket.leave(address(7));
    assert.equal(raw.open, 2, 'an empty one is closed');
    socket.leave(address(7));
    assert.equal(socket.stats().groups, 6);
    socket.close();
    socket.close();
    assert.deepEqual([raw.open, socket.stats().groups], [0, 0]);
  });

  it('a group refused for another reason makes the socket useless, once, and it says so', () => {
    const socket = open();
    const errors: LbError[] = [];
    socket.onError((error) => errors.push(error));
    raw.refuse = { option: { [ADD_MEMBERSHIP]: 'Invalid argument' } };
    socket.join(address(1));
    socket.join(address(2));
    socket.send(Buffer.alloc(32), 'ff02::1');
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['LB_LINK_UNUSABLE'],
    );
    assert.match(errors[0]?.remedy ?? '', /MTU of 1280/);
    assert.deepEqual(raw.sent, [], 'a socket that is closed would open anew');
  });

  it('a socket that no longer sends, for the interface is gone, says so', () => {
    const socket = open();
    const errors: LbError[] = [];
    socket.onError((error) => errors.push(error));
    for (const send of ['No buffer space available', 'Network is unreachable', 'No such device', 'No such device']) {
      raw.refuse = { send };
      socket.send(Buffer.alloc(32), 'ff02::1');
    }
    assert.deepEqual([errors.length, socket.stats().sendErrors], [1, 4]);
  });
});
