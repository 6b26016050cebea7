import type { KubeObject } from '@openyurt/nodepool-types';

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, listed in docs/reference/conditions-events.md */
  readonly reason: string;
  /** For people; at most 1 KiB is kept. */
  readonly note: string;
}

/** Says something about an object to whoever describes it. Never waits and never fails: Events are best effort. */
export interface EventRecorder {
  record(about: KubeObject, event: EventText): void;
}
