import { type FieldError, immutable, invalid, required } from './field-error.ts';
import { qualifiedNameFault } from './metadata.ts';
import { type Fields, fieldsOf, type KubeObject, same, textOf } from './object.ts';
import { apiVersionOf, type Strategy, type View } from './resources.ts';
import { checkMicroTime, tidyTime } from './times.ts';

/** Names of one field in core/v1 (stored) and in events.k8s.io/v1. Both groups show one storage. */
const NAMES: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function renamed(o: KubeObject, from: 0 | 1, apiVersion: string): KubeObject {
  const out: KubeObject = { ...o, apiVersion };
  for (const pair of NAMES) {
    const value = out[pair[from]];
    delete out[pair[from]];
    if (value !== undefined) out[pair[from === 0 ? 1 : 0]] = value;
  }
  return out;
}

export const encodeEvent = (o: KubeObject): KubeObject => renamed(o, 0, 'events.k8s.io/v1');
export const decodeEvent = (o: KubeObject): KubeObject => renamed(o, 1, 'v1');

const OBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

export const CORE_EVENT_LABELS: Record<string, string> = Object.fromEntries([
  ...OBJECT_FIELDS.map((f) => [`involvedObject.${f}`, `involvedObject.${f}`]),
  ...['reason', 'reportingComponent', 'source', 'type'].map((f) => [f, f]),
]);

export const EVENTS_EVENT_LABELS: Record<string, string> = Object.fromEntries([
  ...OBJECT_FIELDS.map((f) => [`regarding.${f}`, `involvedObject.${f}`]),
  ['reason', 'reason'],
  ['reportingController', 'reportingComponent'],
  ['type', 'type'],
]);

/** Events: ValidateEventCreate and ValidateEventUpdate in k8s.io/kubernetes pkg/apis/core/validation/events.go. */
export const eventStrategy: Strategy = {
  namespaced: true,
  nameRule: 'subdomain',
  statusSubresource: false,
  unconditionalUpdate: true,
  createOnUpdate: true,
  defaults(o) {
    checkMicroTime(o, 'eventTime', 'Event', o.apiVersion);
    if (o.series !== undefined) checkMicroTime(fieldsOf(o.series), 'lastObservedTime', 'Event', o.apiVersion);
    for (const t of ['firstTimestamp', 'lastTimestamp']) tidyTime(o, t);
    o.involvedObject ??= {};
    o.source ??= {};
    o.reportingComponent ??= '';
    o.reportingInstance ??= '';
    o.eventTime ??= null;
    o.firstTimestamp ??= null;
    o.lastTimestamp ??= null;
    if (o.count === 0) delete o.count;
  },
  validate(next, previous, view) {
    const out = legacyFaults(next, view);
    if (view.group === '') return out;
    return [...out, ...(previous === undefined ? createFaults(next) : updateFaults(next, previous))];
  },
  selectable: (o) => ({
    ...Object.fromEntries(OBJECT_FIELDS.map((f) => [`involvedObject.${f}`, textOf(fieldsOf(o.involvedObject)[f])])),
    reason: textOf(o.reason),
    reportingComponent: textOf(o.reportingComponent),
    source: textOf(fieldsOf(o.source).component) || textOf(o.reportingComponent),
    type: textOf(o.type),
  }),
};

function legacyFaults(e: KubeObject, view: View): FieldError[] {
  const out: FieldError[] = [];
  const about = textOf(fieldsOf(e.involvedObject).namespace);
  const here = textOf(e.metadata.namespace);
  const mismatch = invalid('involvedObject.namespace', about, 'does not match event.namespace');
  if (textOf(e.eventTime) === '') {
    if (about === '' ? here !== 'default' : about !== here) out.push(mismatch);
    return out;
  }
  const controllerField = apiVersionOf(view) === 'v1' ? 'reportingComponent' : 'reportingController';
  if (about === '' && here !== 'default' && here !== 'kube-system') out.push(mismatch);
  const controller = textOf(e.reportingComponent);
  const fault = qualifiedNameFault(controller);
  if (controller === '') out.push(required(controllerField));
  if (fault !== undefined) out.push(invalid(controllerField, controller, fault));
  for (const f of ['reportingInstance', 'action', 'reason']) {
    if (textOf(e[f]) === '') out.push(required(f));
    if (textOf(e[f]).length > 128) out.push(invalid(f, '', 'can have at most 128 characters'));
  }
  if (textOf(e.message).length > 1024) out.push(invalid('message', '', 'can have at most 1024 characters'));
  return out;
}

function createFaults(e: KubeObject): FieldError[] {
  const out = seriesFaults(e);
  if (textOf(e.eventTime) === '') out.push(required('eventTime'));
  if (e.type !== 'Normal' && e.type !== 'Warning')
    out.push(invalid('type', '', `has invalid value: ${textOf(e.type)}`));
  const set: Fields = { firstTimestamp: e.firstTimestamp, lastTimestamp: e.lastTimestamp, count: e.count };
  for (const [field, v] of Object.entries(set)) {
    if (v !== undefined && v !== null) out.push(invalid(field, '', 'needs to be unset'));
  }
  if (Object.keys(fieldsOf(e.source)).length > 0) out.push(invalid('source', '', 'needs to be unset'));
  return out;
}

function updateFaults(next: KubeObject, previous: KubeObject): FieldError[] {
  const out = same(next.series, previous.series) ? [] : seriesFaults(next);
  const fixed = ['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'type'];
  for (const f of [...fixed, 'eventTime', 'action', 'related', 'reportingInstance']) {
    if (!same(next[f], previous[f])) out.push(immutable(f, next[f]));
  }
  if (!same(next.reportingComponent, previous.reportingComponent)) {
    out.push(immutable('reportingController', next.reportingComponent));
  }
  return out;
}

function seriesFaults(e: KubeObject): FieldError[] {
  if (e.series === undefined) return [];
  const series = fieldsOf(e.series);
  const out: FieldError[] = [];
  if (!(Number(series.count) >= 2)) out.push(invalid('series.count', '', 'should be at least 2'));
  if (textOf(series.lastObservedTime) === '') out.push(required('series.lastObservedTime'));
  return out;
}
