import { strict as assert } from 'node:assert';
import { MemoryCluster } from './memory-cluster.ts';
import { type ServiceSpec, service } from './world.ts';

const POOL = 'service.openyurt.io/address-pool';
const ASKS = 'service.openyurt.io/loadBalancerIP-shop';
const RENUMBER = { 'service.openyurt.io/allow-renumber': 'true' };
const REST_MS = 60_000;

/** One line for each address pool: its name, its range, and what else it says. */
type Line = readonly [name: string, range: string, more?: string];
const textOf = (lines: readonly Line[]) =>
  `address-pools: [${lines
    .map(([name, range, more]) => `{name: ${name}, protocol: layer2, addresses: [${range}]${more ? `, ${more}` : ''}}`)
    .join(', ')}]`;
const forGold = 'service-selectors: [{match-labels: {tier: gold}}]';
const gold = { labels: { tier: 'gold' } };

class Shop extends MemoryCluster {
  async config(lines: readonly Line[], annotations: Record<string, string> = {}): Promise<this> {
    this.putConfig('shop', textOf(lines), { annotations });
    await this.settle();
    return this;
  }

  async put(...specs: readonly ServiceSpec[]): Promise<this> {
    for (const spec of specs) this.putService(service(spec));
    await this.settle();
    return this;
  }

  async delete(...names: readonly string[]): Promise<this> {
    for (const name of names) this.deleteService(`default/${name}`);
    await this.settle();
    return this;
  }

  async after(ms: number): Promise<this> {
    this.pass(ms);
    await this.settle();
    return this;
  }

  /** What it has in the NodePool, and else why not. */
  of(name: string): string | undefined {
    const [first] = this.ingress(`default/${name}`);
    return first?.slice('shop='.length) ?? this.condition(`default/${name}`)?.reason;
  }

  get refusal(): string | undefined {
    return this.events.findLast(({ event }) => event.reason === 'ConfigRefused')?.event.note;
  }
}

async function shop(lines: readonly Line[], restMs = 0): Promise<Shop> {
  const cluster = new Shop();
  cluster.restMs = restMs;
  cluster.restart();
  cluster.putNodePool('shop', { tier: 'shop' });
  return cluster.config(lines);
}

