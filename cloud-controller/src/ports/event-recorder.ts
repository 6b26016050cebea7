import type { ControllerNews, ControllerWarning, KubeObject } from '@openyurt/nodepool-types';

/** What an Event says: each reason is of one type, and is explained in docs/reference/errors.md. */
export type EventText = (
  | { readonly type: 'Warning'; readonly reason: ControllerWarning }
  | { readonly type: 'Normal'; readonly reason: ControllerNews }
) & {
  /** For people; at most 1 KiB is kept. */
  readonly note: string;
};

/** Says something about an object to whoever describes it. Never waits and never fails: Events are best effort. */
export interface EventRecorder {
  record(about: KubeObject, event: EventText): void;
}
