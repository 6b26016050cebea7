import { strict as assert } from 'node:assert';
import type { KubeObject } from '@openyurt/nodepool-types';
import { ObjectStore } from '../../../cloud-controller/src/kube/object-store.ts';

const object = (name: string, rv: number, uid = name): KubeObject => ({
  metadata: { name, uid, resourceVersion: `${rv}` },
});
const listOf = (...objects: KubeObject[]) => new Map(objects.map((one) => [one.metadata.name ?? '', one]));
const held = (store: ObjectStore<KubeObject>) =>
  [...store.values()].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort();

const cases: { name: string; act: (store: ObjectStore<KubeObject>) => void; want: string[] }[] = [
  { name: 'an older event changes nothing', act: (s) => s.put(object('a', 9)), want: ['a@10', 'b@20'] },
  {
    name: 'a list that was under way while we wrote does not undo the write',
    act: (s) => {
      s.wrote(object('a', 30));
      s.replace(listOf(object('a', 10), object('b', 20)), '25');
    },
    want: ['a@30', 'b@20'],
  },
  {
    name: 'a list that has seen beyond it does: the API has gone back and passed it again',
    act: (s) => s.replace(listOf(object('a', 7), object('b', 20)), '40'),
    want: ['a@7', 'b@20'],
  },
  {
    name: 'a list of a restored API takes all back',
    act: (s) => s.replace(listOf(object('a', 7)), '8', true),
    want: ['a@7'],
  },
  {
    name: 'the same name made anew is another object',
    act: (s) => s.replace(listOf(object('a', 2, 'other')), '25'),
    want: ['a@2'],
  },
];

describe('object store', () => {
  for (const { name, act, want } of cases) {
    it(name, () => {
      const store = new ObjectStore<KubeObject>();
      store.replace(listOf(object('a', 10), object('b', 20)), '20');
      const told: string[] = [];
      const tell = (key: string, { metadata }: KubeObject) => void told.push(`${key}@${metadata.resourceVersion}`);
      store.on({ changed: tell, removed: (key) => void told.push(`${key} gone`) });
      act(store);
      assert.deepEqual(held(store), want);
      const changed = want.filter((one) => one !== 'a@10' && one !== 'b@20' && one !== 'a@30');
      for (const one of changed) assert.ok(told.includes(one), `handlers hear of ${one}: ${told}`);
    });
  }
});
