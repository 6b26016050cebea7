import { type FieldError, forbidden, immutable, invalid, notSupported, required } from './field-error.ts';
import { type Fields, fieldsOf, isFields, type KubeObject, listOf, same, textOf } from './object.ts';
import type { Strategy } from './resources.ts';
import { checkMicroTime, tidyConditionTimes } from './times.ts';

/** What most resources do: kept as they are, status apart where there is one. */
export function plain(over: Partial<Strategy> = {}): Strategy {
  return {
    namespaced: true,
    nameRule: 'subdomain',
    statusSubresource: false,
    unconditionalUpdate: true,
    createOnUpdate: false,
    ...over,
  };
}

const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const DATA_KEY_RULE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

function dataFaults(next: KubeObject, previous: KubeObject | undefined): FieldError[] {
  const out: FieldError[] = [];
  for (const part of ['data', 'binaryData']) {
    for (const k of Object.keys(fieldsOf(next[part]))) {
      if (!DATA_KEY.test(k)) out.push(invalid(`${part}[${k}]`, k, DATA_KEY_RULE));
      else if (part === 'binaryData' && fieldsOf(next.data)[k] !== undefined) {
        out.push(invalid(`data[${k}]`, k, 'duplicate of key present in binaryData'));
      }
    }
  }
  if (previous?.immutable === true) {
    if (next.immutable !== true) out.push(forbidden('immutable', 'field is immutable when `immutable` is set'));
    for (const part of ['data', 'binaryData']) {
      if (!same(next[part], previous[part])) out.push(forbidden(part, 'field is immutable when `immutable` is set'));
    }
  }
  return out;
}

function dropEmpty(o: Fields, ...names: string[]): void {
  for (const k of names) {
    const v = o[k];
    if ((isFields(v) && Object.keys(v).length === 0) || (Array.isArray(v) && v.length === 0)) delete o[k];
  }
}

export const configMapStrategy = plain({ validate: dataFaults, defaults: (o) => dropEmpty(o, 'data', 'binaryData') });

export const secretStrategy = plain({
  defaults(o) {
    const given = Object.entries(fieldsOf(o.stringData));
    if (given.length > 0) {
      const encoded = given.map(([k, v]) => [k, Buffer.from(textOf(v)).toString('base64')]);
      o.data = { ...fieldsOf(o.data), ...Object.fromEntries(encoded) };
    }
    delete o.stringData;
    o.type ||= 'Opaque';
    dropEmpty(o, 'data');
  },
  validate: (next, previous) => [
    ...dataFaults(next, previous),
    ...(previous !== undefined && next.type !== previous.type ? [immutable('type', next.type)] : []),
  ],
  selectable: (o) => ({ type: textOf(o.type) }),
});

export const namespaceStrategy = plain({
  namespaced: false,
  nameRule: 'label',
  statusSubresource: true,
  defaults(o) {
    o.metadata.labels = { ...fieldsOf(o.metadata.labels), 'kubernetes.io/metadata.name': o.metadata.name } as Record<
      string,
      string
    >;
  },
  prepareCreate(o) {
    o.spec = { finalizers: ['kubernetes'] };
    o.status = { phase: 'Active' };
  },
  prepareUpdate(next, previous) {
    next.spec = previous.spec;
  },
  selectable: (o) => ({ 'status.phase': textOf(fieldsOf(o.status).phase) }),
});

export const nodeStrategy = plain({
  namespaced: false,
  statusSubresource: true,
  statusOnCreate: true,
  defaults(o) {
    o.spec ??= {};
    o.status ??= {};
    tidyConditionTimes(o.status);
  },
  selectable: (o) => ({ 'spec.unschedulable': String(fieldsOf(o.spec).unschedulable === true) }),
  mergeKeys: { 'status.conditions': 'type', 'status.addresses': 'type', 'spec.podCIDRs': '' },
});

