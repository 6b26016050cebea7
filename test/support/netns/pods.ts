import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { atExit } from '../at-exit.ts';
import type { SiteNode } from './plan.ts';
import type { Site } from './site.ts';

const PORT = 8080;

/** The Pods' side of a site: one Pod behind each node, answering HTTP with its node's name, and routes between the nodes. */
export class Pods {
  private readonly subnets = new Map<string, string>();
  private readonly names: string[] = [];
  private readonly forget = atExit(() => this.close());

  private constructor(private readonly site: Site) {}

  static async start(site: Site): Promise<Pods> {
    const pods = new Pods(site);
    const nodes = site.pools.flatMap((pool) => pool.nodes);
    for (const [i, node] of nodes.entries()) pods.subnets.set(node.name, `10.244.${i + 1}`);
    await Promise.all(nodes.map((node) => pods.startPod(node)));
    for (const { nodes: members } of site.pools) {
      for (const node of members) pods.route(node, members);
    }
    return pods;
  }

  addressOf(node: string): string {
    return `${this.subnets.get(node)}.2`;
  }

  /** What a reboot does to a Pod: it has another address, and nobody answers at the one it had. @returns the new one */
  move(node: string): string {
    const ns = `${this.site.node(node).ns}-pod`;
    const subnet = this.subnets.get(node);
    ip(['-n', ns, 'address', 'delete', `${subnet}.2/24`, 'dev', 'eth0']);
    ip(['-n', ns, 'address', 'add', `${subnet}.3/24`, 'dev', 'eth0']);
    ip(['-n', ns, 'route', 'replace', 'default', 'via', `${subnet}.1`]);
    return `${subnet}.3`;
  }

  /**
   * The Pod of a node that has lost its power and got it back: started anew, with another address; the old one is nobody's.
   *
   * @returns the new address
   */
  async restart(name: string): Promise<string> {
    const node = this.site.node(name);
    ip(['netns', 'delete', `${node.ns}-pod`]);
    this.names.splice(this.names.indexOf(`${node.ns}-pod`), 1);
    await this.startPod(node);
    const pool = this.site.pools.find((each) => each.name === node.pool);
    this.route(node, pool?.nodes ?? []);
    return this.move(name);
  }

  /** Namespaces of Pods are ours, not the site's: they go here. Their processes go with the site. */
  close(): void {
    this.forget();
    for (const name of this.names.splice(0)) ip(['netns', 'delete', name]);
  }

  private async startPod(node: SiteNode): Promise<void> {
    const ns = `${node.ns}-pod`;
    const subnet = this.subnets.get(node.name);
    this.names.push(ns);
    ip(['netns', 'add', ns]);
    ip(['-n', node.ns, 'link', 'add', 'cni0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns]);
    ip(['-n', node.ns, 'address', 'add', `${subnet}.1/24`, 'dev', 'cni0']);
    ip(['-n', node.ns, 'link', 'set', 'cni0', 'up']);
    ip(['-n', ns, 'address', 'add', `${subnet}.2/24`, 'dev', 'eth0']);
    ip(['-n', ns, 'link', 'set', 'lo', 'up']);
    ip(['-n', ns, 'link', 'set', 'eth0', 'up']);
    ip(['-n', ns, 'route', 'add', 'default', 'via', `${subnet}.1`]);
    const serve = `require('http').createServer((q, r) => r.end(${JSON.stringify(node.name)})).listen(${PORT}, () => console.log('up'))`;
    const child = this.site.spawn(ns, process.execPath, ['-e', serve], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('the Pod was started without a pipe');
    await once(createInterface({ input: child.stdout }), 'line');
  }

  private route(node: SiteNode, members: readonly SiteNode[]): void {
    for (const other of members) {
      if (other.name === node.name) continue;
      const subnet = `${this.subnets.get(other.name)}.0/24`;
      ip(['-n', node.ns, 'route', 'add', subnet, 'via', other.lanIp]);
    }
  }
}

function ip(args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
