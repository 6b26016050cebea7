/** One NodePool of a site: a LAN of its own, nodes on it, and a client. */
export interface PoolSpec {
  readonly name: string;
  /** Names of the nodes, unique in the site. */
  readonly nodes: readonly string[];
  /** First three bytes of the LAN's /24; pools may share it: they are separate LANs. Default 192.168.10. */
  readonly lan?: string;
  /** First part of the LAN's IPv6 /64, such as `fd00:10`: `<lan6>::11` is the first node. Default: none but link-local addresses. */
  readonly lan6?: string;
}

export interface SiteSpec {
  readonly pools: readonly PoolSpec[];
  /** Start of every namespace's name; the process id follows it. Default `yl`. */
  readonly prefix?: string;
}

/** A namespace with its place on the wires. */
export interface SiteNode {
  readonly name: string;
  readonly pool: string;
  /** Name of the network namespace. */
  readonly ns: string;
  /** On the LAN, interface `eth0`. */
  readonly lanIp: string;
  /** The same with the LAN's IPv6 prefix, where it has one. */
  readonly lanIp6?: string;
  /** Toward the cloud, interface `cloud0`; the same as `InternalIP` would be in a pool with a routed underlay. */
  readonly cloudIp: string;
  /** This node's port on the LAN's switch, in the switch's namespace. */
  readonly lanPort: string;
  /** This node's port on the cloud's bridge, in the cloud's namespace. */
  readonly cloudPort: string;
}

export interface SitePool {
  readonly name: string;
  /** Namespace of the LAN's switch, bridge `lan0` with the address `gateway`, which leads nowhere. */
  readonly switchNs: string;
  /** Namespace of the client, interface `eth0`. */
  readonly clientNs: string;
  readonly clientIp: string;
  readonly clientIp6?: string;
  readonly gateway: string;
  readonly lan: string;
  readonly lan6?: string;
  readonly nodes: readonly SiteNode[];
}

/** What stands where. Names and addresses only. */
export interface SitePlan {
  readonly prefix: string;
  readonly cloudNs: string;
  /** Where an API server listens. */
  readonly cloudIp: string;
  readonly pools: readonly SitePool[];
}

const FIRST_NODE = 11;
const CLIENT = 200;
const CLOUD_NET = '10.254.0';

/** @param id tells sites of one machine apart: process id and a serial */
export function planSite(spec: SiteSpec, id: string): SitePlan {
  const prefix = `${spec.prefix ?? 'yl'}${id}`;
  let serial = 0;
  const pools = spec.pools.map((pool): SitePool => {
    const { lan = '192.168.10', lan6 } = pool;
    const nodes = pool.nodes.map((name, i): SiteNode => {
      serial++;
      return {
        name,
        pool: pool.name,
        ns: `${prefix}-${name}`,
        lanIp: `${lan}.${FIRST_NODE + i}`,
        ...(lan6 && { lanIp6: `${lan6}::${FIRST_NODE + i}` }),
        cloudIp: `${CLOUD_NET}.${FIRST_NODE + serial - 1}`,
        lanPort: `p${i + 1}`,
        cloudPort: `c${serial}`,
      };
    });
    return {
      name: pool.name,
      switchNs: `${prefix}-${pool.name}-lan`,
      clientNs: `${prefix}-${pool.name}-client`,
      clientIp: `${lan}.${CLIENT}`,
      ...(lan6 && { lan6, clientIp6: `${lan6}::${CLIENT}` }),
      gateway: `${lan}.1`,
      lan,
      nodes,
    };
  });
  return { prefix, cloudNs: `${prefix}-cloud`, cloudIp: `${CLOUD_NET}.1`, pools };
}

/** Every namespace of a site. */
export function namespacesOf(plan: SitePlan): string[] {
  const ofPool = (pool: SitePool) => [pool.switchNs, pool.clientNs, ...pool.nodes.map(({ ns }) => ns)];
  return [plan.cloudNs, ...plan.pools.flatMap(ofPool)];
}

/** Lines for `ip -batch` inside the namespace of a bridge, and after them inside each namespace at the other ends. */
export interface WiringStep {
  readonly ns: string;
  readonly lines: readonly string[];
}

/** First all bridges with their cables (steps of `bridges`), then the ends (steps of `ends`). */
export function wiring(plan: SitePlan): { bridges: WiringStep[]; ends: WiringStep[] } {
  const nodes = plan.pools.flatMap((pool) => pool.nodes);
  const cloud: WiringStep = {
    ns: plan.cloudNs,
    lines: [
      ...bridge('cloud0', `${plan.cloudIp}/24`),
      ...nodes.flatMap((node) => cable('cloud0', node.cloudPort, 'cloud0', node.ns)),
    ],
  };
  const lans = plan.pools.map((pool) => ({
    ns: pool.switchNs,
    lines: [
      ...bridge('lan0', `${pool.gateway}/24`),
      ...address6('lan0', pool.lan6 && `${pool.lan6}::1`),
      ...cable('lan0', 'pc', 'eth0', pool.clientNs),
      ...pool.nodes.flatMap((node) => cable('lan0', node.lanPort, 'eth0', node.ns)),
    ],
  }));
  const ends = plan.pools.flatMap((pool) => [
    { ns: pool.clientNs, lines: [...lanEnd(pool.clientIp, pool.clientIp6), ...routes(pool)] },
    ...pool.nodes.map((node) => nodeEnds(pool, node)),
  ]);
  return { bridges: [cloud, ...lans], ends };
}

/** Cables of one node that gets a new namespace, from the two bridges, then their ends in it. */
export function rewiring(plan: SitePlan, pool: SitePool, node: SiteNode): WiringStep[] {
  return [
    { ns: plan.cloudNs, lines: cable('cloud0', node.cloudPort, 'cloud0', node.ns) },
    { ns: pool.switchNs, lines: cable('lan0', node.lanPort, 'eth0', node.ns) },
    nodeEnds(pool, node),
  ];
}

function nodeEnds(pool: SitePool, { ns, lanIp, lanIp6, cloudIp }: SiteNode): WiringStep {
  return { ns, lines: [...lanEnd(lanIp, lanIp6), ...end('cloud0', `${cloudIp}/24`), ...routes(pool)] };
}

function lanEnd(ip: string, ip6: string | undefined): string[] {
  return [...end('eth0', `${ip}/24`), ...address6('eth0', ip6)];
}

/** A site is made in milliseconds: duplicate detection would take seconds. */
function address6(name: string, ip6: string | undefined): string[] {
  return ip6 === undefined ? [] : [`address add ${ip6}/64 dev ${name} nodad`];
}

/** No spanning tree and no snooping: a port forwards as soon as it is up, also multicast. */
function bridge(name: string, address: string): string[] {
  return [
    'link set lo up',
    `link add ${name} type bridge forward_delay 0 mcast_snooping 0`,
    `address add ${address} dev ${name}`,
    `link set ${name} up`,
  ];
}

function cable(bridgeName: string, port: string, far: string, farNs: string): string[] {
  return [
    `link add name ${port} type veth peer name ${far} netns ${farNs}`,
    `link set ${port} master ${bridgeName}`,
    `link set ${port} up`,
  ];
}

function end(name: string, address: string): string[] {
  return ['link set lo up', `address add ${address} dev ${name}`, `link set ${name} up`];
}

function routes(pool: SitePool): string[] {
  const ipv4 = `route add default via ${pool.gateway} dev eth0`;
  return pool.lan6 === undefined ? [ipv4] : [ipv4, `route add ::/0 via ${pool.lan6}::1 dev eth0`];
}
