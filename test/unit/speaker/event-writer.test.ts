import { strict as assert } from 'node:assert';
import { ApiClient } from '../../../edge-speaker/src/kube/api-client.ts';
import { EventWriter } from '../../../edge-speaker/src/kube/event-writer.ts';
import type { ReportedEvent } from '../../../edge-speaker/src/ports/announcement-feed.ts';
import { ApiServer } from '../../support/api-server/api-server.ts';

const word = { type: 'Normal', reason: 'AnnouncerChanged', action: 'Announce', note: 'n', atWallMs: 1_000 } as const;
const web = { serviceKey: 'default/web', serviceUid: 'u' };

interface Stored {
  metadata: { namespace: string };
  eventTime: string;
  series?: { count: number; lastObservedTime: string };
  regarding: Record<string, string>;
}

describe('events as the API takes them', () => {
  let server: ApiServer;

  beforeEach(async () => {
    server = await ApiServer.start({});
  });
  afterEach(() => server.stop());

  async function stored(event: ReportedEvent): Promise<Stored> {
    const client = new ApiClient(async () => ({
      base: new URL(server.url),
      credentials: async () => ({ headers: {}, tls: {} }),
      forget() {},
    }));
    assert.equal(await new EventWriter(client, 'a', '1').send(event), true);
    const list = (await (await fetch(`${server.url}/apis/events.k8s.io/v1/events`)).json()) as { items: Stored[] };
    return list.items[0] ?? assert.fail('the API keeps none');
  }

  const cases: { name: string; event: ReportedEvent; time: string; series?: Stored['series']; about: object }[] = [
    {
      name: 'of a Service, once',
      event: { ...word, ...web },
      time: '1970-01-01T00:00:01.000000Z',
      about: { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web', uid: 'u' },
    },
    {
      name: 'of a Service, several times',
      event: { ...word, ...web, count: 3, lastWallMs: 61_000 },
      time: '1970-01-01T00:00:01.000000Z',
      series: { count: 3, lastObservedTime: '1970-01-01T00:01:01.000000Z' },
      about: { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web', uid: 'u' },
    },
    {
      name: 'of what lasted, once: its end is in the note',
      event: { ...word, ...web, count: 1, lastWallMs: 61_000 },
      time: '1970-01-01T00:00:01.000000Z',
      about: { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web', uid: 'u' },
    },
    {
      name: 'of a Node, where kubectl describe looks for it',
      event: { ...word, nodeName: 'edge-1' },
      time: '1970-01-01T00:00:01.000000Z',
      about: { apiVersion: 'v1', kind: 'Node', name: 'edge-1', uid: 'edge-1' },
    },
  ];
  it('an Event whose answer was lost is not there twice when it is sent again', async () => {
    const event = { ...word, ...web };
    await stored(event);
    await stored(event);
    await stored({ ...event, atWallMs: 2_000 }); // the same word on something that happened later
    const list = (await (await fetch(`${server.url}/apis/events.k8s.io/v1/events`)).json()) as { items: Stored[] };
    assert.deepEqual(list.items.map(({ eventTime }) => eventTime).sort(), [
      '1970-01-01T00:00:01.000000Z',
      '1970-01-01T00:00:02.000000Z',
    ]);
  });

  for (const { name, event, time, series, about } of cases) {
    it(name, async () => {
      const { metadata, eventTime, series: kept, regarding } = await stored(event);
      assert.deepEqual([metadata.namespace, eventTime, kept, regarding], ['default', time, series, about]);
    });
  }
});
