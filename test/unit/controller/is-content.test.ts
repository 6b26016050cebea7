import assert from 'node:assert/strict';
import { ADDRESSES_ALLOCATED_CONDITION, type Condition } from '@openyurt/nodepool-types';
import { isContent } from '../../../cloud-controller/src/reconcile/is-content.ts';

const said = (status: Condition['status'], observedGeneration: number | undefined): Condition => ({
  type: ADDRESSES_ALLOCATED_CONDITION,
  status,
  reason: 'Allocated',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  ...(observedGeneration === undefined ? {} : { observedGeneration }),
});

const cases: { name: string; conditions?: Condition[]; generation?: number; want: boolean }[] = [
  { name: 'nothing is missing', conditions: [said('True', 2)], generation: 2, want: true },
  {
    name: 'nothing is missing, of an API that counts no generations',
    conditions: [said('True', undefined)],
    want: true,
  },
  { name: 'something is', conditions: [said('False', 2)], generation: 2, want: false },
  { name: 'the spec was changed since', conditions: [said('True', 1)], generation: 2, want: false },
  {
    name: "another controller's condition",
    conditions: [{ ...said('True', 2), type: 'Ready' }],
    generation: 2,
    want: false,
  },
  { name: 'never looked at', want: false },
];

describe('whether a Service can wait', () => {
  for (const { name, conditions, generation, want } of cases) {
    it(name, () => {
      const metadata = { name: 'web', namespace: 'default', ...(generation === undefined ? {} : { generation }) };
      const status = conditions === undefined ? {} : { status: { conditions } };
      assert.equal(isContent({ metadata, ...status }), want);
    });
  }
});
