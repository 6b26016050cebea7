import { strict as assert } from 'node:assert';
import { decodeService, type PoolServiceObject, type ServiceObject } from '@openyurt/nodepool-types';
import {
  ASK_AGAIN_MS,
  LoadBalancerSet,
  type LoadBalancerSetMode,
  type StatusOwner,
} from '../../../cloud-controller/src/reconcile/load-balancer-set.ts';
import { withPoolServices } from '../../../cloud-controller/src/reconcile/pool-services.ts';
import { WriteBrake } from '../../../cloud-controller/src/reconcile/write-brake.ts';
import { FINALIZER, poolService, SELECTOR, selecting } from './pool-services.ts';
import { service } from './world.ts';

const finalized: ServiceObject = {
  ...service({ name: 'other' }),
  metadata: { ...service({ name: 'other' }).metadata, finalizers: [FINALIZER] },
};

interface OwnerCase {
  readonly name: string;
  readonly mode?: LoadBalancerSetMode;
  readonly served?: boolean;
  readonly seen?: readonly (ServiceObject | PoolServiceObject)[];
  readonly gone?: readonly (ServiceObject | PoolServiceObject)[];
  readonly of?: ServiceObject;
  /** Looked at a first time so long before. */
  readonly afterMs?: number;
  readonly want: StatusOwner;
}

