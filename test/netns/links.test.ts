import { strict as assert } from 'node:assert';
import { AnnounceProcess } from '../support/netns/announce-process.ts';
import { Site } from '../support/netns/site.ts';
import { needSites } from '../support/netns/suite.ts';

const VIP = '192.168.10.240';

describe('links of a real node', () => {
  let site: Site;
  let node: AnnounceProcess;
  const ip = (...args: string[]) => {
    const { status, stderr } = site.exec(site.node('a').ns, 'ip', args);
    assert.equal(status, 0, stderr);
  };

  before(function () {
    needSites(this);
  });
  beforeEach(async () => {
    site = await Site.create({ pools: [{ name: 'shop', nodes: ['a'] }] });
    node = await AnnounceProcess.start(site, site.node('a').ns);
    await node.announce(VIP, false);
  });
  afterEach(() => site?.close());

  const losses: { name: string; lose: () => void; reason: string; mend: () => void }[] = [
    {
      name: 'a pulled cable',
      lose: () => site.cutLan('a'),
      reason: 'no-carrier',
      mend: () => site.restoreLan('a'),
    },
    {
      name: 'an interface taken down',
      lose: () => ip('link', 'set', 'eth0', 'down'),
      reason: 'link-down',
      mend: () => ip('link', 'set', 'eth0', 'up'),
    },
    {
      name: 'an interface that got the address itself',
      lose: () => ip('address', 'add', `${VIP}/24`, 'dev', 'eth0'),
      reason: 'own-address',
      mend: () => ip('address', 'delete', `${VIP}/24`, 'dev', 'eth0'),
    },
    {
      name: 'an interface that lost its subnet and the default route',
      lose: () => {
        ip('route', 'delete', 'default');
        ip('address', 'delete', `${site.node('a').lanIp}/24`, 'dev', 'eth0');
      },
      reason: 'no-link',
      mend: () => ip('address', 'add', `${site.node('a').lanIp}/24`, 'dev', 'eth0'),
    },
  ];
  for (const { name, lose, reason, mend } of losses) {
    it(`${name}: told at once, and announced again when mended`, async () => {
      const { mark } = node;
      lose();
      assert.equal((await node.next('withdrawn', mark)).reason, reason);
      mend();
      await offered(undefined);
    });
  }

  it('a removed interface: told at once, and the loop rests', async () => {
    const { mark } = node;
    ip('link', 'delete', 'eth0');
    assert.equal((await node.next('withdrawn', mark)).reason, 'link-down', 'the kernel takes it down first');
    await offered('no-link');
    const before = await node.stats();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const after = await node.stats();
    assert.ok(after.cpuMs - before.cpuMs < 150, `${after.cpuMs - before.cpuMs} ms of CPU in 300 ms of nothing to do`);
  });

  /** Offers the address again until the answer is this one. */
  async function offered(reason: string | undefined): Promise<void> {
    const deadline = Date.now() + 10_000;
    for (let last = await node.offer(VIP); last !== reason; last = await node.offer(VIP)) {
      assert.ok(Date.now() < deadline, `still ${last}, not ${reason}`);
    }
  }
});
