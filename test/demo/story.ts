import { DataPlane } from '../support/data-plane.ts';
import { Stage, serviceWithEndpoints } from '../support/stage.ts';
import {
  ADDRESSES,
  MIN_READY_SECONDS,
  type Placed,
  POOLS,
  SITE,
  settled,
  untilPlaced,
  Witnesses,
  whoAnswers,
} from './cast.ts';
import { httpFinding } from './http.ts';
import { StepFailed, type Timeline } from './timeline.ts';

const ALL_NODES = POOLS.flatMap(({ nodes }) => [...nodes]);
const WATCHED_MS = 5000;

/** What stands when the story is over. */
export interface Played {
  readonly stage: Stage;
  /** On the real control plane only. */
  readonly plane: DataPlane | undefined;
}

/** The scene as it stands between the steps. */
interface Scene extends Played {
  readonly witnesses: Witnesses;
  addresses: Placed[];
}

/**
 * Plays the story, from two empty sites to the return of the cloud.
 *
 * @returns what stands, for the caller to keep and to close
 */
export async function play(timeline: Timeline, kube: boolean): Promise<Played | undefined> {
  let stage: Stage | undefined;
  let plane: DataPlane | undefined;
  const built = await timeline.step('building two sites and a cloud', async (progress) => {
    progress(kube ? 'starting etcd, kube-apiserver and kube-controller-manager' : 'starting the API server');
    stage = await Stage.create({ pools: POOLS, addresses: ADDRESSES, site: SITE, kube, prefix: 'yld' });
    if (kube) {
      progress('starting a Pod and a kube-proxy on each node');
      plane = await DataPlane.start(stage);
    }
    return {
      said: 'two sites stand: hangzhou with three nodes, shanghai with two, a client on each LAN, a cloud',
      detail: [
        'both NodePools have the same addresses to give: 192.168.10.240-192.168.10.250 and fd00:10::240-fd00:10::250',
      ],
    };
  });
  if (!built || stage === undefined) return undefined;
  const scene: Scene = { stage, plane, witnesses: new Witnesses(stage), addresses: [] };
  try {
    for (const act of [online, owner, cut, back]) if (!(await act(timeline, scene))) break;
  } finally {
    await scene.witnesses.stop();
  }
  return { stage, plane };
}

function service(
  scene: Scene,
  name: string,
  port: number,
  { annotations = {}, dualStack = false }: { annotations?: Record<string, string>; dualStack?: boolean } = {},
) {
  const podIp = scene.plane === undefined ? {} : { podIp: (node: string) => scene.plane?.pods.addressOf(node) ?? '' };
  const families = dualStack ? { families: ['IPv4', 'IPv6'] as const } : {};
  return serviceWithEndpoints(scene.stage.site, { name, port, nodes: ALL_NODES, annotations, ...podIp, ...families });
}

async function online(timeline: Timeline, scene: Scene): Promise<boolean> {
  const { stage, witnesses } = scene;
  timeline.heading('Online');
  const started = await timeline.step('starting one cloud-controller and five edge-speakers', async () => {
    await stage.startController();
    for (const node of ALL_NODES) await stage.startSpeaker(node);
    return { said: 'one cloud-controller and five edge-speakers run, each a process of its own' };
  });
  const placed = await timeline.step('creating Services', async () => {
    const only = { 'service.openyurt.io/nodepool-labelselector': 'site in (hangzhou)' };
    await stage.cloud.apply(
      ...service(scene, 'web', 80, { dualStack: true }),
      ...service(scene, 'mqtt', 1883),
      ...service(scene, 'till', 8443, { annotations: only }),
    );
    scene.addresses = await untilPlaced(stage, 'seven addresses in status', (all) => all.length === 7);
    return {
      said: 'Services have an address in each NodePool they select (web: of both families; till: only hangzhou)',
      detail: await stage.cloud.table('/api/v1/namespaces/default/services'),
    };
  });
  const answered = await timeline.step('asking who answers', async () => {
    for (const { name } of POOLS) await witnesses.watch(name, ipsOf(scene, name));
    return whoAnswers(stage, witnesses, scene.addresses);
  });
  return started && placed && answered && (await http(timeline, scene, 'online'));
}

