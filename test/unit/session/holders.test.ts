import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG } from '@openyurt/nodepool-types';
import { NewAddresses } from '../../../edge-speaker/src/candidates/new-addresses.ts';
import type { Candidate } from '../../../edge-speaker/src/candidates/offers.ts';
import { PoolRun, type RunMember } from '../../support/pool-run.ts';

const VIP = '10.9.0.1';
const after: Candidate = {
  ...{ address: VIP, serviceKeys: ['ns/web'], serviceUids: ['u'], resourceVersion: 1n },
  ...{ unserved: false, restsOn: [], endpoints: 'not-asked' },
};

/** Three members to whom {@link VIP} is new; who is told to announce it writes down whether it must ask the LAN first. */
async function pool(minReadySeconds = 5) {
  const asked: string[] = [];
  let run: PoolRun | undefined;
  const fresh = new Map<string, NewAddresses>();
  const newness = (node: string) => ({
    ...{ probingMs: 30, objectionMs: 7_000, announcedMs: () => undefined },
    heldElsewhereMs: (address: string) => memberOf(node)?.session.heldElsewhereMs(address),
  });
  const memberOf = (node: string) => run?.members.find((one) => one.node === node);
  const isNewTo = (node: string) => {
    const addresses = new NewAddresses();
    addresses.update([{ address: VIP, before: undefined, after }], new Set(), newness(node), 0);
    fresh.set(node, addresses);
  };
  run = new PoolRun({
    ...{ seed: 3, loss: 0, delayMs: [0.05, 0.5], members: 3, addresses: [VIP] },
    site: { ...DEFAULT_SITE_CONFIG, minReadySeconds },
    refuses: (node, address) => {
      const resumed = memberOf(node)?.told.at(-1)?.endsWith('paused') ?? false;
      const asks = fresh.get(node)?.mustProbe(address, resumed, newness(node)) ?? true;
      asked.push(`${node} ${asks ? 'asks' : 'takes over'}`);
      return false;
    },
  });
  for (const { node } of run.members) isNewTo(node);
  await Promise.resolve();
  run.advance(3_000);
  const holder = run.members.find(({ answers }) => answers.has(VIP)) ?? assert.fail('nobody announces');
  assert.ok(asked.includes(`${holder.node} asks`), String(asked));
  asked.length = 0;
  return { run, holder, asked, isNewTo };
}

describe('who takes over an address that is new to the NodePool', () => {
  const changes: { name: string; change: (run: PoolRun, holder: RunMember) => void; want: 'asks' | 'takes over' }[] = [
    { name: 'its holder was killed', change: (run, holder) => run.kill(holder), want: 'takes over' },
    { name: 'its holder hangs', change: (run, holder) => run.stop(holder), want: 'takes over' },
    { name: 'its holder leaves', change: (_, { session }) => void session.leave('test'), want: 'takes over' },
    { name: 'its holder is drained', change: (_, { session }) => session.setDraining(true), want: 'takes over' },
    {
      name: 'its holder is cut off',
      change: (run, holder) => run.partition(new Map([[holder.address, 1]])),
      want: 'takes over',
    },
    {
      name: 'its holder met another host',
      change: (_, { session }) => session.claimFailed(VIP, 'conflict'),
      want: 'asks',
    },
  ];
  for (const { name, change, want } of changes) {
    it(`${name}: ${want}`, async () => {
      const { run, holder, asked } = await pool();
      change(run, holder);
      run.advance(1_000);
      const [other = ''] = asked.filter((line) => !line.startsWith(holder.node));
      assert.match(other, new RegExp(` ${want}$`), String(asked));
    });
  }

  it('its holder returns, and remembers nothing: takes over', async () => {
    const { run, holder, asked, isNewTo } = await pool();
    run.kill(holder);
    run.advance(20_000);
    isNewTo(holder.node);
    holder.memory = [];
    asked.length = 0;
    run.restart(holder);
    await Promise.resolve();
    run.advance(8_000);
    assert.deepEqual([asked, run.answering(VIP)], [[`${holder.node} takes over`], [holder.node]]);
  });

  it('what the dead held is forgotten after ten seconds', async () => {
    const { run, holder } = await pool();
    const others = run.members.filter((member) => member !== holder);
    run.kill(holder);
    run.advance(9_000);
    const next = others.find(({ answers }) => answers.has(VIP)) ?? assert.fail('nobody took it');
    assert.ok((next.session.heldElsewhereMs(VIP) ?? 0) > 1_000);
    run.advance(1_500);
    assert.equal(next.session.heldElsewhereMs(VIP), undefined);
  });
});
