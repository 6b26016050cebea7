import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import type { IpFamily } from '@openyurt/nodepool-types';
import { AnnounceProcess } from '../support/netns/announce-process.ts';
import { type ArpAnswer, ArpClient } from '../support/netns/arp-client.ts';
import type { SiteNode } from '../support/netns/plan.ts';
import { Site } from '../support/netns/site.ts';
import { PATIENCE } from '../support/patience.ts';
import { until } from '../support/until.ts';
import { runIp } from './ip-lines.ts';

/** In nobody's subnet: they go where the default route of their family goes. */
export const FAR = '10.99.0.5';
export const FAR6 = 'fd99::5';

const LAN6 = 'fd00:10';
/** Of the LAN's subnets, 192.168.10.0/24 and fd00:10::/64: what is asked for, and what the switch has. */
const ADDRESSES: Record<IpFamily, { vip: string; far: string; gateway: string }> = {
  IPv4: { vip: '192.168.10.240', far: FAR, gateway: '192.168.10.1' },
  IPv6: { vip: `${LAN6}::f0`, far: FAR6, gateway: `${LAN6}::1` },
};

/** Between two questions for an address, and how many make sure; each costs an emulated kernel milliseconds of work. */
const ASKED_MS = 5 * PATIENCE;
const QUESTIONS = PATIENCE > 1 ? 6 : 20;

/** An answer that came as it should, and how long after the event. */
export interface Settled {
  readonly mac: string;
  /** From before the command that made the event to the frame, so the command's own start counts too. */
  readonly ms: number;
}

/** One node with the announcer on it and a client that asks all the time; cables can be added, moved and pulled. */
export class InterfaceSite {
  private running: AnnounceProcess | undefined;
  private ports = 0;
  private sinceMs = 0;

  private constructor(
    readonly site: Site,
    private readonly addresses: (typeof ADDRESSES)[IpFamily],
    private readonly clients: ReadonlyMap<string, ArpClient>,
    private readonly mac: string,
  ) {}

  /**
   * @param family of what is asked for
   * @param askers interfaces of the client that ask
   * @param wire lines for `ip` before they do, for the client and for the switch
   */
  static async create({
    family = 'IPv4',
    askers = ['eth0'],
    wire = {},
  }: {
    family?: IpFamily;
    askers?: readonly string[];
    wire?: Partial<Record<'client' | 'switch', readonly string[]>>;
  } = {}): Promise<InterfaceSite> {
    const lan6 = family === 'IPv6' ? { lan6: LAN6 } : {};
    const site = await Site.create({ prefix: 'if', pools: [{ name: 'shop', nodes: ['a'], ...lan6 }] });
    try {
      const { clientNs, switchNs } = site.pool('shop');
      runIp(clientNs, wire.client ?? []);
      runIp(switchNs, wire.switch ?? []);
      const addresses = Object.values(ADDRESSES[family]);
      const start = (link: string) => ArpClient.start(site, clientNs, addresses, { link, intervalMs: ASKED_MS });
      const clients = await Promise.all(askers.map(async (link) => [link, await start(link)] as const));
      return new InterfaceSite(site, ADDRESSES[family], new Map(clients), site.macOf('a'));
    } catch (error) {
      site.close();
      throw error;
    }
  }

  get node(): SiteNode {
    return this.site.node('a');
  }

  /** The switch's port of the cable that was plugged last. */
  get lastPort(): string {
    return `x${this.ports}`;
  }

  get announcer(): AnnounceProcess {
    assert.ok(this.running, 'the announcer was not started');
    return this.running;
  }

  /** Everything that ran on the node or was plugged into it is gone; it is as at the start. */
  async renewNode(): Promise<void> {
    this.running = undefined;
    await this.site.powerOff('a');
    await this.site.powerOn('a', { mac: this.mac });
  }

  /** Starts the announcer on what stands now, and lets it keep both addresses announced. */
  async announce(): Promise<void> {
    this.running = await AnnounceProcess.start(this.site, this.node.ns);
    this.begin();
    for (const address of [this.addresses.vip, this.addresses.far]) this.running.tell({ do: 'keep', address });
  }

  /** An event: what is waited for after it must come after it. */
  begin(): void {
    this.sinceMs = Date.now();
  }

  /** Runs `ip` on the node, one call per line, as one event. */
  ip(...lines: readonly string[]): void {
    this.begin();
    runIp(this.node.ns, lines);
  }

  /** `interfaces` of the site changes. */
  allow(...patterns: readonly string[]): void {
    this.begin();
    this.announcer.tell({ do: 'interfaces', patterns });
  }

  /** A new interface on the node with a cable to the LAN's switch, down. @returns the name of the switch's port */
  plug(name: string): string {
    this.ports++;
    const port = this.lastPort;
    runIp(this.site.pool('shop').switchNs, [
      `link add name ${port} type veth peer name ${name} netns ${this.node.ns}`,
      `link set ${port} master lan0`,
      `link set ${port} up`,
    ]);
    return port;
  }

