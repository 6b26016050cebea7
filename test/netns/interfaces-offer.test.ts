import { strict as assert } from 'node:assert';
import { needSites } from '../support/netns/suite.ts';
import { SpeakerSite } from './speaker-site.ts';

const VIP = '192.168.10.240';

describe('a member without a usable interface', function () {
  this.timeout(60_000);
  let site: SpeakerSite;

  before(async function () {
    needSites(this);
    site = await SpeakerSite.create(['a', 'b']);
    await site.addService('web', VIP);
    site.startAll();
  });
  after(() => site?.close());

  it('does not offer the address, says why, and the other one announces it; back, it offers again', async () => {
    const asker = await site.ask([VIP]);
    const owner = site.nodeOfMac((await asker.answer(VIP, { timeoutMs: 20_000 })).mac);
    const other = owner === 'a' ? 'b' : 'a';
    await site.until('both offer it', other, (state) => state.addresses[0]?.offered === true, 20_000);
    const { ns, lanIp } = site.site.node(owner);
    const ip = (line: string) => assert.equal(site.site.exec(ns, 'ip', line.split(' ')).status, 0, line);

    ip('link set eth0 down');
    await asker.answer(VIP, { mac: site.site.macOf(other), timeoutMs: 20_000 });
    const told = (noLink: RegExp) =>
      site.until(
        `${noLink}`,
        owner,
        ({ addresses: [one] }) => one?.offered === 'no-link' && noLink.test(one.noLink ?? ''),
      );
    await told(/^link-down: eth0 is down$/);

    ip('link set eth0 up');
    ip(`address delete ${lanIp}/24 dev eth0`);
    await told(/^no-link: no LAN interface has a subnet for/);

    ip(`address add ${lanIp}/24 dev eth0`);
    await site.until('it offers again', owner, (state) => state.addresses[0]?.offered === true);
    await asker.stop();
  });

  it('starts while an interface comes and goes all the time', async () => {
    await site.stopSpeaker('b', 'SIGTERM');
    const { ns } = site.site.node('b');
    assert.equal(site.site.exec(ns, 'ip', ['link', 'add', 'eth7', 'type', 'veth', 'peer', 'name', 'eth8']).status, 0);
    const flap = 'for i in $(seq 20000); do echo link set eth7 up; echo link set eth7 down; done | ip -batch -';
    const flapping = site.site.spawn(ns, 'sh', ['-c', flap], { stdio: 'ignore', detached: true });
    try {
      site.startSpeaker('b');
      await site.until('it offers', 'b', (state) => state.addresses[0]?.offered === true, 30_000);
    } finally {
      if (flapping.pid !== undefined && flapping.exitCode === null) process.kill(-flapping.pid, 'SIGKILL');
    }
  });
});
