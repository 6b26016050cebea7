import { ADDRESSES_ALLOCATED_CONDITION, type ServiceObject } from '@openyurt/nodepool-types';

/** Whether its status says, of this very spec, that nothing is missing: it can wait until those that miss something were served. */
export function isContent({ metadata, status }: ServiceObject): boolean {
  const condition = status?.conditions?.find(({ type }) => type === ADDRESSES_ALLOCATED_CONDITION);
  return condition?.status === 'True' && condition.observedGeneration === metadata.generation;
}
