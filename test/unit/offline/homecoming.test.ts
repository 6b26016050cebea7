import { strict as assert } from 'node:assert';
import { type FeedFact, Homecoming, LONGEST_HOMECOMING_MS } from '../../../edge-speaker/src/offline/homecoming.ts';

type Part = 'nodes' | 'services';
const EXPECTED: readonly Part[] = ['nodes', 'services'];

const list = (resource: Part, more: { proven?: boolean; rv?: bigint | undefined } = {}): FeedFact<Part> => ({
  ...{ kind: 'listed', resource, objects: [], resourceVersion: 'rv' in more ? more.rv : 1n },
  proven: more.proven ?? true,
});
const event = (resource: Part): FeedFact<Part> => ({
  ...{ kind: 'changed', resource, type: 'DELETED', object: { metadata: { name: 'x' } } },
});
const bookmark = (resource: Part): FeedFact<Part> => ({ kind: 'reached', resource, resourceVersion: 2n });

/** What was let go, in its order; `!` names what was late. Connected from the beginning unless told. */
class Bench {
  readonly home = new Homecoming<Part>();
  now = 0;
  connected = true;

  take(...facts: FeedFact<Part>[]): string[] {
    return facts.flatMap((fact) => [...this.home.take(fact, this.now).map(word), ...this.release()]);
  }

  release(): string[] {
    const { facts, late = [] } = this.home.release(EXPECTED, this.connected, this.now);
    return [...facts.map(word), ...late.map((resource) => `!${resource}`)];
  }
}

const word = (fact: FeedFact<Part>): string => `${fact.kind} ${fact.resource}`;

function away(): Bench {
  const bench = new Bench();
  bench.home.leave();
  return bench;
}

describe('homecoming', () => {
  it('at home everything passes', () => {
    const bench = new Bench();
    assert.deepEqual(bench.take(list('services'), event('services')), ['listed services', 'changed services']);
    assert.equal(bench.home.dueMs, undefined);
  });

  it('the lists of a return wait for each other, and pass in the order of the resources', () => {
    const bench = away();
    assert.deepEqual(bench.take(list('services')), []);
    assert.deepEqual(bench.take(list('nodes')), ['listed nodes', 'listed services']);
    assert.deepEqual(bench.take(list('services')), ['listed services'], 'it was the return');
  });

  it('events after a list wait with it, those of a watch that lived on pass', () => {
    const bench = away();
    assert.deepEqual(bench.take(event('services'), bookmark('services')), ['changed services', 'reached services']);
    assert.deepEqual(bench.take(list('services'), event('services'), bookmark('services')), []);
    assert.deepEqual(bench.take(event('nodes')), ['changed nodes']);
    const all = ['listed nodes', 'listed services', 'changed services', 'reached services'];
    assert.deepEqual(bench.take(list('nodes')), all);
  });

  it('a newer list takes the place of one that waits, and of the events after it', () => {
    const bench = away();
    bench.take(list('services'), event('services'), list('services', { rv: 9n }));
    assert.deepEqual(bench.take(list('nodes')), ['listed nodes', 'listed services']);
  });

  it('a list without proof or version passes, unless a proven one waits', () => {
    const bench = away();
    assert.deepEqual(bench.take(list('services', { proven: false })), ['listed services']);
    assert.deepEqual(bench.take(list('services', { rv: undefined })), ['listed services']);
    bench.take(list('services'));
    assert.deepEqual(bench.take(list('services', { proven: false })), []);
  });

  it('nobody waits for what the server refuses', () => {
    const bench = away();
    bench.take(list('services'));
    bench.home.refuse('nodes');
    assert.deepEqual(bench.release(), ['listed services']);
  });

  it('what was refused in one outage is waited for in the next', () => {
    const bench = away();
    bench.home.refuse('nodes');
    bench.take(list('services'));
    bench.home.leave();
    assert.deepEqual(bench.take(list('services')), []);
  });

  it('after the longest wait what came passes, and what did not is named', () => {
    const bench = away();
    bench.take(list('services'));
    bench.now = LONGEST_HOMECOMING_MS - 1;
    assert.deepEqual(bench.release(), []);
    assert.equal(bench.home.dueMs, LONGEST_HOMECOMING_MS);
    bench.now = LONGEST_HOMECOMING_MS;
    assert.deepEqual(bench.release(), ['listed services', '!nodes']);
    assert.deepEqual(bench.take(list('nodes')), ['listed nodes']);
  });

  it('while the link is not trusted the next lists wait for each other again', () => {
    const bench = away();
    bench.connected = false;
    assert.deepEqual(bench.take(list('services'), list('nodes')), ['listed nodes', 'listed services']);
    assert.deepEqual(bench.take(list('services')), []);
    bench.connected = true;
    assert.deepEqual(bench.take(list('nodes')), ['listed nodes', 'listed services']);
    assert.deepEqual(bench.take(list('nodes')), ['listed nodes']);
  });
});
