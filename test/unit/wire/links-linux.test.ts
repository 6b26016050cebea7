import { strict as assert } from 'node:assert';
import { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import type { NativeAddon, NativeErrorListener } from '../../../edge-speaker/src/io/native.ts';
import { RTM_GETLINK, RTM_GETROUTE } from '../../../edge-speaker/src/io/rtnetlink.ts';
import { until } from '../../support/until.ts';

const MULTI = 0x2;
const INTERRUPTED = 0x10;

function message(type: number, flags: number, seq: number, body: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(seq, 8);
  return Buffer.concat([header, body]);
}

/** ifinfomsg, IFLA_IFNAME (7 characters with its zero), IFLA_ADDRESS. */
function link(index: number, name: string): Buffer {
  const info = Buffer.alloc(16);
  info.writeInt32LE(index, 4);
  info.writeUInt32LE(0x10001, 8);
  const ifname = Buffer.alloc(12);
  ifname.writeUInt16LE(12, 0);
  ifname.writeUInt16LE(3, 2);
  ifname.write(name, 4, 'latin1');
  return Buffer.concat([info, ifname, Buffer.from('0a000100020000000011', 'hex'), Buffer.alloc(2)]);
}

/** An IPv6 default route through an interface, RTA_OIF. */
function defaultRoute6(index: number): Buffer {
  return Buffer.from([10, 0, 0, 0, 254, 9, 0, 1, 0, 0, 0, 0, 8, 0, 4, 0, index, 0, 0, 0]);
}

/** A kernel with links and no addresses; `dumpLinks` says what its next dump of links holds. */
class FakeKernel {
  dumpLinks: (seq: number) => Buffer[] = () => [];
  /** Where its IPv6 default route leaves. */
  default6: number | undefined;
  dumps = 0;
  /** Whether a dump is asked for while another runs: the kernel refuses that. */
  asksTwice = false;
  private running = 0;
  private onMessages: (datagram: Buffer) => void = () => {};
  private onError: NativeErrorListener = () => {};

  readonly native: NativeAddon = {
    openPacket: () => assert.fail('no frames here'),
    openRoute: ({ onMessages, onError }) => {
      this.onMessages = onMessages;
      this.onError = onError;
      return { send: (request) => this.answer(request), close: () => {}, ref: () => {}, unref: () => {} };
    },
  };

  overrun(): void {
    this.onError('ENOBUFS', 'recvmsg', 105);
  }

  news(datagram: Buffer): void {
    this.onMessages(datagram);
  }

  private answer(request: Buffer): number {
    const seq = request.readUInt32LE(8);
    const type = request.readUInt16LE(4);
    this.asksTwice ||= this.running++ > 0;
    if (type === RTM_GETLINK) this.dumps++;
    const parts = type === RTM_GETLINK ? this.dumpLinks(seq) : [];
    if (type === RTM_GETROUTE && request[16] === 10 && this.default6 !== undefined)
      parts.push(message(24, MULTI, seq, defaultRoute6(this.default6)));
    setImmediate(() => {
      this.running--;
      this.onMessages(Buffer.concat([...parts, message(3, MULTI, seq, Buffer.alloc(4))]));
    });
    return 0;
  }
}

const part =
  (index: number, name: string, flags = MULTI) =>
  (seq: number) =>
    message(16, flags, seq, link(index, name));
const whole = [part(2, 'eth0'), part(3, 'eth1')];

describe('LinuxLinks', () => {
  it('a dump that was disturbed in its middle takes nothing away; it is asked for again', async () => {
    const kernel = new FakeKernel();
    kernel.dumpLinks = (seq) => whole.map((one) => one(seq));
    const links = await LinuxLinks.open(kernel.native);
    const told: string[][] = [];
    links.onChange((list) => told.push(list.map(({ name }) => name)));

    kernel.dumpLinks = (seq) => {
      kernel.dumpLinks = (next) => whole.map((one) => one(next));
      return [part(3, 'eth1', MULTI | INTERRUPTED)(seq)]; // eth0 was skipped; the closing message does not say so
    };
    const before = kernel.dumps;
    kernel.overrun();
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(told, []);
    assert.equal(kernel.dumps, before + 2);
    assert.deepEqual(
      links.list().map(({ name }) => name),
      ['eth0', 'eth1'],
    );
    links.close();
  });

  it('a default route that goes elsewhere is told, though nothing else changed', async () => {
    const kernel = new FakeKernel();
    kernel.dumpLinks = (seq) => whole.map((one) => one(seq));
    kernel.default6 = 2;
    const links = await LinuxLinks.open(kernel.native);
    const told: string[] = [];
    links.onChange((list) => told.push(list.map((one) => `${one.name}=${one.defaultRouteOf.join()}`).join(' ')));
    kernel.default6 = 3;
    kernel.news(message(24, 0, 7, defaultRoute6(3)));
    await until('the new one', () => told.length > 0);
    kernel.default6 = undefined;
    kernel.news(message(25, 0, 8, defaultRoute6(3)));
    await until('its end', () => told.length > 1);
    assert.deepEqual(told, ['eth0= eth1=IPv6', 'eth0= eth1=']);
    links.close();
  });

  it('an overrun in the middle of a dump: the next is asked for when that one ended, and takes away what is gone', async () => {
    const kernel = new FakeKernel();
    kernel.dumpLinks = (seq) => whole.map((one) => one(seq));
    const links = await LinuxLinks.open(kernel.native);
    kernel.overrun();
    kernel.dumpLinks = (seq) => [part(3, 'eth1')(seq)];
    kernel.overrun();
    await until('eth0 is gone', () => links.list().length === 1);
    assert.equal(kernel.asksTwice, false);
    links.close();
  });
});
