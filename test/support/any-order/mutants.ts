import type { ServiceObject } from '@openyurt/nodepool-types';
import { NOBODY } from '../../../cloud-controller/src/ipam/accounts.ts';
import type { MemoryCluster } from '../../unit/controller/memory-cluster.ts';
import {
  type Alter,
  begun,
  blankForeign,
  configs,
  keeping,
  neverRenumbering,
  oneKey,
  portless,
  prefersBoth,
  renumbering,
  services,
  without,
} from './alter.ts';
import type { Fault } from './fault.ts';

export interface Mutant {
  readonly name: string;
  /** One of these breaks first. */
  readonly rules: readonly Fault['rule'][];
  /** With which it is found soon. */
  readonly seed: number;
  readonly alter: Alter;
  /** `--release-cooldown` */
  readonly restMs?: number;
}

/** Rules of the core broken on purpose: the commands must bring each to light, and the oracle must see it. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'ports do not collide',
    seed: 1,
    rules: ['twice'],
    alter: begun(({ book }) => {
      const [take, update, refusal] = [book.take.bind(book), book.update.bind(book), book.refusal.bind(book)];
      book.take = (nodePool, address, holder, requested) => take(nodePool, address, portless(holder), requested);
      book.update = (holder) => update(portless(holder));
      book.refusal = (nodePool, address, holder) => refusal(nodePool, address, portless(holder));
      book.portsInUse = () => [];
    }),
  },
  {
    name: 'what a deleted Service had is not given back',
    seed: 1,
    rules: ['unserved'],
    alter: begun((cluster) => {
      const { book } = cluster;
      const releaseAll = book.releaseAll.bind(book);
      book.releaseAll = (key) => void (cluster.serviceMap.has(key) && releaseAll(key));
    }),
  },
  {
    name: 'what a Service gives up in one NodePool is not free again',
    seed: 4,
    rules: ['unserved'],
    alter: begun(({ book }) => {
      const release = book.release.bind(book);
      book.release = (key, nodePool, address) => {
        release(key, nodePool, address);
        book.take(nodePool, address, { ...NOBODY, key: `leak ${nodePool} ${address.value}` });
      };
    }),
  },
  {
    name: 'who waits is never looked at again',
    seed: 2,
    rules: ['unserved'],
    alter: begun(({ waiting }) => {
      waiting.wokenBy = () => [];
      waiting.after = () => [];
    }),
  },
  {
    name: 'who came last is served first',
    seed: 2,
    rules: ['overtaken'],
    alter: begun(({ waiting }) => {
      const set = waiting.set.bind(waiting);
      waiting.set = (request, waits) => set({ ...request, createdMs: -request.createdMs }, waits);
    }),
  },
  {
    name: 'a new controller does not take over what was given',
    seed: 2,
    rules: ['moved', 'unfit'],
    alter: (cluster, isBegun) => {
      const blank = (service: ServiceObject): ServiceObject => ({ ...service, status: {} });
      cluster.services = () => [...cluster.serviceMap.values()].map(isBegun ? (service) => service : blank);
    },
  },
  { name: 'half of what needs both is given', seed: 1, rules: ['half'], alter: services(prefersBoth) },
  {
    name: 'under Local an address is shared whatever the selectors',
    seed: 4,
    rules: ['twice'],
    alter: services(({ spec, ...rest }) => ({ ...rest, spec: { ...spec, selector: {} } })),
  },
  {
    name: 'traffic policies are not compared',
    seed: 3,
    rules: ['twice'],
    alter: services(({ spec, ...rest }) => ({ ...rest, spec: { ...spec, externalTrafficPolicy: 'Cluster' } })),
  },
  { name: 'sharing keys are not compared', seed: 2, rules: ['twice'], alter: services(oneKey) },
  { name: 'what other controllers gave is not seen', seed: 4, rules: ['unfit'], alter: services(blankForeign) },
  {
    name: 'a change of ports is not judged',
    seed: 3,
    rules: ['twice', 'moved'],
    alter: begun(({ book }) => {
      book.update = () => [];
    }),
  },
  { name: 'every text may take addresses', seed: 2, rules: ['moved'], alter: configs(renumbering) },
  { name: 'no text may take addresses', seed: 2, rules: ['misplaced', 'unserved'], alter: configs(neverRenumbering) },
  {
    name: 'addresses of Nodes are given',
    seed: 1,
    rules: ['unfit'],
    alter: (cluster) => {
      cluster.nodes = () => [];
    },
  },
  {
    name: 'pools serve everybody',
    seed: 1,
    rules: ['unfit'],
    alter: configs(without(/(namespaces|service-selectors): .*/g)),
  },
  {
    name: 'every pool auto-assigns',
    seed: 1,
    rules: ['unfit', 'misplaced'],
    alter: configs(without(/auto-assign: .*/g)),
  },
  {
    name: 'addresses that end in .0 and .255 are given',
    seed: 2,
    rules: ['unfit'],
    alter: configs(without(/avoid-buggy-ips: .*/g)),
  },
  {
    name: 'the order of the file alone counts',
    seed: 7,
    rules: ['unturned'],
    alter: configs(without(/priority: .*/g)),
  },
  {
    name: 'any address may be asked for',
    seed: 2,
    rules: ['unfit'],
    alter: configs(({ data, ...rest }) => ({ ...rest, data: { ...data, site: 'allowOutsideRanges: true' } })),
  },
  { name: 'the labels of a NodePool are read once', seed: 3, rules: ['misplaced', 'unserved'], alter: keeping() },
  {
    name: 'what is released does not rest',
    seed: 2,
    rules: ['restless'],
    restMs: 700,
    alter: (cluster) => {
      cluster.restMs = 0;
    },
  },
  {
    name: 'a write that failed is not repeated',
    seed: 3,
    rules: ['unserved', 'untold', 'misplaced'],
    alter: (cluster) => {
      const { writeService } = Object.getPrototypeOf(cluster) as MemoryCluster;
      cluster.writeService = (...args) =>
        writeService.apply(cluster, args).catch((error: Error) => {
          if (error.message !== 'write failed') throw error;
        });
    },
  },
];
