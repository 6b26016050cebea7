import { strict as assert } from 'node:assert';
import { type KubeObject, silentLog } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { FolderDisk } from '../../../edge-speaker/src/io/cache-disk.ts';
import { SnapshotFile } from '../../../edge-speaker/src/io/snapshot-file.ts';
import { SnapshotWriter, VIEW_BETWEEN_MS } from '../../../edge-speaker/src/io/snapshot-writer.ts';
import { type Resource, View } from '../../../edge-speaker/src/offline/adopt.ts';
import { encodeSnapshot } from '../../../edge-speaker/src/offline/snapshot.ts';
import { FakeTime } from '../../support/fake-time.ts';
import { PowerCutDisk } from './power-cut-disk.ts';

const NODES = ['edge-1', 'edge-2', 'edge-3'];
const DAY_MS = 86_400_000;

/** A site at work, seen by one speaker, with a card below it that notes each byte. */
class Site {
  readonly time = new FakeTime();
  readonly card = new PowerCutDisk(new Map([['/var', null]]));
  readonly view = new View();
  private rv = 100;
  private readonly writer: SnapshotWriter;

  constructor() {
    const { time, view } = this;
    const lock = { hold: async () => true, release() {} };
    const disk = new FolderDisk('/var/cache', this.card, lock);
    const store = new SnapshotFile({ disk, folder: '/var/cache', clock: time, timers: time, name: 'view', format: 1 });
    const encode = () => encodeSnapshot(view, 'edge-1', 'p');
    const parts = { store, clock: time, timers: time, log: silentLog, encode, whole: () => view.isWhole('p') };
    this.writer = new SnapshotWriter({ ...parts, betweenMs: VIEW_BETWEEN_MS }, undefined);
    for (const resource of ['self', 'nodes', 'services', 'slices', 'configs'] as const) this.relist(resource);
  }

  get calls(): number {
    return this.card.log.length;
  }

  async pass(ms: number): Promise<void> {
    this.time.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }

  modified(resource: Resource, object: KubeObject): void {
    this.view.adoptEvent(resource, 'MODIFIED', object, this.time.monotonicMs());
    this.writer.touch();
  }

  bookmark(resource: Resource): void {
    this.view[resource].seen(BigInt(++this.rv));
    this.writer.touch();
  }

  linkLost(): void {
    this.view.trustEndpoints(false);
    this.writer.linkLost();
  }

  relist(resource: Resource): void {
    const objects = {
      self: () => [this.node('edge-1')],
      nodes: () => NODES.map((name) => this.node(name)),
      services: () => [this.service()],
      slices: () => [this.slice()],
      configs: () => [this.config()],
    }[resource]();
    this.view.adoptList(resource, objects, BigInt(++this.rv), true, this.time.monotonicMs());
    this.writer.touch();
  }

  /** As the kubelet and the node controllers write it each few seconds. */
  node(name: string, ready = 'True', taints: { key: string; effect: string }[] = []): KubeObject {
    const beat = `${this.time.wallMs()}`;
    const conditions = [
      { type: 'Ready', status: ready, lastHeartbeatTime: beat, lastTransitionTime: beat },
      { type: 'MemoryPressure', status: 'False', lastHeartbeatTime: beat },
    ];
    const addresses = [{ type: 'InternalIP', address: `192.168.10.${NODES.indexOf(name) + 1}` }];
    const images = [{ names: [beat] }];
    return { metadata: this.meta(name), spec: { taints }, status: { conditions, addresses, images } } as KubeObject;
  }

  service(): KubeObject {
    const ingress = [{ ip: '192.168.10.240', hostname: 'p', ipMode: 'VIP' }];
    const conditions = [{ type: 'Checked', lastTransitionTime: `${this.time.wallMs()}` }];
    const spec = { type: 'LoadBalancer', loadBalancerClass: 'service.openyurt.io/vip', ports: [{ port: 80 }] };
    return { metadata: this.meta('web', 'ns'), spec, status: { loadBalancer: { ingress }, conditions } } as KubeObject;
  }

  slice(ready = true): KubeObject {
    const endpoints = NODES.map((nodeName) => ({ nodeName, addresses: ['10.1.0.1'], conditions: { ready } }));
    return { metadata: this.meta('web-1', 'ns'), endpoints } as KubeObject;
  }

  config(): KubeObject {
    return { metadata: this.meta('p', 'yurtlb-system'), data: { config: 'c', site: 's' } } as KubeObject;
  }

  private meta(name: string, namespace?: string) {
    return {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      resourceVersion: `${++this.rv}`,
      uid: `u-${name}`,
      annotations: { 'checked-at': `${this.time.wallMs()}` },
      labels: { 'apps.openyurt.io/nodepool': 'p', 'kubernetes.io/service-name': 'web' },
    };
  }
}

const unreachable = [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }];
/** All that goes on in a cluster in which nothing happens. */
const murmurs: Record<string, (site: Site, node: string) => void> = {
  'a heartbeat of a node': (site, node) => site.modified('nodes', site.node(node)),
  'the own heartbeat': (site) => site.modified('self', site.node('edge-1')),
  'a node NotReady': (site, node) => site.modified('nodes', site.node(node, 'Unknown', unreachable)),
  'a node ready again': (site, node) => site.modified('nodes', site.node(node, 'True')),
  'a Service touched': (site) => site.modified('services', site.service()),
  'endpoints written again': (site) => site.modified('slices', site.slice()),
  'a ConfigMap touched': (site) => site.modified('configs', site.config()),
  bookmarks: (site) => {
    for (const resource of ['nodes', 'services', 'slices', 'configs'] as const) site.bookmark(resource);
  },
  'everything listed again': (site) => {
    for (const resource of ['self', 'nodes', 'services', 'slices', 'configs'] as const) site.relist(resource);
  },
  'a short doubt in which the cloud takes the endpoints away': (site) => {
    site.linkLost();
    site.modified('slices', site.slice(false));
    site.modified('slices', site.slice());
    site.view.trustEndpoints(true);
  },
};

describe('the cache at rest', function () {
  this.timeout(60_000);

  it('writes not a byte in days of heartbeats, resourceVersions, bookmarks and nodes that seem not ready', async () => {
    const murmur = fc.record({
      name: fc.constantFrom(...Object.keys(murmurs)),
      node: fc.constantFrom(...NODES),
      ms: fc.integer({ min: 1, max: 600_000 }),
    });
    let simulatedMs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(murmur, { minLength: 800, maxLength: 1_000 }), async (sequence) => {
        const site = new Site();
        await site.pass(20_000);
        const { calls } = site;
        assert.ok(calls > 0, 'the first view was written');
        for (const { name, node, ms } of sequence) {
          murmurs[name]?.(site, node);
          await site.pass(ms);
          assert.equal(site.calls, calls, `written after: ${name}`);
        }
        simulatedMs += site.time.monotonicMs();
      }),
      { numRuns: 12 },
    );
    assert.ok(simulatedMs > 10 * DAY_MS);
  });

  it('and writes once for a change among them', async () => {
    const site = new Site();
    await site.pass(20_000);
    const { calls } = site;
    site.modified('slices', site.slice(false));
    for (let i = 0; i < 100; i++) {
      site.modified('nodes', site.node('edge-2'));
      await site.pass(10_000);
    }
    const writes = site.card.log.slice(calls).filter(({ kind }) => kind === 'rename');
    assert.equal(writes.length, 1);
  });
});
