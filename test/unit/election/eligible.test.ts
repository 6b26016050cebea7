import { strict as assert } from 'node:assert';
import type { FailBack } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { elect } from '../../../edge-speaker/src/election/elect.ts';
import { eligible } from '../../../edge-speaker/src/election/eligible.ts';
import { type MemberView, STANDINGS, type Standing } from '../../../edge-speaker/src/election/offer.ts';
import { Seeds } from '../../../edge-speaker/src/election/seeds.ts';

const A = '10.9.0.1';
const seeds = new Seeds();

/** `a ready`, `b young claims`: one member of a case. */
function view(text: string): MemberView {
  const [node = '', standing = '', claims] = text.split(' ');
  return {
    node,
    items: new Map([[A, { address: A, uids: ['u'], rv: 1n, proven: true }]]),
    claims: new Map(claims === undefined ? [] : [[A, true]]),
    seenRv: 1n,
    offering: true,
    standing: STANDINGS.find((one) => one === standing) ?? assert.fail(standing),
  };
}

describe('eligible', () => {
  const cases: { name: string; views: string[]; want: string; failBack?: FailBack }[] = [
    { name: 'all that are ready', views: ['a ready', 'b ready'], want: 'a b' },
    { name: 'a young one is not, where another is ready', views: ['a ready', 'b young'], want: 'a' },
    { name: 'a site that starts does not wait', views: ['a young', 'b young'], want: 'a b' },
    { name: 'who began while young keeps it from the young', views: ['a young claims', 'b young'], want: 'a' },
    { name: 'and is one of those the ready ones are measured with', views: ['a young claims', 'b ready'], want: 'a b' },
    { name: 'two announcers who are young: between them', views: ['a young claims', 'b young claims'], want: 'a b' },
    { name: 'a drained one is not, also where it announces', views: ['a draining claims', 'b ready'], want: 'b' },
    { name: 'a drained one hands over to a young one too', views: ['a draining claims', 'b young'], want: 'b' },
    { name: 'a drained one stands where nobody else does', views: ['a draining claims'], want: 'a' },
    { name: 'where all are drained, all', views: ['a draining', 'b draining claims'], want: 'a b' },
    { name: 'nobody where nobody offers', views: [], want: '' },
    { name: 'never: the announcer alone', views: ['a ready', 'b ready claims'], want: 'b', failBack: 'never' },
    {
      name: 'never: between two announcers',
      views: ['a ready claims', 'b young claims', 'c ready'],
      want: 'a b',
      failBack: 'never',
    },
    { name: 'never: nobody announces it', views: ['a ready', 'b young'], want: 'a', failBack: 'never' },
    { name: 'never: a drained announcer', views: ['a ready', 'b draining claims'], want: 'a', failBack: 'never' },
  ];
  for (const { name, views, want, failBack = 'always' } of cases) {
    it(name, () => {
      const between = eligible(A, views.map(view), failBack).map(({ node }) => node);
      assert.equal(between.join(' '), want);
    });
  }

  const standing = fc.constantFrom<Standing>('ready', 'young', 'draining');
  const pool = fc
    .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), standing, fc.boolean()), {
      minLength: 1,
      maxLength: 8,
      selector: ([node]) => node,
    })
    .map((members) => members.map(([node, how, claims]) => view(`${node} ${how}${claims ? ' claims' : ''}`)));
  const policy = fc.constantFrom<FailBack>('always', 'never');
  const winnerOf = (views: readonly MemberView[], failBack: FailBack) =>
    elect(
      A,
      eligible(A, views, failBack).map(({ node }) => node),
      seeds,
    );

  it('members with the same facts elect the same, and somebody, whatever their order', () => {
    fc.assert(
      fc.property(pool, policy, fc.nat(), (views, failBack, turn) => {
        const shift = turn % views.length;
        const turned = [...views.slice(shift), ...views.slice(0, shift)].reverse();
        assert.equal(winnerOf(views, failBack), winnerOf(turned, failBack));
        assert.notEqual(winnerOf(views, failBack), undefined);
      }),
    );
  });

  it('the election comes to rest: when the winner alone announces, it still wins', () => {
    fc.assert(
      fc.property(pool, policy, (views, failBack) => {
        const winner = winnerOf(views, failBack);
        const after = views.map((one) => ({ ...one, claims: new Map(one.node === winner ? [[A, true]] : []) }));
        assert.equal(winnerOf(after, failBack), winner);
      }),
    );
  });

  it('a young member that comes moves nothing', () => {
    fc.assert(
      fc.property(pool, policy, (views, failBack) => {
        const winner = winnerOf(views, failBack);
        const settled = views.map((one) => ({ ...one, claims: new Map(one.node === winner ? [[A, true]] : []) }));
        const drained = settled.find(({ node }) => node === winner)?.standing === 'draining';
        fc.pre(!drained);
        assert.equal(winnerOf([...settled, view('zzzzzzz young')], failBack), winner);
      }),
    );
  });
});