  /** Pulls the cable of a port of the switch, or puts it back. */
  cable(port: string, state: 'up' | 'down'): void {
    this.begin();
    runIp(this.site.pool('shop').switchNs, [`link set ${port} ${state}`]);
  }

  /** Changes an interface and changes it back, `times` over. */
  flap(link: string, times: number): void {
    const lines = Array.from({ length: times }, (_, i) => `link set ${link} mtu ${i % 2 === 0 ? 1400 : 1500}`);
    runIp(this.node.ns, lines);
  }

  /** Netlink messages of this node that some socket had no room for: the column `Drops` of /proc/net/netlink. */
  lostNews(): number {
    const [, ...lines] = this.site.exec(this.node.ns, 'cat', ['/proc/net/netlink']).stdout.trim().split('\n');
    return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[8]), 0);
  }

  /** IPv6 addresses stay while it is set down: as with a network manager, which would put them back. */
  keepAddresses(link: string): void {
    this.set(link, 'keep_addr_on_down', 1);
  }

  acceptRouters(link: string, accept: boolean): void {
    this.set(link, 'accept_ra', accept ? 2 : 0);
  }

  macOf(link: string): string {
    const { stdout } = spawnSync('ip', ['-n', this.node.ns, '-json', 'link', 'show', link], { encoding: 'utf8' });
    const [found] = JSON.parse(stdout) as { address: string }[];
    assert.ok(found, link);
    return found.address;
  }

  /** Waits until `link` alone answers for the address: every answer to {@link QUESTIONS} and more. */
  async answers(link: string, address = this.addresses.vip, asker = 'eth0'): Promise<Settled> {
    await this.said(address, link);
    const client = this.client(asker);
    for (const endMs = Date.now() + 15_000 * PATIENCE; ; ) {
      const mac = this.macOf(link); // a bond takes that of its new port, a little later
      const macs = new Set((await this.askedOn(client, address)).map((line) => line.mac));
      if (macs.size === 1 && macs.has(mac)) return { mac, ms: Math.round(this.firstOf(mac, client, address)) };
      assert.ok(Date.now() < endMs, `${[...macs].join(' and ')} answer for ${address}, not ${link} alone, ${mac}`);
    }
  }

  /** Waits until the announcer says why it can't announce, and sees that nobody answers. */
  async silent(reason: string, address = this.addresses.vip): Promise<void> {
    await this.said(address, reason);
    await this.unheard('eth0', address);
  }

  /** Nobody answers what this interface of the client asks. */
  async unheard(asker: string, address = this.addresses.vip): Promise<void> {
    const client = this.client(asker);
    await this.askedOn(client, address); // what was on its way
    const answers = await this.askedOn(client, address);
    assert.equal(answers.length, 0, `${answers[0]?.mac} answers for ${address}`);
  }

  /** No frame says one node in its Ethernet header and another in its body. */
  checkFrames(): void {
    for (const line of [...this.clients.values()].flatMap((client) => client.log)) {
      if (line.kind !== 'start')
        assert.equal(line.source, undefined, `Ethernet source ${line.source}, ARP ${line.mac}`);
    }
  }

  close(): void {
    this.site.close();
  }

  private set(link: string, key: string, value: number): void {
    const script = `echo ${value} > /proc/sys/net/ipv6/conf/${link}/${key}`;
    assert.equal(this.site.exec(this.node.ns, 'sh', ['-c', script]).status, 0, script);
  }

  /** The announcer's own word: a link's name, or a reason. */
  private said(address: string, word: string): Promise<void> {
    return until(`${word} for ${address}`, () => this.announcer.lastWord(address) === word, 10_000 * PATIENCE);
  }

  /** {@link QUESTIONS} more for each address: the switch answers for its own, so they were asked. @returns the answers */
  private async askedOn(client: ArpClient, address: string): Promise<ArpAnswer[]> {
    const fromMs = Date.now();
    await client.answer(this.addresses.gateway, { sinceMs: fromMs + QUESTIONS * ASKED_MS });
    return heard(client, address, fromMs);
  }

  /** From the event until the first answer after the last wrong one, in milliseconds. */
  private firstOf(mac: string, client: ArpClient, address: string): number {
    const answers = heard(client, address, this.sinceMs);
    const right = answers[answers.findLastIndex((line) => line.mac !== mac) + 1];
    return (right?.atMs ?? Number.NaN) - this.sinceMs;
  }

  private client(asker: string): ArpClient {
    const client = this.clients.get(asker);
    assert.ok(client, `nobody asks on ${asker}`);
    return client;
  }
}

function heard(client: ArpClient, address: string, sinceMs: number): ArpAnswer[] {
  const answers = client.log.filter((line) => line.kind === 'answer');
  return answers.filter((line) => line.address === address && line.atMs >= sinceMs);
}
