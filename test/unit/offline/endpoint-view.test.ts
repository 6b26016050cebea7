import { strict as assert } from 'node:assert';
import { EndpointView } from '../../../edge-speaker/src/offline/endpoint-view.ts';
import { type SliceFacts, slimSlice } from '../../../edge-speaker/src/offline/slim.ts';

const slice = (...nodes: string[]): SliceFacts => ({ serviceKey: 'ns/web', nodes, anywhere: false });
const nodes = (view: EndpointView) => [...view.of('ns/web').nodes].sort();

describe('endpoint view', () => {
  it('counts all slices of a Service together', () => {
    const view = new EndpointView();
    view.take('1', slice('a'), true);
    view.take('2', slice('b'), true);
    assert.deepEqual(nodes(view), ['a', 'b']);
    view.take('1', undefined, true);
    assert.deepEqual(nodes(view), ['b']);
  });

  it('in doubt an endpoint that comes counts, and one that goes does not until the cloud is trusted', () => {
    const view = new EndpointView();
    view.take('1', slice('a', 'b'), true);
    view.take('1', slice('c'), false);
    assert.deepEqual(nodes(view), ['a', 'b', 'c']);
    assert.equal(view.trust(), true);
    assert.deepEqual(nodes(view), ['c']);
    assert.equal(view.trust(), false);
  });

  it('a slice deleted in doubt goes when the cloud is trusted', () => {
    const view = new EndpointView();
    view.take('1', slice('a'), true);
    view.take('1', undefined, false);
    assert.deepEqual(nodes(view), ['a']);
    view.trust();
    assert.deepEqual(nodes(view), []);
  });

  it('endpoints that were taken away and given back leave no trace', () => {
    const view = new EndpointView();
    view.take('1', slice('a'), true);
    view.take('1', slice(), false);
    view.take('1', slice('a'), false);
    view.trust();
    assert.deepEqual(nodes(view), ['a']);
  });
});

describe('slim slice', () => {
  const cases: {
    name: string;
    conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
    usable: boolean;
  }[] = [
    { name: 'absent conditions count as ready', usable: true },
    { name: 'absent ready counts as ready', conditions: { serving: true }, usable: true },
    { name: 'ready', conditions: { ready: true }, usable: true },
    { name: 'not ready', conditions: { ready: false, serving: false }, usable: false },
    { name: 'serving, but not terminating and not ready', conditions: { ready: false, serving: true }, usable: false },
    {
      name: 'still serving while it terminates',
      conditions: { ready: false, serving: true, terminating: true },
      usable: true,
    },
    {
      name: 'terminating and serving no more',
      conditions: { ready: false, serving: false, terminating: true },
      usable: false,
    },
  ];
  for (const { name, conditions, usable } of cases) {
    it(name, () => {
      const facts = slimSlice({
        metadata: { name: 'web-1', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'web' } },
        endpoints: [{ nodeName: 'a', ...(conditions === undefined ? {} : { conditions }) }],
      });
      assert.deepEqual(facts, { serviceKey: 'ns/web', nodes: usable ? ['a'] : [], anywhere: false });
    });
  }

  it('a slice of no Service is of no interest', () => {
    assert.equal(slimSlice({ metadata: { name: 'x', namespace: 'ns' }, endpoints: [] }), undefined);
  });
});
