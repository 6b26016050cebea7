import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import type { LanLink } from '../../edge-speaker/src/ports/peer-socket.ts';
import { childProgram } from '../support/child-program.ts';
import type { Groups, GroupsCommand } from '../support/netns/hello-groups-node.ts';
import { LineProcess } from '../support/netns/line-process.ts';
import { needSites } from '../support/netns/suite.ts';

const link = (name: string, ...ips: string[]): LanLink => ({ name, mac: '02:00:00:00:00:01', ips });
const plug = (name: string) => [`link add ${name} type veth peer name far-${name}`, `link set ${name} up`];

describe('the hello groups follow the links', () => {
  let node: LineProcess<Groups>;
  let stop = () => {};

  beforeEach(async function () {
    needSites(this);
    const program = [process.execPath, ...childProgram('netns/hello-groups-node')];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '-n', ...program], { stdio: 'pipe' });
    stop = () => child.kill('SIGKILL');
    node = new LineProcess('groups', child);
    const two = [
      ...plug('eth0'),
      ...plug('eth1'),
      'address add 10.0.0.1/24 dev eth0',
      'address add 10.0.1.1/24 dev eth1',
    ];
    const links = [link('eth0', '10.0.0.1', 'fd00::1'), link('eth1', '10.0.1.1', 'fd01::1')];
    assert.deepEqual(await tell(two, ...links), { IPv4: ['eth0', 'eth1'], IPv6: ['eth0', 'eth1'] });
  });
  afterEach(() => stop());

  async function tell(ip: readonly string[], ...links: LanLink[]): Promise<Groups> {
    const from = node.lines.length;
    const command: GroupsCommand = { ip, links };
    node.tell(command);
    return node.until('its groups', (line): line is Groups => 'IPv4' in line, { from, timeoutMs: 20_000 });
  }

  it('a link that was renamed: it stays in, and so does the other', async () => {
    const renamed = ['link set eth0 down', 'link set eth0 name lan0', 'link set lan0 up'];
    const links = [link('lan0', '10.0.0.1', 'fd00::1'), link('eth1', '10.0.1.1', 'fd01::1')];
    assert.deepEqual(await tell(renamed, ...links), { IPv4: ['eth1', 'lan0'], IPv6: ['eth1', 'lan0'] });
    assert.deepEqual(await tell([], links[0] ?? link('')), { IPv4: ['lan0'], IPv6: ['lan0'] });
  });

  it('a link that is gone: the other stays in', async () => {
    assert.deepEqual(await tell(['link delete eth0'], link('eth1', '10.0.1.1', 'fd01::1')), {
      IPv4: ['eth1'],
      IPv6: ['eth1'],
    });
  });

  it('an address that moved to another link: both are in, and out of it when they are to be', async () => {
    const swapped = [
      'address delete 10.0.0.1/24 dev eth0',
      'address delete 10.0.1.1/24 dev eth1',
      'address add 10.0.0.1/24 dev eth1',
      'address add 10.0.2.1/24 dev eth0',
    ];
    const links = [link('eth0', '10.0.2.1'), link('eth1', '10.0.0.1')];
    assert.deepEqual(await tell(swapped, ...links), { IPv4: ['eth0', 'eth1'], IPv6: [] });
    assert.deepEqual(await tell([]), { IPv4: [], IPv6: [] });
  });

  it('a link without an IPv4 address for a while', async () => {
    const other = link('eth1', '10.0.1.1', 'fd01::1');
    const without = await tell(['address flush dev eth0'], link('eth0', 'fd00::1'), other);
    // Of IPv4's groups the kernel lets go of none that it does not find by its address.
    assert.deepEqual(without.IPv6, ['eth0', 'eth1']);
    const again = await tell(['address add 10.0.0.1/24 dev eth0'], link('eth0', '10.0.0.1', 'fd00::1'), other);
    assert.deepEqual(again, { IPv4: ['eth0', 'eth1'], IPv6: ['eth0', 'eth1'] });
  });

  it('a link that is plugged and unplugged fifty times: nothing is left behind', async () => {
    const other = link('eth1', '10.0.1.1', 'fd01::1');
    for (let i = 0; i < 50; i++) {
      assert.deepEqual(await tell(['link delete eth0'], other), { IPv4: ['eth1'], IPv6: ['eth1'] });
      const back = [...plug('eth0'), 'address add 10.0.0.1/24 dev eth0'];
      const both = await tell(back, link('eth0', '10.0.0.1', 'fd00::1'), other);
      assert.deepEqual(both, { IPv4: ['eth0', 'eth1'], IPv6: ['eth0', 'eth1'] }, `time ${i}`);
    }
    assert.deepEqual(await tell([]), { IPv4: [], IPv6: [] });
  }).timeout(60_000);
});
