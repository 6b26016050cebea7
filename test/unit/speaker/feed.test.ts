import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type KubeObject, type LbError, silentLog } from '@openyurt/nodepool-types';
import { ApiClient } from '../../../edge-speaker/src/kube/api-client.ts';
import { EventWriter } from '../../../edge-speaker/src/kube/event-writer.ts';
import { YurtHubFeed } from '../../../edge-speaker/src/kube/yurthub-feed.ts';
import type { Contact, FeedListener, Resource } from '../../../edge-speaker/src/ports/announcement-feed.ts';
import { ApiServer } from '../../support/api-server/api-server.ts';

interface Listed {
  resource: Resource;
  names: string[];
  proven: boolean;
}

/** What a feed brought, and a way to wait for it. */
class Ear implements FeedListener {
  readonly lists: Listed[] = [];
  readonly events: string[] = [];
  readonly contacts: Contact[] = [];
  readonly errors: LbError[] = [];
  readonly refusals: string[] = [];

  listed(resource: Resource, objects: readonly KubeObject[], _version: bigint | undefined, proven: boolean): void {
    const names = objects.map(({ metadata }) => metadata.name ?? '');
    this.lists.push({ resource, names: names.filter((name) => name !== 'kubernetes'), proven }); // in every cluster
  }

  changed(resource: Resource, type: string, object: KubeObject): void {
    this.events.push(`${resource} ${type} ${object.metadata.name}`);
  }

  reached(): void {}

  contact(contact: Contact, error?: LbError): void {
    this.contacts.push(contact);
    if (error !== undefined) this.errors.push(error);
  }