describe('address pools under use', () => {
  it('who waits is served when its labels come to match', async () => {
    const cluster = await shop([['a', '10.0.0.1', forGold]]);
    await cluster.put({});
    assert.equal(cluster.of('web'), 'PoolNotForService');
    await cluster.put(gold);
    assert.equal(cluster.of('web'), '10.0.0.1');
    await cluster.put({});
    assert.equal(cluster.of('web'), '10.0.0.1', 'what it has it keeps');
  });

  it('who waits is served when the pool comes to serve it, and keeps that when it ceases to', async () => {
    const cluster = await shop([['a', '10.0.0.1-10.0.0.2', 'namespaces: [team]']]);
    await cluster.put({}, { name: 'named', annotations: { [POOL]: 'a' } });
    assert.deepEqual([cluster.of('web'), cluster.of('named')], ['PoolNotForService', 'PoolNotForService']);
    await cluster.config([['a', '10.0.0.1-10.0.0.2', 'namespaces: [team, default]']]);
    const had = [cluster.of('web'), cluster.of('named')];
    assert.deepEqual([...had].sort(), ['10.0.0.1', '10.0.0.2']);
    await cluster.config([['a', '10.0.0.1-10.0.0.2', forGold]]);
    cluster.restart();
    await cluster.settle();
    assert.deepEqual([cluster.of('web'), cluster.of('named')], had);
    assert.equal(cluster.condition('default/web')?.status, 'True');
  });

  it('a new priority moves nobody', async () => {
    const cluster = await shop([
      ['a', '10.0.0.1'],
      ['b', '10.0.0.2'],
    ]);
    await cluster.put({});
    await cluster.config([
      ['a', '10.0.0.1'],
      ['b', '10.0.0.2', 'priority: 1'],
    ]);
    await cluster.put({ name: 'next' });
    assert.deepEqual([cluster.of('web'), cluster.of('next')], ['10.0.0.1', '10.0.0.2']);
  });

  it('an address freed in a pool goes to the oldest whom the pool serves', async () => {
    const cluster = await shop([
      ['a', '10.0.0.1', forGold],
      ['b', '10.0.0.2'],
    ]);
    await cluster.put({ name: 'x', ...gold }, { name: 'y' });
    await cluster.put({ name: 'plain', createdSecond: 1 }, { name: 'golden', createdSecond: 2, ...gold });
    assert.deepEqual([cluster.of('plain'), cluster.of('golden')], ['PoolExhausted', 'PoolExhausted']);
    await cluster.delete('x');
    assert.deepEqual([cluster.of('plain'), cluster.of('golden')], ['PoolExhausted', '10.0.0.1']);
  });

  it('a pool under another name is let through where no Service asks for it by name', async () => {
    const cluster = await shop([['a', '10.0.0.1']]);
    await cluster.put({});
    await cluster.config([['b', '10.0.0.1']]);
    assert.equal(cluster.refusal, undefined);
    await cluster.put({ name: 'named', annotations: { [POOL]: 'b' } });
    assert.deepEqual([cluster.of('web'), cluster.of('named')], ['10.0.0.1', 'PoolExhausted']);
  });

  it('a pool that a Service asks for by name keeps its name, until none asks', async () => {
    const cluster = await shop([['a', '10.0.0.1']]);
    await cluster.put({ annotations: { [POOL]: 'a' } });
    await cluster.config([['b', '10.0.0.1']]);
    assert.match(cluster.refusal ?? '', /10\.0\.0\.1 \(default\/web, which asks for address pool "a"\)/);
    assert.equal(cluster.sites.standing('shop').stale, true);
    await cluster.put({});
    assert.equal(cluster.sites.standing('shop').stale, false);
    assert.equal(cluster.of('web'), '10.0.0.1');
  });

  it('a range that goes over to another pool is taken from who asks for the first by name', async () => {
    const lines: readonly Line[] = [
      ['a', '10.0.0.1'],
      ['b', '10.0.0.2-10.0.0.9'],
    ];
    const other: readonly Line[] = [
      ['a', '10.0.0.9'],
      ['b', '10.0.0.1-10.0.0.8'],
    ];
    const cluster = await shop(lines);
    await cluster.put({ annotations: { [POOL]: 'a' } }, { name: 'asks', annotations: { [ASKS]: '10.0.0.2' } });
    await cluster.config(other);
    assert.equal(cluster.of('web'), '10.0.0.1');
    assert.match(cluster.refusal ?? '', /in use: 10\.0\.0\.1 \(default\/web, which asks for address pool "a"\)\./);
    await cluster.config(other, RENUMBER);
    assert.deepEqual([cluster.of('web'), cluster.of('asks')], ['10.0.0.9', '10.0.0.2']);
  });

  it('allow-renumber: who asks for a name that is gone keeps its address and is told, also after a restart', async () => {
    const cluster = await shop([['a', '10.0.0.1']]);
    await cluster.put({ annotations: { [POOL]: 'a' } });
    await cluster.config([['b', '10.0.0.1']], RENUMBER);
    for (const _ of ['before', 'after']) {
      assert.equal(cluster.of('web'), '10.0.0.1');
      cluster.restart();
      await cluster.settle();
    }
  });

  it('allow-renumber: a pool that shrinks moves whom it must, one by one, each told by Events; the others stay', async () => {
    const cluster = await shop([['a', '10.0.0.1-10.0.0.4']]);
    for (const at of [1, 2, 3, 4]) await cluster.put({ name: `s${at}`, createdSecond: at });
    const written = cluster.writes.length;
    await cluster.config([
      ['a', '10.0.0.1-10.0.0.2'],
      ['b', '10.0.0.7-10.0.0.8'],
    ]);
    assert.match(cluster.refusal ?? '', /10\.0\.0\.3 \(default\/s3\), 10\.0\.0\.4 \(default\/s4\)\./);
    assert.equal(cluster.writes.length, written);
    await cluster.config(
      [
        ['a', '10.0.0.1-10.0.0.2'],
        ['b', '10.0.0.7-10.0.0.8'],
      ],
      RENUMBER,
    );
    assert.deepEqual(
      ['s1', 's2', 's3', 's4'].map((name) => cluster.of(name)),
      [...['10.0.0.1', '10.0.0.2', '10.0.0.7', '10.0.0.8']],
    );
    assert.deepEqual(cluster.writes.slice(written), ['default/s3', 'default/s4']);
    assert.deepEqual(cluster.eventsOf('s4'), ['IPAllocated', 'IPAllocated', 'ClearAssignment']);
    assert.deepEqual(cluster.eventsOf('s1'), ['IPAllocated']);
  });

  it('allow-renumber: whom no pool can take waits and is served when there is room', async () => {
    const cluster = await shop([['a', '10.0.0.1-10.0.0.2']]);
    await cluster.put({ name: 's1' }, { name: 's2', createdSecond: 1 });
    await cluster.config([['a', '10.0.0.9']], RENUMBER);
    assert.deepEqual([cluster.of('s1'), cluster.of('s2')], ['10.0.0.9', 'PoolExhausted']);
    await cluster.delete('s1');
    assert.equal(cluster.of('s2'), '10.0.0.9');
  });

  it('a pool that disappears is refused while it is used; without it, its Services go to another', async () => {
    const cluster = await shop([
      ['a', '10.0.0.1'],
      ['b', '10.0.0.9'],
    ]);
    await cluster.put({});
    await cluster.config([['b', '10.0.0.9']]);
    assert.match(cluster.refusal ?? '', /10\.0\.0\.1 \(default\/web\)/);
    await cluster.config([['b', '10.0.0.9']], RENUMBER);
    assert.equal(cluster.of('web'), '10.0.0.9');
  });
});

