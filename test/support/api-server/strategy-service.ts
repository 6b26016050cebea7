import { ClusterIps, NodePorts } from './cluster-ips.ts';
import {
  carryAllocated,
  defaultService,
  dropOldTypeFields,
  portsOf,
  wantsHealthPort,
  wantsNodePorts,
} from './defaults-service.ts';
import { type FieldError, invalid } from './field-error.ts';
import { type Fields, fieldsOf, type KubeObject, listOf, textOf } from './object.ts';
import type { Strategy } from './resources.ts';
import { internal, unprocessable } from './status-error.ts';
import { serviceFaults, serviceStatusFaults } from './validate-service.ts';

export interface ServiceRanges {
  /** CIDRs of cluster addresses, the primary family first */
  serviceCidrs: readonly string[];
  /** first and last node port */
  nodePorts: readonly [number, number];
}

const SERVICE = { group: '', plural: 'services', kind: 'Service' };

/** Creates and changes Services, and keeps the books of cluster addresses and node ports. */
export function serviceStrategy(ranges: ServiceRanges): Strategy {
  const addresses = ranges.serviceCidrs.map((cidr) => new ClusterIps(cidr));
  const ports = new NodePorts(...ranges.nodePorts);
  const allocate = (o: KubeObject, previous?: KubeObject) => {
    const spec = fieldsOf(o.spec);
    if (spec.type !== 'ExternalName') allocateAddresses(o, spec, addresses, previous);
    allocatePorts(o, spec, ports, previous);
  };
  return {
    namespaced: true,
    nameRule: 'dns1035',
    statusSubresource: true,
    unconditionalUpdate: true,
    createOnUpdate: true,
    defaults: defaultService,
    prepareCreate(o) {
      o.status = { loadBalancer: {} };
      // faults first: nothing is allocated for an object that will be refused
      refuse(o, serviceFaults(o, undefined));
      allocate(o);
    },
    prepareUpdate(next, previous) {
      carryAllocated(next, previous);
      dropOldTypeFields(next, previous);
      refuse(next, serviceFaults(next, previous));
      allocate(next, previous);
    },
    validateStatus: (next) => serviceStatusFaults(next),
    selectable: (o) => ({
      'spec.type': textOf(fieldsOf(o.spec).type),
      'spec.clusterIP': textOf(fieldsOf(o.spec).clusterIP),
    }),
    stored(next, previous) {
      for (const [o, on] of [
        [previous, false],
        [next, true],
      ] as const) {
        if (o === undefined) continue;
        for (const ip of listOf(fieldsOf(o.spec).clusterIPs)) {
          for (const range of addresses) on ? range.take(textOf(ip)) : range.give(textOf(ip));
        }
        for (const n of nodePortsOf(fieldsOf(o.spec))) on ? ports.take(n) : ports.give(n);
      }
    },
    mergeKeys: { 'spec.ports': 'port', 'status.conditions': 'type' },
  };
}

function refuse(o: KubeObject, faults: FieldError[]): void {
  if (faults.length > 0) throw unprocessable(SERVICE, o.metadata.name, faults);
}

function nodePortsOf(spec: Fields): number[] {
  return [...portsOf(spec).map((p) => p.nodePort), spec.healthCheckNodePort].filter((n) => typeof n === 'number');
}

function allocateAddresses(
  o: KubeObject,
  spec: Fields,
  ranges: readonly ClusterIps[],
  previous: KubeObject | undefined,
): void {
  const policy =
    textOf(spec.ipFamilyPolicy) || (listOf(spec.ipFamilies).length > 1 ? 'RequireDualStack' : 'SingleStack');
  if (policy === 'RequireDualStack' && ranges.length < 2) {
    refuse(o, [invalid('spec.ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services')]);
  }
  const known = ranges.map((r) => r.family);
  const families = listOf(spec.ipFamilies).map(textOf);
  families.forEach((f, i) => {
    const missing = !known.some((k) => k === f);
    if (missing) refuse(o, [invalid(`spec.ipFamilies[${i}]`, f, 'not configured on this cluster')]);
  });
  const asked = textOf(spec.clusterIP);
  if (families.length === 0) families.push(ranges.find((r) => r.covers(asked))?.family ?? known[0] ?? 'IPv4');
  const wanted = policy === 'SingleStack' ? 1 : known.length;
  for (const f of known) if (families.length < wanted && !families.includes(f)) families.push(f);
  spec.ipFamilyPolicy = policy;
  spec.ipFamilies = families.slice(0, wanted);
  if (asked === 'None') {
    spec.clusterIPs = ['None'];
    return;
  }
  const had = listOf(fieldsOf(previous?.spec).clusterIPs).map(textOf);
  const given = listOf(spec.clusterIPs).map(textOf);
  if (given.length === 0 && asked !== '') given.push(asked);
  const all = families.slice(0, wanted).map((family, i) => {
    const range = ranges.find((r) => r.family === family);
    const ip = given[i] ?? range?.pick();
    if (ip === undefined || range === undefined) throw internal('failed to allocate a serviceIP: range is full');
    if (given[i] === undefined || had.includes(ip)) return ip;
    const field = `spec.clusterIPs`;
    if (!range.covers(ip)) {
      refuse(o, [
        invalid(
          field,
          [ip],
          `failed to allocate IP ${ip}: the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${range.cidr}`,
        ),
      ]);
    }
    if (range.has(ip))
      refuse(o, [invalid(field, [ip], `failed to allocate IP ${ip}: provided IP is already allocated`)]);
    return ip;
  });
  spec.clusterIP = all[0];
  spec.clusterIPs = all;
}

function allocatePorts(o: KubeObject, spec: Fields, pool: NodePorts, previous: KubeObject | undefined): void {
  const had = new Set(nodePortsOf(fieldsOf(previous?.spec)));
  const taken = new Set<number>();
  const pick = (): number => {
    const n = pool.pick(taken);
    if (n === undefined) throw internal('failed to allocate a nodePort: range is full');
    taken.add(n);
    return n;
  };
  const claim = (n: number, field: string) => {
    if (!had.has(n) && !pool.covers(n))
      refuse(o, [
        invalid(field, n, 'provided port is not in the valid range. The range of valid ports is 30000-32767'),
      ]);
    if (!had.has(n) && pool.has(n)) refuse(o, [invalid(field, n, 'provided port is already allocated')]);
    taken.add(n);
  };
  const wants = spec.type === 'NodePort' || (wantsNodePorts(spec) && spec.allocateLoadBalancerNodePorts !== false);
  portsOf(spec).forEach((p, i) => {
    if (typeof p.nodePort === 'number') claim(p.nodePort, `spec.ports[${i}].nodePort`);
  });
  if (wants) for (const p of portsOf(spec)) p.nodePort ??= pick();
  if (!wantsHealthPort(spec)) return;
  if (typeof spec.healthCheckNodePort === 'number') claim(spec.healthCheckNodePort, 'spec.healthCheckNodePort');
  else spec.healthCheckNodePort = pick();
}