async function owner(timeline: Timeline, scene: Scene): Promise<boolean> {
  const held = new Map<string, string>();
  for (const ip of ipsOf(scene, 'hangzhou')) held.set(ip, await scene.witnesses.announcer('hangzhou', ip));
  const killed = await timeline.step('killing the announcer of web in hangzhou', () =>
    killAnnouncer(scene, 'hangzhou', 'web'),
  );
  const returned = await timeline.step('starting it again', async () => {
    const node = missingSpeaker(scene);
    const mine = scene.addresses.filter(({ pool, ip }) => pool === 'hangzhou' && held.get(ip) === node);
    const sinceMs = Date.now();
    await scene.stage.startSpeaker(node);
    const mac = scene.stage.macOf(node);
    for (const { ip } of mine) await scene.witnesses.of('hangzhou', ip).answer(ip, { mac, sinceMs });
    const { longestMs } = scene.witnesses.calm('hangzhou', ipsOf(scene, 'hangzhou'), sinceMs);
    const what = [...new Set(mine.map(({ service }) => service))].join(', ');
    return {
      said: `${node} is back and, well for minReadySeconds (${MIN_READY_SECONDS} s here), answers for ${what} again; longest time without an answer meanwhile: ${ms(longestMs)}`,
    };
  });
  return killed && returned;
}

async function cut(timeline: Timeline, scene: Scene): Promise<boolean> {
  const { stage, witnesses } = scene;
  timeline.heading('The cloud link is cut');
  const quiet = await timeline.step('cutting the cloud link of all five nodes', async () => {
    await settled(witnesses, scene.addresses); // who came back is taking the last of its addresses
    const sinceMs = Date.now();
    for (const node of ALL_NODES) stage.site.cutCloud(node);
    for (const { name } of POOLS) {
      for (const ip of ipsOf(scene, name)) await witnesses.of(name, ip).answer(ip, { sinceMs: sinceMs + WATCHED_MS });
    }
    const calm = POOLS.map(({ name }) => witnesses.calm(name, ipsOf(scene, name), sinceMs));
    const changes = calm.reduce((sum, each) => sum + each.changes, 0);
    const stall = unmoved(stage, changes, 'an announcer changed although nothing happened at the site', sinceMs);
    const answers = calm.reduce((sum, each) => sum + each.answers, 0);
    const longest = Math.max(...calm.map(({ longestMs }) => longestMs));
    return {
      said: `cloud link cut: answers go on (${answers} in ${WATCHED_MS / 1000} s, longest pause ${ms(longest)})${stall}`,
    };
  });
  const restarted = await timeline.step('restarting every speaker of shanghai without a cloud', () => coldStart(scene));
  const killed = await timeline.step('killing the announcer of mqtt in hangzhou without a cloud', () =>
    killAnnouncer(scene, 'hangzhou', 'mqtt'),
  );
  return quiet && restarted && killed && (await http(timeline, scene, 'cut off'));
}

