import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { childProgram } from '../support/child-program.ts';
import { Site } from '../support/netns/site.ts';
import { needSites } from '../support/netns/suite.ts';
import { type PoolEvent, PoolProcess } from '../support/pool-process.ts';
import { nowMs, until } from '../support/until.ts';

const ADDRESSES = ['192.168.10.240', '192.168.10.241', '192.168.10.242', '192.168.10.243'];
const NODES = ['a', 'b', 'c'];
/** Dead after 1.05 s: a member that a busy machine starves for less is none that an attack took down. */
const SITE = { minReadySeconds: 0, heartbeatMs: 300 };
const MEGABYTE = 1024 * 1024;
const OLD = `key-1=${'07'.repeat(32)}`;
const NEW = `key-2=${'09'.repeat(32)}`;
/** What the rogue host does, and nothing else does it here. */
const DROPPED = [
  ...['datagram-foreign', 'hello-forged', 'hello-foreign-pool', 'heartbeat-forged', 'heartbeat-old'],
  ...['heartbeat-unknown-session', 'session-handshake'],
];

describe('pool session under attack, with new keys', function () {
  this.timeout(90_000);
  let site: Site;
  let members: PoolProcess[] = [];

  before(async function () {
    needSites(this);
    site = await Site.create({ prefix: 'yph', pools: [{ name: 'shop', nodes: NODES }] });
  });
  after(() => site?.close());
  beforeEach(async () => {
    members = NODES.map((node) => start(node));
    await until('in session, each address answered once', atRest, 30_000);
  });
  afterEach(async () => {
    for (const { child } of members) child.kill('SIGKILL');
    await Promise.all(members.map(({ exited }) => exited));
  });

  const start = (node: string, keys = OLD) => PoolProcess.start(site, 'shop', node, ADDRESSES, { site: SITE, keys });
  const holders = (address: string) => members.filter(({ answers }) => answers.has(address));
  const inSession = () => members.every(({ alive }) => alive === members.length - 1);
  const atRest = () => inSession() && ADDRESSES.every((address) => holders(address).length === 1);
  /** What moved an address since then. */
  const moves = (sinceMs: number): PoolEvent[] =>
    members.flatMap(({ events }) =>
      events.filter(
        ({ atMs, event, address }) =>
          atMs >= sinceMs && (event === 'announce' || event === 'withdraw') && ADDRESSES.includes(address ?? ''),
      ),
    );

  /** @returns what it sent, as it said itself */
  async function attack(ms: number, recorded: readonly string[]): Promise<string> {
    const targets = NODES.map((node) => site.node(node).lanIp);
    const args = [...childProgram('rogue-host'), `${ms}`, ...targets];
    const { clientNs } = site.pool('shop');
    const rogue = site.spawn(clientNs, process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let said = '';
    rogue.stdout?.on('data', (text: Buffer) => {
      said += text;
    });
    rogue.stdin?.end(`${recorded.join('\n')}\n\n`);
    const [code] = await once(rogue, 'close');
    assert.equal(code, 0);
    return said.trim();
  }

  it('a rogue host floods, replays and forges: nothing moves, all of it is dropped and counted, memory stays', async () => {
    const recorded = (await Promise.all(members.map((member) => member.ask('recorded')))).flatMap(
      (e) => e.recorded ?? [],
    );
    assert.ok(
      ['01', '02'].every((type) => recorded.some((hex) => hex.slice(6, 8) === type)),
      'hellos and heartbeats',
    );
    const sinceMs = nowMs();
    await attack(2_000, recorded); // code is compiled and pools of buffers have grown; after it they do no more
    const before = await Promise.all(members.map((member) => member.ask('counts')));
    const sent = await attack(2_000, recorded);
    const after = await Promise.all(members.map((member) => member.ask('counts')));
    assert.deepEqual(moves(sinceMs), []);
    assert.ok(atRest());
    for (const [i, { counts = {}, rssBytes = 0 }] of after.entries()) {
      const was = before[i]?.counts ?? {};
      for (const reason of DROPPED)
        assert.ok((counts[reason] ?? 0) > (was[reason] ?? 0), `${reason} ${JSON.stringify(counts)}`);
      const grown = rssBytes - (before[i]?.rssBytes ?? 0);
      assert.ok(grown < 10 * MEGABYTE, `${NODES[i]} grew by ${grown} bytes`);
      console.log(`      ${NODES[i]}: RSS ${(grown / MEGABYTE).toFixed(1)} MB, ${JSON.stringify(counts)}`);
    }
    console.log(`      sent in the second attack: ${sent}`);
  });

  it('keys are exchanged node by node: every address stays where it is', async () => {
    const sinceMs = nowMs();
    for (const ring of [`${OLD},${NEW}`, NEW]) {
      for (const member of members) {
        member.tell(`keys ${ring}`);
        await member.ask('counts'); // it has taken them
        const heardMs = nowMs() + 1_200; // longer than a death takes to be noticed
        await until('in session', () => inSession() && nowMs() >= heardMs);
      }
    }
    assert.deepEqual(moves(sinceMs), []);
    assert.ok(atRest());
    const last = members.at(-1) ?? assert.fail();
    last.child.kill('SIGKILL');
    await last.exited;
    members = [...members.slice(0, -1), start(last.node, NEW)];
    await until('a member with the new key alone comes in', atRest);
  });
});
