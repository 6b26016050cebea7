import { strict as assert } from 'node:assert';
import { CloudHistory, STALE_FOR_MS } from '../../../edge-speaker/src/offline/cloud-history.ts';

type Part = 'self' | 'nodes' | 'services';
/** `self- 0`: a stale list of it at that second; `self+`: one that is not. */
function certain(...steps: string[]): string | undefined {
  const history = new CloudHistory<Part>(new Set(['self', 'nodes']));
  return steps.find((step) => {
    const [, resource, sign, seconds] = /^(\w+)([+-]) (\d+)$/.exec(step) ?? [];
    return history.listed(resource as Part, sign === '-', Number(seconds) * 1000);
  });
}

const cases: { name: string; steps: string[]; want: string | undefined }[] = [
  { name: 'three times over half a minute', steps: ['self- 0', 'self- 10', 'self- 30'], want: 'self- 30' },
  { name: 'three times in a hurry', steps: ['self- 0', 'self- 10', 'self- 29'], want: undefined },
  { name: 'the time alone', steps: ['self- 0', 'self- 100'], want: undefined },
  { name: 'a newer one between', steps: ['self- 0', 'self- 10', 'self+ 20', 'self- 30', 'self- 40'], want: undefined },
  { name: 'of two resources', steps: ['self- 0', 'nodes- 10', 'self- 30'], want: undefined },
  {
    name: 'another resource that is in time does not excuse it',
    steps: ['self- 0', 'nodes+ 1', 'self- 10', 'nodes+ 11', 'self- 30'],
    want: 'self- 30',
  },
  {
    name: 'Services may be stale for hours behind a leader hub',
    steps: Array.from({ length: 200 }, (_, i) => `services- ${i * 30}`),
    want: undefined,
  },
];

describe('cloud history', () => {
  for (const { name, steps, want } of cases) it(name, () => assert.equal(certain(...steps), want));

  it('asks again by itself while it suspects', () => {
    const history = new CloudHistory<Part>(new Set(['self']));
    assert.equal(history.dueMs, undefined);
    history.listed('self', true, 0);
    const due = history.dueMs ?? Number.POSITIVE_INFINITY;
    assert.ok(due <= STALE_FOR_MS / 2 && !history.due(due - 1) && history.due(due) && !history.due(due));
    history.listed('self', false, due + 1);
    assert.equal(history.dueMs, undefined);
  });
});
