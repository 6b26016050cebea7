import type { ConfigMapObject, NodePoolObject, ServiceObject } from '@openyurt/nodepool-types';
import { ALLOW_RENUMBER_ANNOTATION, LOAD_BALANCER_CLASS, SHARING_KEY_ANNOTATION } from '@openyurt/nodepool-types';
import type { Holder } from '../../../cloud-controller/src/ipam/sharing.ts';
import type { MemoryCluster } from '../../unit/controller/memory-cluster.ts';
import type { Fault } from './fault.ts';

/** Breaks one thing in the core from outside; called before and after each start of a controller. */
export type Alter = (cluster: MemoryCluster, isBegun: boolean) => void;

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
    seed: 1,
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
    seed: 1,
    rules: ['unserved'],
    alter: begun(({ waiting }) => {
      waiting.wokenBy = () => [];
      waiting.after = () => [];
    }),
  },
  {
    name: 'an address that one does not take is not offered to the next',
    seed: 1,
    rules: ['unserved'],
    alter: begun(({ waiting }) => {
      waiting.after = () => [];
    }),
  },
  {
    name: 'who came last is served first',
    seed: 1,
    rules: ['overtaken'],
    alter: begun(({ waiting }) => {
      const set = waiting.set.bind(waiting);
      waiting.set = (request, waits) => set({ ...request, createdMs: -request.createdMs }, waits);
    }),
  },
  {
    name: 'a new controller does not take over what was given',
    seed: 1,
    rules: ['moved'],
    alter: (cluster, isBegun) => {
      const blank = (service: ServiceObject): ServiceObject => ({ ...service, status: {} });
      cluster.services = () => [...cluster.serviceMap.values()].map(isBegun ? (service) => service : blank);
    },
  },
  { name: 'half of what needs both is given', seed: 1, rules: ['half'], alter: services(prefersBoth) },
  {
    name: 'under Local an address is shared whatever the selectors',
    seed: 1,
    rules: ['twice'],
    alter: services(({ spec, ...rest }) => ({ ...rest, spec: { ...spec, selector: {} } })),
  },
  {
    name: 'traffic policies are not compared',
    seed: 1,
    rules: ['twice'],
    alter: services(({ spec, ...rest }) => ({ ...rest, spec: { ...spec, externalTrafficPolicy: 'Cluster' } })),
  },
  { name: 'sharing keys are not compared', seed: 1, rules: ['twice'], alter: services(oneKey) },
  { name: 'what other controllers gave is not seen', seed: 1, rules: ['unfit'], alter: services(blankForeign) },
  {
    name: 'a change of ports is not judged',
    seed: 1,
    rules: ['twice'],
    alter: begun(({ book }) => {
      book.update = () => [];
    }),
  },
  { name: 'every text may take addresses', seed: 1, rules: ['moved', 'misplaced'], alter: configs(renumbering) },
  { name: 'no text may take addresses', seed: 1, rules: ['misplaced', 'unserved'], alter: configs(neverRenumbering) },
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
    seed: 1,
    rules: ['unfit'],
    alter: configs(without(/avoid-buggy-ips: .*/g)),
  },
  {
    name: 'the order of the file alone counts',
    seed: 1,
    rules: ['unturned'],
    alter: configs(without(/priority: .*/g)),
  },
  {
    name: 'any address may be asked for',
    seed: 1,
    rules: ['unfit'],
    alter: configs(({ data, ...rest }) => ({ ...rest, data: { ...data, site: 'allowOutsideRanges: true' } })),
  },
  { name: 'the labels of a NodePool are read once', seed: 1, rules: ['misplaced', 'unserved'], alter: keeping() },
  {
    name: 'what is released does not rest',
    seed: 1,
    rules: ['restless'],
    restMs: 700,
    alter: (cluster) => {
      cluster.restMs = 0;
    },
  },
  {
    name: 'a write that failed is not repeated',
    seed: 1,
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

function begun(alter: (cluster: MemoryCluster) => void): Alter {
  return (cluster, isBegun) => void (isBegun && alter(cluster));
}

/** Each Service read as another one. */
function services(change: (service: ServiceObject) => ServiceObject): Alter {
  return (cluster) => {
    cluster.services = () => [...cluster.serviceMap.values()].map(change);
    cluster.service = (key) => {
      const service = cluster.serviceMap.get(key);
      return service && change(service);
    };
  };
}

function configs(change: (configMap: ConfigMapObject) => ConfigMapObject): Alter {
  return (cluster) => {
    const { configMaps } = Object.getPrototypeOf(cluster) as MemoryCluster;
    cluster.configMaps = (nodePool) => configMaps.call(cluster, nodePool).map(change);
  };
}

/** The first that is seen of a NodePool stays what is known of it. */
function keeping(): Alter {
  const first = new Map<string, NodePoolObject>();
  return (cluster) => {
    cluster.nodePool = (name) => {
      const now = cluster.nodePoolMap.get(name);
      const known = now && (first.get(name) ?? now);
      if (known === undefined) first.delete(name);
      else first.set(name, known);
      return known;
    };
  };
}

function prefersBoth({ spec, ...rest }: ServiceObject): ServiceObject {
  const both = spec?.ipFamilyPolicy === 'RequireDualStack';
  return both ? { ...rest, spec: { ...spec, ipFamilyPolicy: 'PreferDualStack' } } : { ...rest, spec: { ...spec } };
}

function oneKey(service: ServiceObject): ServiceObject {
  const { annotations = {} } = service.metadata;
  if (annotations[SHARING_KEY_ANNOTATION] === undefined) return service;
  return {
    ...service,
    metadata: { ...service.metadata, annotations: { ...annotations, [SHARING_KEY_ANNOTATION]: 'k' } },
  };
}

function blankForeign(service: ServiceObject): ServiceObject {
  return service.spec?.loadBalancerClass === LOAD_BALANCER_CLASS ? service : { ...service, status: {} };
}

function renumbering({ metadata, ...rest }: ConfigMapObject): ConfigMapObject {
  return { ...rest, metadata: { ...metadata, annotations: { [ALLOW_RENUMBER_ANNOTATION]: 'true' } } };
}

function neverRenumbering({ metadata, ...rest }: ConfigMapObject): ConfigMapObject {
  return { ...rest, metadata: { ...metadata, annotations: {} } };
}

/** Without some words of the text. */
function without(words: RegExp): (configMap: ConfigMapObject) => ConfigMapObject {
  return ({ data = {}, ...rest }) => ({ ...rest, data: { ...data, config: (data.config ?? '').replace(words, '') } });
}

const NOBODY: Holder = {
  key: '',
  namespace: '',
  labels: {},
  uid: '',
  ports: [],
  sharingKey: undefined,
  externalTrafficPolicy: 'Cluster',
  podSelector: '',
};

/** The decoded Service without what its ports are. */
function portless(holder: Holder): Holder {
  return { ...holder, ports: [] };
}
