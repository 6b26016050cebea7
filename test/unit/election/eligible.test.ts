import { strict as assert } from 'node:assert';
import type { FailBack } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { elect } from '../../../edge-speaker/src/election/elect.ts';
import { eligible } from '../../../edge-speaker/src/election/eligible.ts';
import {
  ENDPOINTS_WORDS,
  endpointsOf,
  type MemberView,
  type Offer,
  STANDINGS,
  type Standing,
} from '../../../edge-speaker/src/election/offer.ts';
import { Seeds } from '../../../edge-speaker/src/election/seeds.ts';

const A = '10.9.0.1';
const seeds = new Seeds();

/** `a ready`, `b young claims`, `c ready claims dead`, `d ready alive`: one member of a case. */
function view(text: string): MemberView {
  const [node = '', standing = '', ...more] = text.split(' ');
  const offer: Offer = {
    ...{ address: A, uids: ['u'], rv: 1n, proven: true },
    ...(more.includes('old') ? {} : { endpoints: ENDPOINTS_WORDS.find((word) => more.includes(word)) ?? 'not-asked' }),
  };
  return {
    node,
    items: new Map([[A, offer]]),
    claims: new Map(more.includes('claims') ? [[A, true]] : []),
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
    { name: 'a proven endpoint goes before dead ones', views: ['a ready claims dead', 'b ready alive'], want: 'b' },
    { name: 'one that has not asked does not', views: ['a ready claims dead', 'b ready'], want: 'a' },
    {
      name: 'between proven ones',
      views: ['a ready claims dead', 'b ready alive', 'c ready', 'd ready alive'],
      want: 'b d',
    },
    {
      name: 'who has proven ones keeps it from who has not asked',
      views: ['a ready claims alive', 'b ready'],
      want: 'a',
    },
    { name: 'and is measured with others that have', views: ['a ready claims alive', 'b ready alive'], want: 'a b' },
    { name: 'no move because another has', views: ['a ready claims', 'b ready alive', 'c ready'], want: 'a b c' },
    { name: 'but not to dead ones', views: ['a ready claims', 'b ready dead'], want: 'a' },
    { name: 'two announcers, one has not asked', views: ['a ready claims', 'b ready claims alive'], want: 'a b' },
    { name: 'an older release judges by no endpoints', views: ['a ready claims dead', 'b ready old'], want: 'a b' },
    {
      name: 'nor does anybody beside it',
      views: ['a ready claims dead', 'b ready alive', 'c ready old'],
      want: 'a b c',
    },
    { name: 'nobody announces it: proven first', views: ['a ready', 'b ready alive', 'c ready dead'], want: 'b' },
    { name: 'nobody announces it, none is proven', views: ['a ready', 'b ready', 'c ready dead'], want: 'a b' },
    { name: 'a young one is no better than dead ones', views: ['a ready claims dead', 'b young alive'], want: 'a' },
    { name: 'where all are young it goes before too', views: ['a young dead', 'b young'], want: 'b' },
    { name: 'all dead: who announces it keeps it', views: ['a ready dead', 'b ready claims dead'], want: 'b' },
    { name: 'all dead and nobody announces it', views: ['a ready dead', 'b ready dead'], want: 'a b' },
    { name: 'all dead, the announcer is drained', views: ['a ready dead', 'b draining claims dead'], want: 'a' },
    { name: 'drained, and who has not asked', views: ['a ready', 'b ready dead', 'c draining claims dead'], want: 'a' },
    {
      name: 'a drained one with a proven one is better',
      views: ['a ready claims dead', 'b draining alive'],
      want: 'b',
    },
    { name: 'a drained one that has not asked is not', views: ['a ready claims dead', 'b draining'], want: 'a' },
    {
      name: 'a young one with a proven one spares the drained one',
      views: ['a ready claims dead', 'b draining alive', 'c young alive'],
      want: 'c',
    },
    {
      name: 'never: not for dead endpoints',
      views: ['a ready alive', 'b ready claims dead'],
      want: 'a',
      failBack: 'never',
    },
    { name: 'never: nor for unknown ones', views: ['a ready', 'b ready claims dead'], want: 'b', failBack: 'never' },
    { name: 'never: all dead', views: ['a ready dead', 'b ready claims dead'], want: 'b', failBack: 'never' },
  ];
  for (const { name, views, want, failBack = 'always' } of cases) {
    it(name, () => {
      const between = eligible(A, views.map(view), failBack).map(({ node }) => node);
      assert.equal(between.join(' '), want);
    });
  }

  const standing = fc.constantFrom<Standing>('ready', 'young', 'draining');
  const endpoints = fc.constantFrom('', ' dead', ' alive');
  const pool = fc
    .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), standing, fc.boolean(), endpoints), {
      minLength: 1,
      maxLength: 8,
      selector: ([node]) => node,
    })
    .map((members) =>
      members.map(([node, how, claims, ends]) => view(`${node} ${how}${claims ? ' claims' : ''}${ends}`)),
    );
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

  const wordOf = ({ items }: MemberView) => endpointsOf(items.get(A));
  const claimsIt = ({ claims }: MemberView) => claims.has(A);

  it('dead endpoints win only where no proper or drained member has a proven one', () => {
    fc.assert(
      fc.property(pool, policy, (views, failBack) => {
        const winner = views.find(({ node }) => node === winnerOf(views, failBack));
        fc.pre(winner !== undefined && wordOf(winner) === 'dead');
        const proper = views.filter((one) => one.standing !== 'young' || claimsIt(one));
        assert.deepEqual(
          proper.filter((one) => wordOf(one) === 'alive'),
          [],
        );
      }),
    );
  });

  it('an announcer that stays yields because of endpoints to proven ones alone', () => {
    fc.assert(
      fc.property(pool, policy, fc.nat(), (views, failBack, place) => {
        const holder = views[place % views.length];
        fc.pre(holder !== undefined && holder.standing !== 'draining');
        const alone = views.map((one) => ({ ...one, claims: new Map(one === holder ? [[A, true]] : []) }));
        const plain = ({ items: _, ...one }: MemberView) => ({ ...one, items: view('x ready').items });
        const winner = alone.find(({ node }) => node === winnerOf(alone, failBack));
        fc.pre(winner?.node !== winnerOf(alone.map(plain), failBack) && winner?.node !== holder?.node);
        assert.ok((winner && wordOf(winner)) === 'alive' || (holder && wordOf(holder)) === 'not-asked');
      }),
    );
  });

  it('beside a member of an older release all judge as it does', () => {
    fc.assert(
      fc.property(pool, policy, standing, fc.boolean(), (views, failBack, how, claims) => {
        const all = [...views, view(`zzzzzzz ${how}${claims ? ' claims' : ''} old`)];
        const asOld = all.map((one) => ({ ...one, items: view('x ready old').items }));
        assert.equal(winnerOf(all, failBack), winnerOf(asOld, failBack));
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
