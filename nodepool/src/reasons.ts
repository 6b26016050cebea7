/**
 * Every reason that Events and conditions of ours carry, once, by who says it and how. `docs/reference/errors.md` lists
 * the same with their remedies, held equal by a test.
 */

/** Warning Events of the controller; those about a Service's request are its condition's reason too. */
export const CONTROLLER_WARNINGS = [
  'PoolExhausted',
  'AddressInUse',
  'SharingRefused',
  'PortInUse',
  'AddressResting',
  'NodeAddress',
  'AddressNotInPool',
  'AddressPoolDiffers',
  'NoSuchPool',
  'PoolNotForService',
  'NoAutoAssign',
  'NoAddressOfFamily',
  'NoConfig',
  'ConfigRefused',
  'ConfigIgnored',
  'NoNodePool',
  'NotSelected',
  'BadSelector',
  'BadAddressAnnotation',
  'BadLoadBalancerIP',
  'BadAdoptAnnotation',
  'ForeignStatus',
  'AddressRefused',
  'AddressMoved',
  'NoPoolService',
  'NameContested',
  'StatusOverwritten',
] as const;
/** Reasons that only conditions carry. */
export const CONDITION_REASONS = ['Allocated', 'RefusedBySite', 'ContestedOnSite'] as const;
/** Normal Events of the controller. */
export const CONTROLLER_NEWS = ['IPAllocated', 'ClearAssignment', 'ConfigLoaded'] as const;
/** What only `yurtlb plan` says. */
export const PLAN_REASONS = ['NotOurs', 'Deleting', 'OtherType'] as const;
/** Warning Events of speakers. */
export const SPEAKER_WARNINGS = [
  'AddressConflict',
  'DuplicateOwner',
  'NoEndpoints',
  'StaleEndpoints',
  'DiscardedAtEdge',
  'NotListening',
] as const;
/** Normal Events of speakers. */
export const SPEAKER_NEWS = ['AnnouncerChanged', 'CloudLinkRestored'] as const;

export type ControllerWarning = (typeof CONTROLLER_WARNINGS)[number];
export type ConditionReason = (typeof CONDITION_REASONS)[number] | ControllerWarning;
export type ControllerNews = (typeof CONTROLLER_NEWS)[number];
export type SpeakerWarning = (typeof SPEAKER_WARNINGS)[number];
export type SpeakerNews = (typeof SPEAKER_NEWS)[number];