  refused(resource: Resource, error: LbError): void {
    this.refusals.push(`${resource} ${error.code}`);
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + 8_000;
    while (!holds()) {
      if (Date.now() > deadline) throw new Error(`${what} did not come: ${JSON.stringify(this)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  of(resource: Resource): Listed[] {
    return this.lists.filter((list) => list.resource === resource);
  }
}

describe('YurtHub feed', function () {
  this.timeout(10_000);
  let server: ApiServer;
  let feed: YurtHubFeed;
  let ear: Ear;

  const road = async () => ({
    base: new URL(server.url),
    credentials: async () => ({ headers: {}, tls: {} }),
    forget() {},
  });
  const post = (path: string, body: object) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    });
  const addService = (name: string) =>
    post('/api/v1/namespaces/default/services', {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name } },
      ...{ spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } },
    });
  const listen = () => {
    feed.pace(() => 50);
    feed.start(ear);
  };

  beforeEach(async () => {
    server = await ApiServer.start({});
    ear = new Ear();
    const log = silentLog;
    feed = new YurtHubFeed({
      client: new ApiClient(road),
      nodeName: 'a',
      namespace: 'kube-system',
      version: '1',
      log,
      random: () => 0,
    });
  });
  afterEach(async () => {
    feed.stop();
    await server.stop();
  });

  it('lists each resource with proof, then watches', async () => {
    await addService('web');
    listen();
    await ear.until('the lists', () => ear.lists.length === 3);
    assert.deepEqual(ear.of('services'), [{ resource: 'services', names: ['web'], proven: true }]);
    await addService('api');
    await ear.until('the event', () => ear.events.includes('services ADDED api'));
  });

  it('reads nodes and ConfigMaps only of a NodePool that it follows', async () => {
    await post('/api/v1/nodes', { metadata: { name: 'b', labels: { 'apps.openyurt.io/nodepool': 'p' } } });
    await post('/api/v1/nodes', { metadata: { name: 'c', labels: { 'apps.openyurt.io/nodepool': 'q' } } });
    listen();
    await ear.until('the lists', () => ear.lists.length === 3);
    feed.followPool('p');
    await ear.until('the nodes', () => ear.of('nodes').length === 1);
    assert.deepEqual(ear.of('nodes')[0]?.names, ['b']);
  });

  it('a hub that says 400 on /healthz says that it is offline', async () => {
    const hub = createServer((_, response) => response.writeHead(400).end()).listen(0, '127.0.0.1');
    await once(hub, 'listening');
    const base = new URL(`http://127.0.0.1:${(hub.address() as AddressInfo).port}`);
    const client = new ApiClient(async () => ({
      base,
      credentials: async () => ({ headers: {}, tls: {} }),
      forget() {},
    }));
    feed = new YurtHubFeed({ client, nodeName: 'a', namespace: 'n', version: '1', log: silentLog, random: () => 0 });
    try {
      listen();
      await ear.until('a contact', () => ear.contacts.length > 0);
      assert.deepEqual([ear.contacts[0], ear.lists], ['hub-offline', []]);
      assert.match(ear.errors[0]?.message ?? '', new RegExp(`^LB_API_UNREACHABLE: ${base.origin}/healthz: HTTP 400`));
      assert.match(ear.errors[0]?.remedy ?? '', /YurtHub says/);
    } finally {
      hub.close().closeAllConnections();
    }
  });

  it('what is listed while /healthz does not answer has no proof', async () => {
    await addService('web');
    server.faults.set({ kind: 'error', code: 503 }, { only: /healthz/ });
    listen();
    await ear.until('a list', () => ear.of('services').length > 0);
    assert.deepEqual(ear.of('services')[0], { resource: 'services', names: ['web'], proven: false });
    assert.ok(ear.contacts.every((contact) => contact === 'unknown'));
  });

  for (const fault of [
    { kind: 'error', code: 502 },
    { kind: 'error', code: 503 },
    { kind: 'too-many', retryAfterSeconds: 1 },
    { kind: 'hang-up' },
    { kind: 'truncate' },
  ] as const) {
    it(`${fault.kind}${'code' in fault ? ` ${fault.code}` : ''} is not known: no list comes of it, and the next try brings it`, async () => {
      await addService('web');
      server.faults.set(fault, { only: /GET \/api\/v1\/services/, times: 2 });
      listen();
      await ear.until('the list', () => ear.of('services').length > 0);
      assert.deepEqual(ear.of('services'), [{ resource: 'services', names: ['web'], proven: true }]);
    });
  }

  it('a request that hangs is given up and is doubt at once', async () => {
    await addService('web');
    server.faults.set({ kind: 'hang' }, { only: /GET \/api\/v1\/services/, times: 1 });
    listen();
    await ear.until('the list', () => ear.of('services').length > 0);
    assert.deepEqual(ear.of('services')[0]?.names, ['web']);
  });

  it('an answer that is no list is told with the resource and the code', async () => {
    server.faults.set({ kind: 'error', code: 503 }, { only: /GET \/api\/v1\/services/, times: 1 });
    listen();
    await ear.until('the list', () => ear.of('services').length > 0);
    assert.deepEqual(ear.refusals, ['services LB_API_UNREACHABLE']);
  });

  it('lists again when told to, and only what had no proof', async () => {
    const heal = server.faults.set({ kind: 'error', code: 503 }, { only: /healthz/ });
    listen();
    await ear.until('the lists', () => ear.lists.length === 3);
    heal();
    feed.relist('unproven');
    await ear.until('proven lists', () => ear.lists.filter(({ proven }) => proven).length === 3);
    feed.relist('unproven');
    feed.relist('all');
    await ear.until('all lists', () => ear.lists.length >= 9);
  });

  it('a deletion is an event', async () => {
    await addService('web');
    listen();
    await ear.until('the list', () => ear.of('services').length > 0);
    await fetch(`${server.url}/api/v1/namespaces/default/services/web`, { method: 'DELETE' });
    await ear.until('the event', () => ear.events.includes('services DELETED web'));
  });

  it('an event that the API took counts as sent, and one that met silence does not', async () => {
    const writer = new EventWriter(new ApiClient(road), 'a', '1');
    const event = {
      serviceKey: 'default/web',
      serviceUid: 'u',
      type: 'Warning' as const,
      reason: 'AddressConflict' as const,
      action: 'Defend',
      note: 'n',
      atWallMs: 0,
    };
    assert.equal(await writer.send(event), true);
    server.faults.set({ kind: 'hang-up' }, { times: 1 });
    assert.equal(await writer.send(event), false);
  });
});
