import { strict as assert } from 'node:assert';
import { type Log, silentLog } from '@openyurt/nodepool-types';
import { ApiError } from '../../../cloud-controller/src/kube/api-error.ts';
import type { ApiRequest } from '../../../cloud-controller/src/kube/client.ts';
import { LeaderLease } from '../../../cloud-controller/src/kube/leader-lease.ts';
import { FakeTime } from '../../support/fake-time.ts';

const DURATION_MS = 15_000;
const RENEW_MS = 10_000;

interface Spec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

type Fate = 'ok' | 'no-answer' | number;

/** The one Lease of an API server, and the time that each request takes. */
class LeaseServer {
  spec: Spec | undefined;
  version = 1;
  requests: string[] = [];
  deadlines: number[] = [];
  tookMs = 10;
  fate: (method: string) => Fate = () => 'ok';
  /** Runs before each request, for what happens meanwhile. */
  meanwhile: (method: string, count: number) => void = () => {};

  constructor(readonly time: FakeTime) {}

  /** As another replica, or a person, would. */
  write(spec: Spec | undefined): void {
    this.spec = spec;
    this.version++;
  }

  async request<T>({ method, body, deadlineMs = 0 }: ApiRequest): Promise<T> {
    this.requests.push(method);
    this.deadlines.push(deadlineMs);
    this.meanwhile(method, this.requests.length);
    const fate = this.fate(method);
    this.time.advance(fate === 'no-answer' ? deadlineMs : this.tookMs);
    if (fate === 'no-answer') throw new Error('no answer in time');
    if (fate !== 'ok') throw new ApiError(fate, '', `${fate}`, undefined);
    if (method === 'POST' && this.spec !== undefined) throw new ApiError(409, 'AlreadyExists', 'exists', undefined);
    if (method !== 'POST' && this.spec === undefined) throw new ApiError(404, 'NotFound', 'none', undefined);
    const lease = body as { metadata: { resourceVersion?: string }; spec: Spec } | undefined;
    if (method === 'PUT' && lease?.metadata.resourceVersion !== `${this.version}`) {
      throw new ApiError(409, 'Conflict', 'changed', undefined);
    }
    if (lease !== undefined) this.write(lease.spec);
    return { metadata: { name: 'x', namespace: 'y', resourceVersion: `${this.version}` }, spec: this.spec } as T;
  }
}

function replica(server: LeaseServer, identity = 'me', log: Log = silentLog): LeaderLease {
  const options = { namespace: 'ns', identity, durationMs: DURATION_MS, renewMs: RENEW_MS, retryMs: 1 };
  return new LeaderLease(server, options, log, () => 0, server.time);
}

const NEVER = new AbortController().signal;
/** Another's Lease, last renewed at a time that its clock says. */
const others = (renewTime: string, leaseTransitions = 4): Spec => ({
  holderIdentity: 'other',
  leaseDurationSeconds: DURATION_MS / 1000,
  acquireTime: '2000-01-01T00:00:00.000000Z',
  renewTime,
  leaseTransitions,
});

describe('LeaderLease: acquire', () => {
  const cases: { name: string; before: Spec | undefined; identity?: string; transitions: number; requests: string }[] =
    [
      { name: 'there is none', before: undefined, transitions: 0, requests: 'GET POST' },
      {
        name: 'it was given up',
        before: { holderIdentity: '', leaseTransitions: 2 },
        transitions: 3,
        requests: 'GET PUT',
      },
      { name: 'it has no holder', before: {}, transitions: 1, requests: 'GET PUT' },
      {
        name: 'it is our own from before a restart',
        before: others('x'),
        identity: 'other',
        transitions: 4,
        requests: 'GET PUT',
      },
    ];
  for (const { name, before, identity = 'me', transitions, requests } of cases) {
    it(`at once where ${name}`, async () => {
      const server = new LeaseServer(new FakeTime());
      server.spec = before;
      const lease = replica(server, identity);
      assert.equal(await lease.acquire(NEVER), true);
      assert.equal(server.requests.join(' '), requests);
      assert.equal(server.spec?.holderIdentity, identity);
      assert.equal(server.spec?.leaseDurationSeconds, 15);
      assert.equal(server.spec?.leaseTransitions, transitions);
      assert.ok(lease.isHeld);
    });
  }

  it("an own Lease keeps the time it was acquired; another's does not", async () => {
    for (const [identity, keeps] of [
      ['other', true],
      ['me', false],
    ] as const) {
      const server = new LeaseServer(new FakeTime());
      server.spec = others('x');
      server.tookMs = DURATION_MS; // the second look finds it unchanged for long enough
      await replica(server, identity).acquire(NEVER);
      assert.equal(server.spec?.acquireTime === '2000-01-01T00:00:00.000000Z', keeps, identity);
    }
  });

  for (const [clock, renewTime] of [
    ['runs years behind', '1999-01-01T00:00:00.000000Z'],
    ['runs years ahead', '2099-01-01T00:00:00.000000Z'],
  ] as const) {
    it(`waits a whole duration from its own first look, though the other's clock ${clock}`, async () => {
      const server = new LeaseServer(new FakeTime());
      server.spec = others(renewTime);
      server.tookMs = 1000;
      await replica(server).acquire(NEVER);
      assert.equal(server.requests.join(' '), `${'GET '.repeat(16)}PUT`);
    });
  }

  it('never takes a Lease that goes on changing', async () => {
    const server = new LeaseServer(new FakeTime());
    server.tookMs = 5000;
    const stop = new AbortController();
    server.meanwhile = (_, count) => {
      server.write(others(`${count}`));
      if (count === 20) stop.abort();
    };
    assert.equal(await replica(server).acquire(stop.signal), false);
    assert.ok(server.requests.every((method) => method === 'GET'));
  });

  it('two at once: one gets it, the other reads who', async () => {
    const server = new LeaseServer(new FakeTime());
    const stop = new AbortController();
    server.meanwhile = (method, count) => {
      if (method === 'POST') server.write(others('now'));
      if (count === 8) stop.abort();
    };
    const lease = replica(server);
    assert.equal(await lease.acquire(stop.signal), false);
    assert.equal(server.spec?.holderIdentity, 'other');
    assert.ok(!lease.isHeld);
  });

  it('says it when the namespace is missing', async () => {
    const server = new LeaseServer(new FakeTime());
    const said: unknown[] = [];
    const stop = new AbortController();
    server.fate = (method) => (method === 'POST' ? 404 : 'ok');
    server.meanwhile = (_, count) => void (count === 6 && stop.abort());
    const warn = (msg: string) => void said.push(msg);
    assert.equal(await replica(server, 'me', { ...silentLog, warn }).acquire(stop.signal), false);
    assert.deepEqual(said, ['lease not reached']);
  });

  it('says once that the API does not answer, and once that it does again', async () => {
    const server = new LeaseServer(new FakeTime());
    const said: string[] = [];
    const log: Log = { ...silentLog, warn: (msg) => said.push(msg), info: (msg) => said.push(msg) };
    server.meanwhile = (_, count) => {
      server.fate = count < 20 ? () => 'no-answer' : () => 'ok';
    };
    await replica(server, 'me', log).acquire(NEVER);
    assert.deepEqual(
      said.filter((msg) => msg !== 'waiting for the lease'),
      ['lease not reached', 'lease reached again'],
    );
  });
});

