import { strict as assert } from 'node:assert';
import { LIST_AGAIN_MS, WatchProgress } from '../../../edge-speaker/src/kube/watch-progress.ts';

describe('how far a watch has come', () => {
  const cases: { name: string; act: (progress: WatchProgress) => void; atMs?: number; want: string | undefined }[] = [
    { name: 'nothing came after the list', act: () => {}, want: '7' },
    { name: 'an event', act: (p) => p.reach(9n), want: '9' },
    { name: 'an event and a bookmark of the same version', act: (p) => [9n, 9n].map((rv) => p.reach(rv)), want: '9' },
    {
      name: 'a deletion with the version of what was deleted',
      act: (p) => [9n, 4n].map((rv) => p.reach(rv)),
      want: undefined,
    },
    { name: 'something failed', act: (p) => p.failed(), want: undefined },
    { name: 'the list is without proof', act: (p) => p.listed('8', false, 0), want: undefined },
    { name: 'the list is old', act: () => {}, atMs: LIST_AGAIN_MS, want: undefined },
  ];
  for (const { name, act, atMs = LIST_AGAIN_MS - 1, want } of cases) {
    it(`${name}: ${want === undefined ? 'a list is needed' : `goes on from ${want}`}`, () => {
      const progress = new WatchProgress();
      progress.listed('7', true, 0);
      act(progress);
      assert.equal(progress.mayGoOn(atMs) ? progress.resourceVersion : undefined, want);
    });
  }

  it('before the first list there is nothing to go on from', () => assert.ok(!new WatchProgress().mayGoOn(0)));

  it('a new list is a new beginning, also where its version is lower', () => {
    const progress = new WatchProgress();
    progress.listed('7', true, 0);
    progress.reach(3n);
    progress.listed('5', true, 0);
    assert.deepEqual([progress.mayGoOn(1), progress.resourceVersion], [true, '5']);
  });
});
