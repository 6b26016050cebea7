import { type Fields, fieldsOf, type KubeObject, listOf, same, textOf } from './object.ts';
import { tidyConditionTimes } from './times.ts';

export const isLoadBalancer = (o: KubeObject): boolean => fieldsOf(o.spec).type === 'LoadBalancer';
export const isExternallyAccessible = (spec: Fields): boolean =>
  spec.type === 'LoadBalancer' ||
  spec.type === 'NodePort' ||
  (spec.type === 'ClusterIP' && listOf(spec.externalIPs).length > 0);
export const portsOf = (spec: Fields): Fields[] => listOf(spec.ports).map(fieldsOf);

/** What decoding a Service fills in (SetDefaults_Service in k8s.io/kubernetes pkg/apis/core/v1/defaults.go), in place. */
export function defaultService(o: KubeObject): void {
  if (o.spec === undefined) o.spec = {};
  const spec = fieldsOf(o.spec);
  spec.type ||= 'ClusterIP';
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10800 } };
  for (const p of portsOf(spec)) {
    p.protocol ||= 'TCP';
    if (p.targetPort === undefined || p.targetPort === 0 || p.targetPort === '') p.targetPort = p.port;
    if (p.nodePort === 0) delete p.nodePort;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  for (const k of ['ports', 'externalIPs', 'loadBalancerSourceRanges', 'clusterIPs', 'ipFamilies']) {
    if (Array.isArray(spec[k]) && spec[k].length === 0) delete spec[k];
  }
  if (same(spec.selector, {})) delete spec.selector;
  for (const k of ['clusterIP', 'externalName', 'loadBalancerIP', 'externalTrafficPolicy'])
    if (spec[k] === '') delete spec[k];
  if (spec.healthCheckNodePort === 0) delete spec.healthCheckNodePort;
  defaultStatus(o);
}

function defaultStatus(o: KubeObject): void {
  const status = { ...fieldsOf(o.status) };
  const balancer = { ...fieldsOf(status.loadBalancer) };
  const ingress = listOf(balancer.ingress).map((e) => ({ ...fieldsOf(e) }));
  for (const entry of ingress) {
    for (const k of ['ip', 'hostname']) if (entry[k] === '') delete entry[k];
    if (isLoadBalancer(o) && entry.ip !== undefined) entry.ipMode ??= 'VIP';
  }
  if (ingress.length > 0) balancer.ingress = ingress;
  else delete balancer.ingress;
  status.loadBalancer = balancer;
  if (listOf(status.conditions).length === 0) delete status.conditions;
  tidyConditionTimes(status);
  o.status = status;
}

/** Allocated values an update leaves out are carried over while the type still wants them (`patchAllocatedValues`). */
export function carryAllocated(next: KubeObject, previous: KubeObject): void {
  const spec = fieldsOf(next.spec);
  const old = fieldsOf(previous.spec);
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') {
    if (spec.clusterIP === undefined && old.clusterIP !== undefined) spec.clusterIP = old.clusterIP;
    if (spec.clusterIPs === undefined && old.clusterIPs !== undefined && spec.clusterIP === old.clusterIP) {
      spec.clusterIPs = old.clusterIPs;
    }
    if (spec.ipFamilies === undefined) spec.ipFamilies = old.ipFamilies;
    if (spec.ipFamilyPolicy === undefined) spec.ipFamilyPolicy = old.ipFamilyPolicy;
  }
  if (wantsNodePorts(spec) && wantsNodePorts(old)) {
    // by name: the writer may have changed everything else of the port
    const given = new Map(portsOf(old).map((p) => [textOf(p.name), p.nodePort]));
    const now = new Set(portsOf(spec).map((p) => p.nodePort));
    for (const p of portsOf(spec)) {
      const before = given.get(textOf(p.name));
      if (p.nodePort === undefined && before !== undefined && !now.has(before)) p.nodePort = before;
    }
  }
  if (wantsHealthPort(spec) && wantsHealthPort(old)) spec.healthCheckNodePort ??= old.healthCheckNodePort;
}

export const wantsNodePorts = (spec: Fields): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer';
export const wantsHealthPort = (spec: Fields): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

/** Fields that belong to the old type and that the writer did not touch go when the type goes (`dropTypeDependentFields`). */
export function dropOldTypeFields(next: KubeObject, previous: KubeObject): void {
  const spec = fieldsOf(next.spec);
  const old = fieldsOf(previous.spec);
  const dropIfSame = (...names: string[]) => {
    for (const k of names) if (same(spec[k], old[k])) delete spec[k];
  };
  if (old.type !== 'ExternalName' && spec.type === 'ExternalName') {
    dropIfSame('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy');
  }
  if (wantsNodePorts(old) && !wantsNodePorts(spec)) {
    const before = new Set(portsOf(old).map((p) => p.nodePort));
    if (portsOf(spec).every((p) => p.nodePort === undefined || before.has(p.nodePort))) {
      for (const p of portsOf(spec)) delete p.nodePort;
    }
  }
  if (wantsHealthPort(old) && !wantsHealthPort(spec)) dropIfSame('healthCheckNodePort');
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    dropIfSame('allocateLoadBalancerNodePorts', 'loadBalancerClass');
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) dropIfSame('externalTrafficPolicy');
  if (spec.type !== 'LoadBalancer') next.status = { ...fieldsOf(next.status), loadBalancer: {} };
}