describe('--release-cooldown', () => {
  const one: readonly Line[] = [['a', '10.0.0.1']];

  it('a released address goes to nobody else before it has rested, then to who waits', async () => {
    const cluster = await shop(one, REST_MS);
    await cluster.put({}, { name: 'next', createdSecond: 1 });
    await cluster.delete('web');
    assert.equal(cluster.of('next'), 'PoolExhausted');
    assert.equal(cluster.sweepDueMs, cluster.nowMs + REST_MS, 'the end of the rest is waited for');
    await cluster.after(REST_MS - 1);
    assert.equal(cluster.of('next'), 'PoolExhausted');
    assert.equal(cluster.sweepDueMs, cluster.nowMs + 1);
    await cluster.after(1);
    assert.equal(cluster.of('next'), '10.0.0.1');
    assert.equal(cluster.sweepDueMs, undefined);
  });

  it('without it, at once', async () => {
    const cluster = await shop(one);
    await cluster.put({}, { name: 'next', createdSecond: 1 });
    await cluster.delete('web');
    assert.equal(cluster.of('next'), '10.0.0.1');
    assert.equal(cluster.sweepDueMs, undefined);
  });

  it('one of that namespace and name has it back at once, before free ones', async () => {
    const cluster = await shop([['a', '10.0.0.1-10.0.0.9']], REST_MS);
    await cluster.put({ name: 'x' }, { name: 'web' });
    await cluster.delete('x', 'web');
    await cluster.put({ name: 'web' }, { name: 'y' });
    assert.deepEqual([cluster.of('web'), cluster.of('y')], ['10.0.0.2', '10.0.0.3']);
  });

  it('who asks for a resting address by name waits for it and is told whose it was', async () => {
    const cluster = await shop([['a', '10.0.0.1-10.0.0.9']], REST_MS);
    await cluster.put({});
    await cluster.delete('web');
    await cluster.put({ name: 'asks', annotations: { [ASKS]: '10.0.0.1' } });
    assert.equal(cluster.of('asks'), 'AddressResting');
    assert.match(
      cluster.condition('default/asks')?.message ?? '',
      /10\.0\.0\.1 rests: Service default\/web gave it back/,
    );
    await cluster.after(REST_MS);
    assert.equal(cluster.of('asks'), '10.0.0.1');
  });

  it('who waits for a resting address is told when its former Service has it back', async () => {
    const cluster = await shop([['a', '10.0.0.1-10.0.0.9']], REST_MS);
    await cluster.put({});
    await cluster.delete('web');
    await cluster.put({ name: 'asks', annotations: { [ASKS]: '10.0.0.1' } });
    await cluster.put({});
    assert.deepEqual([cluster.of('web'), cluster.of('asks')], ['10.0.0.1', 'AddressInUse']);
  });

  it('a shared address rests when the last one leaves it', async () => {
    const cluster = await shop(one, REST_MS);
    const shares = { annotations: { 'service.openyurt.io/allow-shared-ip': 'k' } };
    await cluster.put({ name: 'x', ports: [1], ...shares }, { name: 'y', ports: [2], ...shares });
    await cluster.delete('x');
    await cluster.put({ name: 'z', ports: [3], ...shares });
    assert.equal(cluster.of('z'), '10.0.0.1');
    await cluster.delete('y', 'z');
    await cluster.put({ name: 'other', ports: [4], ...shares });
    assert.equal(cluster.of('other'), 'PoolExhausted');
    assert.match(cluster.condition('default/other')?.message ?? '', /0 of 1 free; released ones rest first/);
    await cluster.after(REST_MS);
    assert.equal(cluster.of('other'), '10.0.0.1');
  });

  it('a change of ports is no release', async () => {
    const cluster = await shop(one, REST_MS);
    await cluster.put({});
    await cluster.put({ ports: [443] });
    assert.equal(cluster.of('web'), '10.0.0.1');
    assert.equal(cluster.book.resting?.nextEndInMs(), undefined);
  });

  it('a restart forgets it', async () => {
    const cluster = await shop(one, REST_MS);
    await cluster.put({}, { name: 'next', createdSecond: 1 });
    await cluster.delete('web');
    cluster.restart();
    await cluster.settle();
    assert.equal(cluster.of('next'), '10.0.0.1');
  });

  it('a configuration that waits for a release does not wait for the rest', async () => {
    const cluster = await shop(one, REST_MS);
    await cluster.put({});
    await cluster.config([['a', '10.0.0.9']]);
    await cluster.delete('web');
    await cluster.put({ name: 'next' });
    assert.equal(cluster.of('next'), '10.0.0.9');
  });

  it('each NodePool rests for itself', async () => {
    const cluster = await shop(one, REST_MS);
    cluster.putNodePool('bar', { tier: 'bar' });
    await cluster.put({});
    await cluster.delete('web');
    cluster.putRanges('bar', ['10.0.0.1']);
    await cluster.put({ name: 'next' });
    assert.deepEqual(cluster.ingress('default/next'), ['bar=10.0.0.1']);
  });
});
