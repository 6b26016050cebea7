import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { namespacesOf } from '../support/netns/plan.ts';
import { type Cut, Site } from '../support/netns/site.ts';
import { needSites } from '../support/netns/suite.ts';
import { until } from '../support/until.ts';

const POOLS = [
  { name: 'shop', nodes: ['a', 'b'] },
  { name: 'depot', nodes: ['c'] },
];

describe('sites in network namespaces', () => {
  let site: Site;

  before(async function () {
    needSites(this);
    site = await Site.create({ pools: POOLS });
  });
  after(() => site?.close());

  /** Whether a node reaches an address: the answer to a connection to a closed port is enough. */
  const reaches = (node: string, ip: string) => {
    const script = `require('net').connect(9, '${ip}').on('error', (e) => process.exit(e.code === 'ECONNREFUSED' ? 0 : 1));
      setTimeout(() => process.exit(1), 400)`;
    return site.exec(site.node(node).ns, process.execPath, ['-e', script]).status === 0;
  };
  const hasCarrier = (node: string, link: string) =>
    site.exec(site.node(node).ns, 'ip', ['link', 'show', link]).stdout.includes('LOWER_UP');

  it('two NodePools with the same addresses are two LANs with one cloud', () => {
    assert.equal(site.node('a').lanIp, site.node('c').lanIp);
    assert.equal(reaches('a', site.node('b').lanIp), true);
    assert.equal(reaches('c', site.node('b').lanIp), false);
    for (const node of ['a', 'b', 'c']) assert.equal(reaches(node, site.plan.cloudIp), true, node);
  });

  for (const how of ['down', 'blackhole'] satisfies Cut[]) {
    it(`a cloud link cut (${how}) cuts one node's, and ${how === 'down' ? 'takes' : 'leaves'} its carrier`, () => {
      site.cutCloud('a', { how });
      assert.equal(reaches('a', site.plan.cloudIp), false);
      assert.equal(hasCarrier('a', 'cloud0'), how === 'blackhole');
      assert.equal(reaches('b', site.plan.cloudIp), true);
      assert.equal(reaches('a', site.node('b').lanIp), true);
      site.restoreCloud('a');
      assert.equal(reaches('a', site.plan.cloudIp), true);
    });
  }

  it('a node whose power is cut loses what ran there, and comes back with its addresses and its MAC', async () => {
    const mac = site.macOf('a');
    const child = site.spawn(site.node('a').ns, 'sleep', ['600']);
    const ended = once(child, 'exit');
    await site.powerOff('a');
    await ended;
    assert.equal(reaches('b', site.node('a').lanIp), false);
    await site.powerOn('a', { mac });
    assert.equal(site.macOf('a'), mac);
    assert.equal(reaches('a', site.plan.cloudIp), true);
    assert.equal(reaches('b', site.node('a').lanIp), true);
  });

  it('a process that is killed takes its children along, and the next site sweeps its namespaces', async () => {
    const swept = 'ylx'; // nobody else's: another suite's next site must not sweep first
    const module = fileURLToPath(new URL('../support/netns/site.ts', import.meta.url));
    const script = `import { Site } from ${JSON.stringify(module)};
      const site = await Site.create({ prefix: ${JSON.stringify(swept)}, pools: [{ name: 'x', nodes: ['n'] }] });
      const child = site.spawn(site.node('n').ns, 'sleep', ['600']);
      console.log(site.plan.prefix + ' ' + child.pid);
      setInterval(() => {}, 1000);`;
    const victim = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    const [line] = (await once(victim.stdout, 'data')) as [Buffer];
    const [prefix = '', pid = ''] = line.toString().trim().split(' ');
    // The wish to die with its parent is spoken by the command before it.
    await until('the child runs', () => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sleep');
    victim.kill('SIGKILL');
    await once(victim, 'close');
    const deadline = Date.now() + 5_000;
    while (alive(Number(pid))) {
      assert.ok(Date.now() < deadline, 'the child outlived its parent');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const left = () => readdirSync('/run/netns').filter((name) => name.startsWith(`${prefix}-`));
    assert.notEqual(left().length, 0);
    (await Site.create({ prefix: swept, pools: [] })).close();
    assert.deepEqual(left(), []);
  });

  it('close leaves nothing', () => {
    const names = namespacesOf(site.plan);
    site.close();
    assert.deepEqual(
      readdirSync('/run/netns').filter((name) => names.includes(name)),
      [],
    );
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
