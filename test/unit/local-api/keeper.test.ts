import { strict as assert } from 'node:assert';
import { silentLog } from '@openyurt/nodepool-types';
import { CatalogueKeeper } from '../../../edge-speaker/src/drive/catalogue-keeper.ts';
import { Catalogue } from '../../../edge-speaker/src/offline/catalogue.ts';
import { encodeCatalogue } from '../../../edge-speaker/src/offline/catalogue-snapshot.ts';
import type { LoadedSnapshot, SnapshotStore } from '../../../edge-speaker/src/ports/snapshot-store.ts';
import { FakeTime } from '../../support/fake-time.ts';
import { adopt, service } from './site.ts';

/** A disk that remembers what was saved; loading may be told to wait or to fail. */
class MemoryStore implements SnapshotStore {
  readonly saved: string[] = [];
  constructor(private readonly loaded: () => Promise<LoadedSnapshot>) {}
  load = () => this.loaded();
  async save(text: string): Promise<void> {
    this.saved.push(text);
  }
  get figures(): SnapshotStore['figures'] {
    throw new Error('nobody asks');
  }
}

const holding = (text?: string) => new MemoryStore(async () => ({ text, problems: [] }));
const at = (version: number, name: string, spec = {}) =>
  service(name, spec, { metadata: { resourceVersion: String(version) } });

function kept(store: MemoryStore) {
  const time = new FakeTime();
  const catalogue = new Catalogue(() => keeper.touch());
  const keeper = new CatalogueKeeper({
    catalogue,
    nodeName: 'edge-1',
    store,
    clock: time,
    timers: time,
    log: silentLog,
  });
  /** Writes are promises: lets those that fell due come to their end. */
  const pass = async (ms: number) => {
    time.advance(ms);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const list = () => {
    adopt(catalogue, 'services', [at(5, 'a')], 9n, true, 0);
    adopt(catalogue, 'slices', [], 9n, true, 0);
  };
  return { catalogue, keeper, pass, list };
}

describe('catalogue keeper', () => {
  it('writes a whole catalogue once, then at most once in a minute, and nothing where nothing changed', async () => {
    const store = holding();
    const { catalogue, keeper, pass, list } = kept(store);
    await keeper.start();
    list();
    await pass(10_000);
    assert.equal(store.saved.length, 1);
    for (let second = 0; second < 50; second++) {
      catalogue.changed('services', 'MODIFIED', at(10 + second, 'a', { n: second }), 0);
      await pass(1_000);
    }
    assert.equal(store.saved.length, 1);
    await pass(30_000);
    assert.equal(store.saved.length, 2);
    await pass(3_600_000);
    await keeper.stop();
    assert.equal(store.saved.length, 2);
    assert.match(store.saved[1] ?? '', /"n":49/);
  });

  it('writes at the end what was not written', async () => {
    const store = holding();
    const { catalogue, keeper, pass, list } = kept(store);
    await keeper.start();
    list();
    await pass(10_000);
    catalogue.changed('services', 'ADDED', at(10, 'b'), 0);
    await keeper.stop();
    assert.match(store.saved.at(-1) ?? '', /"name":"b"/);
  });

  it('what was loaded is not written again', async () => {
    const before = new Catalogue();
    adopt(before, 'services', [at(5, 'a')], 9n, true, 0);
    const store = holding(encodeCatalogue(before, 'edge-1'));
    const { catalogue, keeper, pass, list } = kept(store);
    await keeper.start();
    assert.equal(catalogue.shelves.services.known, true);
    list();
    await pass(120_000);
    await keeper.stop();
    assert.deepEqual(store.saved, []);
  });

  it('a cloud that is quicker than the disk is written over it', async () => {
    let loaded: (snapshot: LoadedSnapshot) => void = () => {};
    const store = new MemoryStore(
      () =>
        new Promise((resolve) => {
          loaded = resolve;
        }),
    );
    const { catalogue, keeper, pass, list } = kept(store);
    const started = keeper.start();
    list();
    await pass(5_000);
    assert.deepEqual(store.saved, []);
    const before = new Catalogue();
    adopt(before, 'services', [at(3, 'old')], 4n, true, 0);
    loaded({ text: encodeCatalogue(before, 'edge-1'), problems: [] });
    await started;
    await pass(60_000);
    assert.equal(catalogue.shelves.services.get('default/old'), undefined);
    assert.equal(store.saved.length, 1);
  });

  for (const [name, text] of [
    ['of another node', encodeCatalogue(new Catalogue(), 'edge-2')],
    ['of nonsense', 'nonsense'],
  ] as const) {
    it(`a file ${name} hinders nothing and is written anew`, async () => {
      const store = holding(text);
      const { keeper, pass, list } = kept(store);
      await keeper.start();
      list();
      await pass(10_000);
      assert.equal(store.saved.length, 1);
    });
  }

  it('a disk that throws hinders nothing', async () => {
    const { keeper } = kept(new MemoryStore(() => Promise.reject(new Error('no disk'))));
    await keeper.start();
    await keeper.stop();
  });
});
