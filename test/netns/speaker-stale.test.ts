import { strict as assert } from 'node:assert';
import { TELL_STALE_MS } from '../../edge-speaker/src/hub/outage-events.ts';
import { outages } from '../support/netns/arp-client.ts';
import { Pods } from '../support/netns/pods.ts';
import { needSites } from '../support/netns/suite.ts';
import { SpeakerSite } from './speaker-site.ts';

const NODES = ['a', 'b'];
const VIP = '192.168.10.240';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';
/** A hand-over leaves no gap; shorter ones are the asker's own on a busy machine. */
const PAUSE_MS = 1_000;

interface EventList {
  items: {
    reason: string;
    note: string;
    eventTime: string;
    regarding: { kind: string; name: string };
    reportingInstance: string;
  }[];
}

describe('endpoints that die while the cloud is away', function () {
  this.timeout(60_000);
  let site: SpeakerSite;
  let pods: Pods;
  let owner = '';
  let other = '';
  let cutMs = 0;
  let returnMs = 0;

  before(async function () {
    needSites(this);
    site = await SpeakerSite.create(NODES);
    pods = await Pods.start(site.site);
    await site.api('POST', SLICES, slice());
    site.startAll();
    await site.addService('web', VIP, { externalTrafficPolicy: 'Local' });
    await agreement();
  });
  after(() => {
    pods?.close();
    site?.close();
  });
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    for (const node of NODES) console.error(`--- ${node}\n${site.logOf(node).split('\n').slice(-25).join('\n')}`);
  });

  /** One Pod on each node, as the cloud saw them last. */
  function slice() {
    return {
      metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: NODES.map((nodeName) => ({ nodeName, addresses: [pods.addressOf(nodeName)] })),
      ports: [{ port: 8080, protocol: 'TCP' }],
    };
  }

  async function agreement(): Promise<void> {
    await site.until('agreement', 'a', () => {
      const [first, ...more] = NODES.map((node) => site.state(node)?.addresses[0]?.owner ?? undefined);
      return first !== undefined && more.every((owner) => owner === first);
    });
  }

  it('while the cloud is there nobody asks them', () => {
    for (const node of NODES) {
      assert.match(site.page(node, '/metrics') ?? '', /^yurtlb_speaker_watched_endpoints 0$/m);
    }
  });

  it('the address goes where one lives', async () => {
    const asker = await site.ask([VIP]);
    const { mac } = await asker.answer(VIP);
    owner = site.nodeOfMac(mac);
    other = NODES.find((node) => node !== owner) ?? '';
    cutMs = Date.now();
    for (const node of NODES) site.site.cutCloud(node);
    pods.move(owner);
    const changed = (line: { kind: string; mac?: string }) => line.kind === 'answer' && line.mac !== mac;
    const answer = await asker.until('another answer', changed, { sinceMs: cutMs, timeoutMs: 30_000 });
    assert.equal('mac' in answer && site.nodeOfMac(answer.mac), other);
    const { addresses } = await site.until('it says so', owner, (state) => state.addresses[0]?.owner === other);
    assert.equal(addresses[0]?.staleEndpoints, true);
    await site.until('it is well', other, (state) => state.addresses[0]?.staleEndpoints === false);
    assert.match(site.page(owner, '/metrics') ?? '', /^yurtlb_speaker_stale_endpoints 1$/m);
    assert.match(
      site.page(other, '/metrics') ?? '',
      /^yurtlb_speaker_endpoint_probes_total\{outcome="answered"\} [1-9]/m,
    );
    assert.deepEqual(outages(await asker.stop(), PAUSE_MS), []);
  });

  it('it stays where it is when that one dies too', async () => {
    pods.move(other);
    await site.until('both stale', other, ({ addresses }) => addresses[0]?.staleEndpoints === true, 30_000);
    const toldMs = Date.now() + 2 * TELL_STALE_MS; // shorter is not worth an Event
    const asker = await site.ask([VIP]);
    assert.equal(site.nodeOfMac((await asker.answer(VIP, { sinceMs: toldMs })).mac), other);
    await asker.stop();
  });

  it('the cloud hears of it when it is back, with the times at which it happened', async () => {
    returnMs = Date.now();
    site.restoreCloud();
    for (const node of NODES) await site.until('online', node, ({ cloud }) => cloud.state === 'connected', 30_000);
    const reasons = ['AnnouncerChanged', 'StaleEndpoints', 'CloudLinkRestored'];
    let found: EventList['items'] = [];
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
      found = ((await site.api('GET', EVENTS)) as unknown as EventList).items;
      if (reasons.every((reason) => found.some((event) => event.reason === reason))) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const taken = found.filter(
      ({ reason, note }) => reason === 'AnnouncerChanged' && note.includes(`node ${other} took`),
    );
    assert.equal(taken.length, 1, JSON.stringify(found));
    const atMs = Date.parse(taken[0]?.eventTime ?? '');
    assert.ok(atMs > cutMs && atMs < returnMs, `${taken[0]?.eventTime}`);
    assert.ok(found.some(({ reason, note }) => reason === 'StaleEndpoints' && /served \d+ s with stale/.test(note)));
    const nodes = found.filter(({ reason }) => reason === 'CloudLinkRestored').map(({ regarding }) => regarding);
    assert.ok(nodes.length > 0 && nodes.every(({ kind, name }) => kind === 'Node' && NODES.includes(name)));
  });
});