export const podStrategy = plain({
  statusSubresource: true,
  defaults(o) {
    o.spec ??= {};
    o.status ??= {};
  },
  prepareCreate(o) {
    o.status = { phase: 'Pending' };
  },
  selectable: (o) => ({
    'spec.nodeName': textOf(fieldsOf(o.spec).nodeName),
    'status.phase': textOf(fieldsOf(o.status).phase),
    'status.podIP': textOf(fieldsOf(o.status).podIP),
  }),
  mergeKeys: { 'spec.containers': 'name', 'spec.volumes': 'name', 'status.conditions': 'type' },
});

const ANYTHING_BUT_METADATA = (next: KubeObject, previous: KubeObject): boolean =>
  Object.keys({ ...next, ...previous }).some((k) => k !== 'metadata' && !same(next[k], previous[k]));

/** Endpoint slices: the generation moves with the content and with the labels (endpointslice strategy.go). */
export const sliceStrategy = plain({
  generation: (next, previous) =>
    ANYTHING_BUT_METADATA(next, previous) || !same(next.metadata.labels, previous.metadata.labels),
  defaults(o) {
    for (const p of listOf(o.ports).map(fieldsOf)) {
      p.name ??= '';
      p.protocol ??= 'TCP';
    }
    o.endpoints ??= [];
    o.ports ??= null;
    for (const e of listOf(o.endpoints).map(fieldsOf)) e.conditions ??= {};
  },
  validate(next, previous) {
    const out: FieldError[] = [];
    const type = textOf(next.addressType);
    if (type === '') out.push(required('addressType'));
    else if (!['FQDN', 'IPv4', 'IPv6'].includes(type)) {
      out.push(notSupported('addressType', type, ['FQDN', 'IPv4', 'IPv6']));
    }
    if (previous !== undefined && previous.addressType !== type) out.push(immutable('addressType', type));
    listOf(next.endpoints).forEach((e, i) => {
      if (listOf(fieldsOf(e).addresses).length === 0) {
        out.push(required(`endpoints[${i}].addresses`, 'must contain at least 1 address'));
      }
    });
    return out;
  },
});

export const leaseStrategy = plain({
  unconditionalUpdate: false,
  createOnUpdate: true,
  defaults(o) {
    o.spec ??= {};
    for (const t of ['acquireTime', 'renewTime']) checkMicroTime(fieldsOf(o.spec), t, 'Lease', o.apiVersion);
  },
  validate(next) {
    const { leaseDurationSeconds: seconds, leaseTransitions: turns } = fieldsOf(next.spec);
    const out: FieldError[] = [];
    if (typeof seconds === 'number' && seconds <= 0) {
      out.push(invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
    }
    if (typeof turns === 'number' && turns < 0) {
      out.push(invalid('spec.leaseTransitions', turns, 'must be greater than or equal to 0'));
    }
    return out;
  },
});

/** Deployments and DaemonSets as mere records: nothing here runs them. */
export const workloadStrategy = plain({
  statusSubresource: true,
  generation: (next, previous) => !same(next.spec, previous.spec),
  mergeKeys: {
    'spec.template.spec.containers': 'name',
    'spec.template.spec.containers.env': 'name',
    'spec.template.spec.containers.ports': 'containerPort',
    'spec.template.spec.containers.volumeMounts': 'mountPath',
    'spec.template.spec.volumes': 'name',
    'status.conditions': 'type',
  },
});

/** Custom resources: any change outside metadata (and outside status, where that is apart) is a new generation. */
export function customStrategy(
  over: Partial<Strategy> & { namespaced: boolean; statusSubresource: boolean },
): Strategy {
  return plain({
    unconditionalUpdate: false,
    createOnUpdate: false,
    generation(next, previous) {
      const apart = over.statusSubresource ? { status: undefined, metadata: undefined } : { metadata: undefined };
      return !same({ ...next, ...apart }, { ...previous, ...apart });
    },
    ...over,
  });
}
