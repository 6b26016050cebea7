import { strict as assert } from 'node:assert';
import type { AnnouncementFact } from '../../../edge-speaker/src/local-api/announcements.ts';
import { LocalSite, said, TABLE } from './site.ts';

const PATH = '/apis/yurtlb.io/v1alpha1/announcements';
const fact = (address: string, change: Partial<AnnouncementFact> = {}): AnnouncementFact => ({
  address,
  services: ['default/web'],
  owner: 'edge-1',
  ownerSinceMs: 540_000,
  here: 'announced on eth0',
  known: { from: 'disk', sinceMs: 0 },
  ...change,
});

function site(...announced: AnnouncementFact[]): LocalSite {
  const made = new LocalSite();
  made.announced = announced;
  return made;
}

describe('announcements in the local API', () => {
  it('say who answers, since when, and how old the cloud is', () => {
    const { cells } = {
      cells: site(
        fact('192.168.1.240'),
        fact('192.168.1.9', { owner: undefined, ownerSinceMs: undefined, here: 'no endpoint' }),
      ).cells(PATH),
    };
    assert.deepEqual(cells, [
      [
        'Address',
        'Service',
        'Owner',
        'Since',
        'Here',
        'Cloud',
        'Cloud-Age',
        '(Last-Contact)',
        '(Known-From)',
        '(Known-Age)',
      ],
      ['192.168.1.240', 'default/web', 'edge-1', '60s', 'announced on eth0', 'offline', '3m', '3m20s', 'disk', '10m'],
      ['192.168.1.9', 'default/web', '<none>', '<none>', 'no endpoint', 'offline', '3m', '3m20s', 'disk', '10m'],
    ]);
  });

  it('are objects with dates', () => {
    const { metadata, status } = site(fact('fd00::1')).ask(`${PATH}/fd00::1`).body as {
      metadata: { name: string; creationTimestamp: string };
      status: { ownerSince: string; cloud: unknown };
    };
    assert.deepEqual([metadata.name, status.ownerSince], ['fd00::1', '2026-01-01T00:09:00Z']);
    assert.deepEqual(status.cloud, {
      state: 'offline',
      since: '2026-01-01T00:07:00Z',
      lastContact: '2026-01-01T00:06:40Z',
    });
  });

  it('none is an empty list, not an error', () => assert.deepEqual(site().names(PATH), []));

  it('a watch hears of a new owner, of the cloud, of what is gone, and not of time going by', () => {
    const local = site(fact('10.0.0.1'), fact('10.0.0.2'));
    const { metadata } = local.ask(PATH, TABLE).body as { metadata: { resourceVersion: string } };
    const watch = local.watch(`${PATH}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    const lines: string[] = [];
    watch.listen((line) => lines.push(line));
    local.nowMs += 60_000;
    local.cloud = { ...local.cloud, contactMs: 650_000 };
    local.api.poll();
    assert.deepEqual([said(watch.first), lines], [[], []]);
    local.announced = [fact('10.0.0.1', { owner: 'edge-2', ownerSinceMs: 660_000 })];
    local.api.poll();
    assert.deepEqual(said(lines.splice(0)), ['MODIFIED 10.0.0.1', 'DELETED 10.0.0.2']);
    local.cloud = { state: 'connected', sinceMs: 660_000, contactMs: 660_000 };
    local.api.poll();
    assert.deepEqual(said(lines), ['MODIFIED 10.0.0.1']);
  });

  it('a watch from before a restart is told that it is too old', () => {
    const { code } = site(fact('10.0.0.1')).ask(`${PATH}?watch=1&resourceVersion=1000`);
    assert.equal(code, 410);
  });
});