const written: ServiceObject = {
  ...selecting,
  status: {
    conditions: [
      {
        type: 'service.openyurt.io/AddressesAllocated',
        status: 'True',
        reason: 'Allocated',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  },
};
const classless = { ...selecting, spec: { ...selecting.spec } };
delete classless.spec.loadBalancerClass;

const OWNERS: readonly OwnerCase[] = [
  { name: 'off: ours, whatever signs there are', mode: 'off', seen: [finalized], want: 'ours' },
  { name: 'on: not ours, without a sign', mode: 'on', served: false, want: 'load-balancer-set' },
  { name: 'on, without selector: ours', mode: 'on', of: service({}), want: 'ours' },
  { name: 'on, without class: ours', mode: 'on', of: classless, want: 'ours' },
  {
    name: 'on, with a blank selector: the other takes it',
    mode: 'on',
    of: service({ annotations: { [SELECTOR]: ' ' } }),
    want: 'load-balancer-set',
  },
  { name: 'auto, a finalizer somewhere', seen: [finalized], want: 'load-balancer-set' },
  { name: 'auto, a PoolService somewhere', seen: [poolService('shop')], want: 'load-balancer-set' },
  { name: 'auto, the last sign is gone', seen: [finalized], gone: [finalized], want: 'undecided' },
  {
    name: 'auto, one of two signs is gone',
    seen: [finalized, poolService('shop')],
    gone: [finalized],
    want: 'load-balancer-set',
  },
  {
    name: "auto, another's PoolService is no sign",
    seen: [poolService('shop', { metadata: { labels: { 'openyurt.io/service-name': 'web' } } })],
    want: 'undecided',
  },
  { name: 'auto, no sign, PoolServices are not served', served: false, want: 'ours' },
  {
    name: 'auto, a finalizer is left and PoolServices are not served any more',
    served: false,
    seen: [finalized],
    want: 'ours',
  },
  { name: 'auto, no sign yet', want: 'undecided' },
  { name: 'auto, no sign, just before the time is over', afterMs: 999, want: 'undecided' },
  { name: 'auto, no sign in time', afterMs: ASK_AGAIN_MS, want: 'ours' },
  { name: 'auto, no sign, and we have written it before', of: written, want: 'ours' },
];

describe('LoadBalancerSet', () => {
  for (const { name, mode = 'auto', served = true, seen = [], gone = [], of = selecting, afterMs, want } of OWNERS) {
    it(name, () => {
      let nowMs = 0;
      const set = new LoadBalancerSet(mode, { isServed: () => served, nowMs: () => nowMs });
      for (const object of seen) set.notice(object);
      for (const object of gone) set.notice(object, true);
      if (afterMs !== undefined) {
        assert.equal(set.ownerOf(of), 'undecided');
        nowMs = afterMs;
      }
      assert.equal(set.ownerOf(of), want);
    });
  }

  it('tells the first sign and the end of the last, under auto alone', () => {
    const ground = { isServed: () => true, nowMs: () => 0 };
    const told = (mode: LoadBalancerSetMode) => {
      const set = new LoadBalancerSet(mode, ground);
      const one = poolService('shop');
      return [set.notice(finalized), set.notice(one), set.notice(finalized, true), set.notice(one, true)];
    };
    assert.deepEqual(told('auto'), [true, false, false, true]);
    assert.deepEqual(told('off'), [false, false, false, false]);
  });
});

describe('what PoolServices record', () => {
  const entry = (ip: string, hostname?: string) => ({
    ip,
    ipMode: 'VIP',
    ...(hostname === undefined ? {} : { hostname }),
  });
  const filled = (nodePool: string, more: Partial<PoolServiceObject>, ...ingress: object[]) =>
    poolService(nodePool, { ...more, status: { loadBalancer: { ingress } } });
  const rows = [
    {
      name: 'its entry, with or without hostname',
      of: [filled('a', {}, entry('1.1.1.1'), entry('1.1.1.2', 'a'))],
      want: ['a=1.1.1.1', 'a=1.1.1.2'],
    },
    {
      name: 'not an entry for another NodePool: the labels have changed since',
      of: [filled('a', {}, entry('1.1.1.1', 'b'))],
      want: [],
    },
    {
      name: "not what a PoolService of another class has, nor the Service's copy of it",
      of: [filled('a', { spec: { loadBalancerClass: 'x/y' } }, entry('1.1.1.1', 'a'))],
      status: [entry('1.1.1.1', 'a')],
      want: [],
    },
    {
      name: "the Service's own, where the PoolService has none yet",
      of: [poolService('a')],
      status: [entry('1.1.1.1', 'a')],
      want: ['a=1.1.1.1'],
    },
    {
      name: "the PoolService's before the Service's",
      of: [filled('a', {}, entry('1.1.1.1', 'a'))],
      status: [entry('1.1.1.9', 'a')],
      want: ['a=1.1.1.1'],
    },
    {
      name: 'nothing that names no NodePool',
      of: [],
      status: [entry('1.1.1.1'), entry('1.1.1.2', 'lb.example.com')],
      want: [],
    },
  ];
  for (const { name, of, status = [], want } of rows) {
    it(name, () => {
      const request = decodeService(service({ ingress: status }));
      const { ingress } = withPoolServices(request, of, (name) => ['a', 'b'].includes(name));
      assert.deepEqual(
        ingress.map(({ ip, hostname }) => `${hostname}=${ip}`),
        want,
      );
    });
  }
});

describe('WriteBrake', () => {
  it('lets a text be written five times at once, then with pauses that double to five minutes', () => {
    let nowMs = 0;
    const brake = new WriteBrake(() => nowMs);
    const pauses: number[] = [];
    const told: number[] = [];
    for (let write = 1; write <= 16; write++) {
      const waitMs = brake.waitMs('Service a', 'x');
      pauses.push(waitMs);
      nowMs += waitMs;
      assert.equal(brake.waitMs('Service a', 'x'), 0);
      if (brake.wrote('Service a', 'x')) told.push(write);
    }
    assert.deepEqual(
      pauses.map((ms) => ms / 1000),
      [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300],
    );
    assert.deepEqual(told, [5]);
  });

  it('another text, another object, and a long calm begin anew', () => {
    let nowMs = 0;
    const brake = new WriteBrake(() => nowMs);
    for (let write = 0; write < 6; write++) brake.wrote('Service a', 'x');
    assert.ok(brake.waitMs('Service a', 'x') > 0);
    assert.equal(brake.waitMs('Service a', 'y'), 0);
    assert.equal(brake.waitMs('Service b', 'x'), 0);
    nowMs = 600_000;
    brake.wrote('Service a', 'x');
    assert.equal(brake.waitMs('Service a', 'x'), 0);
  });
});