describe('LeaderLease: hold', () => {
  async function held(identity = 'me') {
    const server = new LeaseServer(new FakeTime());
    const lease = replica(server, identity);
    await lease.acquire(NEVER);
    server.requests = [];
    server.deadlines = [];
    return { server, lease };
  }

  it('renews with one PUT each, and ends true when asked to stop', async () => {
    const { server, lease } = await held();
    const stop = new AbortController();
    server.meanwhile = (_, count) => void (count === 5 && stop.abort());
    assert.equal(await lease.hold(stop.signal), true);
    assert.equal(server.requests.join(' '), 'PUT PUT PUT PUT PUT');
    assert.ok(lease.isHeld);
  });

  it('is lost when another wrote itself in', async () => {
    const { server, lease } = await held();
    server.meanwhile = (_, count) => void (count === 1 && server.write(others('now')));
    assert.equal(await lease.hold(NEVER), false);
    assert.equal(server.requests.join(' '), 'PUT GET');
    assert.ok(!lease.isHeld, 'it would go on writing');
  });

  it('is kept when somebody only touched it', async () => {
    const { server, lease } = await held();
    const stop = new AbortController();
    server.meanwhile = (_, count) => {
      if (count === 1) server.version++;
      if (count === 3) stop.abort();
    };
    assert.equal(await lease.hold(stop.signal), true);
    assert.equal(server.requests.join(' '), 'PUT GET PUT');
  });

  it('is made anew when somebody deleted it', async () => {
    const { server, lease } = await held();
    const stop = new AbortController();
    server.meanwhile = (method, count) => {
      if (count === 1) server.write(undefined);
      if (method === 'POST') stop.abort();
    };
    assert.equal(await lease.hold(stop.signal), true);
    assert.equal(server.spec?.holderIdentity, 'me');
  });

  const outages: [string, (method: string) => Fate][] = [
    ['does not answer', () => 'no-answer'],
    ['answers 500', () => 500],
    ['answers 409 and then nothing', (method: string) => (method === 'PUT' ? 409 : 'no-answer')],
  ];
  for (const [what, fate] of outages) {
    it(`stops writing within the renewal time when the API ${what}`, async () => {
      const { server, lease } = await held();
      const heldMs = server.time.monotonicMs();
      server.tookMs = 900;
      server.fate = fate;
      server.time.advance(7000); // the next request may take 3 s at most, not the 5 s of others
      assert.equal(await lease.hold(NEVER), false);
      const tookMs = server.time.monotonicMs() - heldMs;
      assert.ok(tookMs < RENEW_MS + server.tookMs, `it took ${tookMs} ms`);
      assert.ok(!lease.isHeld);
    });
  }

  it('a slow answer counts from when it was asked for', async () => {
    const server = new LeaseServer(new FakeTime());
    const lease = replica(server);
    server.tookMs = 6000;
    await lease.acquire(NEVER);
    server.time.advance(RENEW_MS - server.tookMs - 1);
    assert.ok(lease.isHeld, 'the time that reading took was counted too');
    server.time.advance(2);
    assert.ok(!lease.isHeld);
  });

  it('released, it is free at once for another', async () => {
    const { server, lease } = await held();
    await lease.release();
    assert.ok(!lease.isHeld);
    assert.equal(server.spec?.holderIdentity, '');
    server.requests = [];
    assert.equal(await replica(server, 'next').acquire(NEVER), true);
    assert.equal(server.requests.join(' '), 'GET PUT');
  });

  it('is released too where the renewal that was cut off on the way out was done all the same', async () => {
    const { server, lease } = await held();
    server.write({ ...server.spec, renewTime: 'later' });
    await lease.release();
    assert.equal(server.spec?.holderIdentity, '');
    const other = await held();
    other.server.write(others('later'));
    await other.lease.release();
    assert.equal(other.server.spec?.holderIdentity, 'other');
  });

  it("another's Lease is not released", async () => {
    const { server, lease } = await held();
    server.meanwhile = (_, count) => void (count === 1 && server.write(others('now')));
    await lease.hold(NEVER);
    await lease.release();
    assert.equal(server.spec?.holderIdentity, 'other');
  });
});
