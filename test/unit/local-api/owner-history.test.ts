import { strict as assert } from 'node:assert';
import { OwnerHistory } from '../../../edge-speaker/src/drive/owner-history.ts';

describe('owner history', () => {
  it('knows since when, and begins anew with another owner', () => {
    const history = new OwnerHistory();
    const look = (nowMs: number, ...owners: [string, string, number?][]) =>
      history.look(
        new Map(
          owners.map(([address, node, sinceMs]) => [address, { node, ...(sinceMs === undefined ? {} : { sinceMs }) }]),
        ),
        nowMs,
      );
    look(100, ['a', 'x'], ['b', 'y', 40]);
    look(200, ['a', 'x'], ['b', 'y', 90]);
    assert.deepEqual(
      [history.of('a'), history.of('b')],
      [
        { node: 'x', sinceMs: 100 },
        { node: 'y', sinceMs: 40 },
      ],
    );
    look(300, ['a', 'y']);
    assert.deepEqual([history.of('a'), history.of('b')], [{ node: 'y', sinceMs: 300 }, undefined]);
  });
});
