import { strict as assert } from 'node:assert';
import type { ServiceObject } from '@openyurt/nodepool-types';
import { applyTo } from '../../../cloud-controller/src/cli/manifests/apply.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** What one person applied, and what the cluster has made of it since. */
function applied(manifest: object, live: ServiceObject): ServiceObject {
  const annotations = { ...live.metadata.annotations, [LAST_APPLIED]: JSON.stringify(manifest) };
  return { ...live, metadata: { ...live.metadata, annotations } };
}

function withoutNote({ metadata, ...rest }: ServiceObject): object {
  const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations ?? {};
  return { ...rest, metadata: { ...metadata, annotations } };
}

const FACTS = { uid: 'live', creationTimestamp: '2026-11-21T13:00:00Z', resourceVersion: '7' };
const STATUS = { loadBalancer: { ingress: [{ ip: '10.0.0.1', hostname: 'hangzhou' }] } };
const SPEC = { type: 'LoadBalancer', loadBalancerIP: '10.0.0.1' } as const;

const rows: { name: string; before: object; manifest: object; want: object }[] = [
  {
    name: 'what kubectl get printed: status, UID and age stay those of the cluster',
    before: {
      metadata: { name: 'web', ...FACTS, uid: 'old', deletionTimestamp: null },
      spec: SPEC,
      status: { loadBalancer: {} },
    },
    manifest: { metadata: { name: 'web', uid: 'old', resourceVersion: '3' }, spec: SPEC, status: { loadBalancer: {} } },
    want: { metadata: { name: 'web', ...FACTS, annotations: { others: 'stay' } }, spec: SPEC, status: STATUS },
  },
  {
    name: 'what is not written any more goes, what others wrote stays',
    before: { metadata: { name: 'web', annotations: { mine: 'a' } }, spec: SPEC },
    manifest: { metadata: { name: 'web' }, spec: { type: 'LoadBalancer' } },
    want: {
      metadata: { name: 'web', ...FACTS, annotations: { others: 'stay' } },
      spec: { type: 'LoadBalancer' },
      status: STATUS,
    },
  },
  {
    name: 'no annotations at all, as kubectl notes it: those that others patched in stay',
    before: { metadata: { name: 'web', annotations: {} }, spec: SPEC },
    manifest: { metadata: { name: 'web' }, spec: SPEC },
    want: { metadata: { name: 'web', ...FACTS, annotations: { others: 'stay' } }, spec: SPEC, status: STATUS },
  },
  {
    name: 'an empty text of what was applied before',
    before: [],
    manifest: { metadata: { name: 'web' }, spec: { loadBalancerIP: null } },
    want: {
      metadata: { name: 'web', ...FACTS, annotations: { others: 'stay' } },
      spec: { type: 'LoadBalancer' },
      status: STATUS,
    },
  },
];

describe('a manifest applied to an object of the cluster', () => {
  for (const { name, before, manifest, want } of rows) {
    it(name, () => {
      const live = { metadata: { name: 'web', ...FACTS, annotations: { others: 'stay' } }, spec: SPEC, status: STATUS };
      assert.deepEqual(withoutNote(applyTo(applied(before, live as ServiceObject), manifest as ServiceObject)), want);
    });
  }
});
