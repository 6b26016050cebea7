import { strict as assert } from 'node:assert';
import type { EndpointSliceObject } from '@openyurt/nodepool-types';
import { EndpointView } from '../../../edge-speaker/src/offline/endpoint-view.ts';
import { type SliceFacts, sliceWithin, slimSlice } from '../../../edge-speaker/src/offline/slim.ts';

const slice = (...nodes: string[]): SliceFacts => ({ serviceKey: 'ns/web', nodes, anywhere: false });
const nodes = (view: EndpointView) => [...view.of('ns/web', 'IPv4').nodes].sort();

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

  it('in doubt the addresses before and after are asked, then those that are left', () => {
    const at = (ip: string): SliceFacts => ({ ...slice('a'), tcp: { ports: [80], places: [['a', ip]] } });
    const view = new EndpointView();
    const asked = () => [...view.tcpOf('ns/web')].map(({ node, ip, port }) => `${node} ${ip} ${port}`);
    view.take('1', at('10.0.0.1'), true);
    view.take('1', at('10.0.0.2'), false);
    view.take('2', slice('a'), false);
    assert.deepEqual(asked(), ['a 10.0.0.1 80', 'a 10.0.0.2 80']);
    view.trust();
    assert.deepEqual(asked(), ['a 10.0.0.2 80']);
    assert.deepEqual([...view.tcpOf('ns/other')], []);
  });

  it('tells the endpoints of each family from slices of that family', () => {
    const view = new EndpointView();
    view.take('1', slice('a'), true);
    view.take('2', { ...slice('b'), v6: true }, true);
    view.take('2', { ...slice('c'), v6: true }, false);
    assert.deepEqual(nodes(view), ['a']);
    assert.deepEqual([...view.of('ns/web', 'IPv6').nodes].sort(), ['b', 'c']);
    view.take('3', { ...slice(), v6: true, anywhere: true }, true);
    assert.deepEqual([view.of('ns/web', 'IPv4').anywhere, view.of('ns/web', 'IPv6').anywhere], [false, true]);
  });

  it('addresses that come and go in doubt are not kept without end', () => {
    const view = new EndpointView();
    for (let i = 0; i < 2_000; i++) {
      const places = [['a', `10.0.${i >> 8}.${i & 255}`]] as const;
      view.take('1', { ...slice('a'), tcp: { ports: [80], places } }, false);
    }
    const asked = [...view.tcpOf('ns/web')];
    assert.ok(asked.length <= 200 && asked.some(({ ip }) => ip === '10.0.7.207'), `${asked.length}`);
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

  const tcpCases: { name: string; ports?: EndpointSliceObject['ports']; addresses?: string[][]; want: unknown }[] = [
    { name: 'TCP ports and addresses', want: { ports: [80], places: [['a', '10.0.0.1']] } },
    { name: 'no protocol is TCP', ports: [{ port: 80 }], want: { ports: [80], places: [['a', '10.0.0.1']] } },
    {
      name: 'UDP and SCTP take no connection',
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 7, protocol: 'SCTP' },
      ],
      want: undefined,
    },
    { name: 'no ports', ports: [], want: undefined },
    { name: 'all ports, or none that there is', ports: [{}, { port: 70_000 }], want: undefined },
    { name: 'no endpoints', addresses: [], want: undefined },
    { name: 'a name is no address', addresses: [['pod.example']], want: undefined },
    {
      name: 'of several addresses the first',
      addresses: [['10.0.0.2', '10.0.0.3']],
      want: { ports: [80], places: [['a', '10.0.0.2']] },
    },
    {
      name: 'in one spelling, once, sorted',
      addresses: [['fd00:0::1'], ['10.0.0.1'], ['fd00::1']],
      want: {
        ports: [80],
        places: [
          ['a', '10.0.0.1'],
          ['a', 'fd00::1'],
        ],
      },
    },
    {
      name: 'eight ports, the lowest',
      ports: [9, 8, 7, 6, 5, 4, 3, 2, 1].map((port) => ({ port })),
      want: { ports: [1, 2, 3, 4, 5, 6, 7, 8], places: [['a', '10.0.0.1']] },
    },
  ];
  for (const { name, ports = [{ port: 80, protocol: 'TCP' }], addresses = [['10.0.0.1']], want } of tcpCases) {
    it(`what a probe may ask: ${name}`, () => {
      const facts = slimSlice({
        metadata: { name: 'web-1', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'web' } },
        endpoints: addresses.map((of) => ({ nodeName: 'a', addresses: of })),
        ports,
      });
      assert.deepEqual(facts?.tcp, want);
    });
  }

  it('keeps the addresses on these nodes, and on none', () => {
    const tcp = {
      ports: [80],
      places: [
        ['', '10.0.0.9'],
        ['a', '10.0.0.1'],
        ['b', '10.0.0.2'],
      ] as const,
    };
    const within = (nodes: string[]) =>
      sliceWithin({ ...slice('a', 'b'), tcp }, new Set(nodes)).tcp?.places.map(([, ip]) => ip);
    assert.deepEqual([within(['a']), within([])], [['10.0.0.9', '10.0.0.1'], ['10.0.0.9']]);
    const there = { ...slice('b'), tcp: { ports: [80], places: [['b', '10.0.0.2']] as const } };
    assert.equal('tcp' in sliceWithin(there, new Set(['a'])), false);
  });

  it('knows slices of IPv6 addresses, and passes over those of names', () => {
    const metadata = { name: 'web-1', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'web' } };
    const ofType = (addressType: string) => slimSlice({ metadata, addressType, endpoints: [{ nodeName: 'a' }] });
    assert.deepEqual(ofType('IPv4'), slice('a'));
    assert.deepEqual(ofType('IPv6'), { ...slice('a'), v6: true });
    assert.equal(ofType('FQDN'), undefined);
    const within = sliceWithin(
      { ...slice('a', 'b'), v6: true, tcp: { ports: [80], places: [['b', 'fd00::1']] } },
      new Set(['a']),
    );
    assert.deepEqual(within, { ...slice('a', 'b'), v6: true });
  });

  it('a slice of no Service is of no interest', () => {
    assert.equal(slimSlice({ metadata: { name: 'x', namespace: 'ns' }, endpoints: [] }), undefined);
  });
});
