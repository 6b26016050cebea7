import { strict as assert } from 'node:assert';
import { View } from '../../../edge-speaker/src/offline/adopt.ts';
import { standings } from '../../../edge-speaker/src/offline/standing.ts';

const node = (name: string, rv: number) => ({ metadata: { name, resourceVersion: `${rv}` } });
const ofSelf = (view: View, contactMs?: number) =>
  standings(view, contactMs).find(({ resource }) => resource === 'self');

describe('where facts come from, and who vouches for them', () => {
  it('nothing is held: nobody vouches for it', () => {
    assert.deepEqual(ofSelf(new View(), 5), { resource: 'self', facts: 0, origins: {}, vouchedMs: undefined });
  });

  it('never proven: as old as the oldest', () => {
    const view = new View();
    view.adoptList('self', [node('a', 1)], 1n, false, 30);
    view.adoptList('self', [node('b', 2)], 2n, false, 70);
    const standing = ofSelf(view, 90);
    assert.deepEqual(standing, { resource: 'self', facts: 2, origins: { 'unproven-list': 2 }, vouchedMs: 30 });
  });

  it('listed whole: as long as the API answers', () => {
    const view = new View();
    view.adoptList('self', [node('a', 1)], 1n, true, 30);
    view.adoptEvent('self', 'ADDED', node('b', 2), 40);
    const origins = { 'proven-list': 1, watch: 1 };
    assert.deepEqual(ofSelf(view, 90), { resource: 'self', facts: 2, origins, vouchedMs: 90 });
    assert.equal(ofSelf(view, 20)?.vouchedMs, 30);
  });
});
