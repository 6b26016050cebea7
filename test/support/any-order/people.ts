import type { ConfigMapObject, KubeObject, NodeObject, NodePoolObject, ServiceObject } from '@openyurt/nodepool-types';
import type { Command, ServiceWish } from './commands.ts';
import { brokenConfig, configObject, nodeObject, nodePoolObject, serviceObject } from './objects.ts';

interface Objects {
  readonly Service: ServiceObject;
  readonly ConfigMap: ConfigMapObject;
  readonly NodePool: NodePoolObject;
  readonly Node: NodeObject;
}

/** One request to the API: `before` is what stood there, and `after` what is to stand there; not both are absent. */
export type Change = {
  readonly [Kind in keyof Objects]: {
    readonly kind: Kind;
    readonly before: Objects[Kind] | undefined;
    readonly after: Objects[Kind] | undefined;
    /** What another controller writes into the status then. */
    readonly status?: ServiceObject['status'];
  };
}[keyof Objects];

/** Those who apply objects: they know what they applied, and nothing else. */
export class People {
  readonly #services = new Map<string, { wish: ServiceWish; object: ServiceObject }>();
  readonly #configMaps = new Map<string, ConfigMapObject>();
  readonly #nodePools = new Map<string, NodePoolObject>();
  readonly #nodes = new Map<string, NodeObject>();

  /** What a command asks of the API; empty: what is to be deleted is not there. */
  do(command: Command): readonly Change[] {
    switch (command.kind) {
      case 'service':
        return this.#service(command.name, command.wish);
      case 'edit-service':
        return this.#editService(command.name, command.change);
      case 'delete-service':
        return this.#deleteService(command.name);
      case 'config':
        return [this.#put('ConfigMap', this.#configMaps, command.site, configObject(command.site, command.wish))];
      case 'broken-config':
        return [this.#put('ConfigMap', this.#configMaps, command.site, brokenConfig(command.site))];
      case 'delete-config':
        return this.#remove('ConfigMap', this.#configMaps, command.site);
      case 'node-pool':
        return [this.#put('NodePool', this.#nodePools, command.site, nodePoolObject(command.site, command.tier))];
      case 'delete-node-pool':
        return this.#remove('NodePool', this.#nodePools, command.site);
      case 'node':
        return [this.#put('Node', this.#nodes, command.name, nodeObject(command.name, command.ip))];
      case 'delete-node':
        return this.#remove('Node', this.#nodes, command.name);
    }
  }

  /** Commands that take everything away, the Services first. */
  leave(): { readonly services: readonly Command[]; readonly rest: readonly Command[] } {
    const names = (all: ReadonlyMap<string, unknown>) => [...all.keys()];
    return {
      services: names(this.#services).map((name) => ({ kind: 'delete-service', name })),
      rest: [
        ...names(this.#configMaps).map((site): Command => ({ kind: 'delete-config', site })),
        ...names(this.#nodePools).map((site): Command => ({ kind: 'delete-node-pool', site })),
        ...names(this.#nodes).map((name): Command => ({ kind: 'delete-node', name })),
      ],
    };
  }

  #service(name: string, wish: ServiceWish): readonly Change[] {
    const before = this.#services.get(name);
    const gone = before !== undefined && !mayBecome(before.wish, wish) ? this.#deleteService(name) : [];
    const object = serviceObject(name, wish);
    this.#services.set(name, { wish, object });
    const status = typeof wish.type === 'object' ? { status: ofAnother(wish.type.foreign) } : {};
    return [
      ...gone,
      { kind: 'Service', before: gone.length > 0 ? undefined : before?.object, after: object, ...status },
    ];
  }

  #editService(name: string, change: Partial<ServiceWish>): readonly Change[] {
    const before = this.#services.get(name);
    return before === undefined ? [] : this.#service(name, { ...before.wish, ...change });
  }

  #deleteService(name: string): readonly Change[] {
    const before = this.#services.get(name)?.object;
    this.#services.delete(name);
    return before === undefined ? [] : [{ kind: 'Service', before, after: undefined }];
  }

  #put<K extends Change['kind'], T extends Objects[K] & KubeObject>(
    kind: K,
    all: Map<string, T>,
    name: string,
    after: T,
  ) {
    const change = { kind, before: all.get(name), after };
    all.set(name, after);
    return change as unknown as Change;
  }

  #remove<K extends Change['kind'], T extends Objects[K]>(kind: K, all: Map<string, T>, name: string) {
    const before = all.get(name);
    all.delete(name);
    return before === undefined ? [] : [{ kind, before, after: undefined } as unknown as Change];
  }
}

function ofAnother(ip: string): ServiceObject['status'] {
  return { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } };
}

/** What the API server lets change: not the first family, nor the class, and a name belongs to its namespace. */
function mayBecome(before: ServiceWish, after: ServiceWish): boolean {
  if (before.namespace !== after.namespace || before.families[0] !== after.families[0]) return false;
  const foreign = (wish: ServiceWish) => typeof wish.type === 'object';
  return before.type === 'cluster' || after.type === 'cluster' || foreign(before) === foreign(after);
}