async function back(timeline: Timeline, scene: Scene): Promise<boolean> {
  const { stage, witnesses } = scene;
  timeline.heading('The cloud comes back');
  const changed = await timeline.step('changing things in the cloud meanwhile', async () => {
    await stage.cloud.delete('/api/v1/namespaces/default/services/till');
    await stage.cloud.apply(...service(scene, 'cache', 6379));
    scene.addresses = await untilPlaced(
      stage,
      'cache in both NodePools',
      (all) => of(all, 'cache').length === 2 && of(all, 'till').length === 0,
    );
    return { said: 'meanwhile in the cloud: till deleted, cache created' };
  });
  const agreed = await timeline.step('restoring the cloud link', async () => {
    const untouched = scene.addresses.filter(({ service }) => service !== 'cache');
    for (const { name } of POOLS) await witnesses.watch(name, ipsOf(scene, name));
    await settled(witnesses, untouched); // who was started again is well for long enough only now
    const sinceMs = Date.now();
    for (const node of ALL_NODES) stage.site.restoreCloud(node);
    for (const { pool, ip } of of(scene.addresses, 'cache')) await witnesses.untilAnswered(pool, ip, sinceMs);
    const tookMs = Date.now() - sinceMs;
    const mine = (pool: string) => untouched.filter((each) => each.pool === pool).map(({ ip }) => ip);
    const moves = POOLS.map(({ name }) => witnesses.calm(name, mine(name), sinceMs).changes).reduce((a, b) => a + b, 0);
    const stall = unmoved(stage, moves, `${moves} changes of the announcer of addresses that nobody touched`, sinceMs);
    return {
      said: `link restored: cache is answered ${(tookMs / 1000).toFixed(1)} s later, nothing else moved${stall}`,
    };
  });
  const same = await timeline.step('comparing status and wire', async () => {
    for (const { name } of POOLS) await witnesses.watch(name, ipsOf(scene, name));
    return whoAnswers(stage, witnesses, scene.addresses);
  });
  return changed && agreed && same && (await http(timeline, scene, 'online again'));
}

async function killAnnouncer(scene: Scene, pool: string, name: string) {
  const { stage, witnesses } = scene;
  const ip = ipOf(scene, pool, name);
  const before = await witnesses.announcer(pool, ip);
  const sinceMs = Date.now();
  await stage.stopSpeaker(before, 'SIGKILL');
  const { node, ms: outageMs } = await witnesses.takenOver(pool, ip, before, sinceMs);
  return { said: `${before}, the announcer of ${name}, killed: ${node} answers after an outage of ${ms(outageMs)}` };
}

async function coldStart(scene: Scene) {
  const { stage, witnesses } = scene;
  const ips = ipsOf(scene, 'shanghai');
  for (const node of POOLS[1].nodes) await stage.stopSpeaker(node, 'SIGKILL');
  const sinceMs = Date.now();
  for (const node of POOLS[1].nodes) await stage.startSpeaker(node);
  for (const ip of ips) await witnesses.of('shanghai', ip).answer(ip, { sinceMs });
  const tookMs = Date.now() - sinceMs;
  return {
    said: `both speakers of shanghai killed and started again: every address answered from the cache ${ms(tookMs)} later`,
  };
}

async function http(timeline: Timeline, { stage, plane, addresses }: Scene, when: string): Promise<boolean> {
  if (plane === undefined) return true;
  return timeline.step('asking by HTTP through kube-proxy', () => httpFinding(stage, addresses, when));
}

/**
 * Where a busy machine lets a process stand still for longer than three heartbeats, its addresses rightly go to another.
 *
 * @returns what to add to the finding
 * @throws StepFailed where addresses moved and no process stood still
 */
function unmoved(stage: Stage, moves: number, problem: string, sinceMs: number): string {
  if (moves === 0) return '';
  if (stage.stalls(sinceMs).length === 0) throw new StepFailed(problem);
  return ', but for what moved because this machine is too busy to run every speaker';
}

function missingSpeaker({ stage }: Scene): string {
  const missing = POOLS[0].nodes.find((node) => !stage.speakers.has(node));
  if (missing === undefined) throw new StepFailed('no speaker was killed');
  return missing;
}

function of(all: readonly Placed[], service: string): Placed[] {
  return all.filter((each) => each.service === service);
}

function ipsOf({ addresses }: Scene, pool: string): string[] {
  return addresses.filter((each) => each.pool === pool).map(({ ip }) => ip);
}

function ipOf({ addresses }: Scene, pool: string, name: string): string {
  const found = of(addresses, name).find((each) => each.pool === pool);
  if (found === undefined) throw new StepFailed(`${name} has no address in ${pool}`);
  return found.ip;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
