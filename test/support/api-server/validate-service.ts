import { isIP } from 'node:net';
import { isExternallyAccessible, isLoadBalancer, portsOf, wantsHealthPort } from './defaults-service.ts';
import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from './field-error.ts';
import { labelFaults, nameFault, qualifiedNameFault } from './metadata.ts';
import { type Fields, fieldsOf, type KubeObject, listOf, textOf } from './object.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PORT_RULE = 'must be between 1 and 65535, inclusive';
const LB_ONLY = "may only be used when `type` is 'LoadBalancer'";
const isPort = (n: unknown): boolean => typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= 65535;

/** Faults of a Service's spec (validateService in k8s.io/kubernetes pkg/apis/core/validation). */
export function serviceFaults(o: KubeObject, previous: KubeObject | undefined): FieldError[] {
  const spec = fieldsOf(o.spec);
  const out: FieldError[] = [];
  const type = textOf(spec.type);
  const headless = spec.clusterIP === 'None';
  if (previous !== undefined) out.push(...updateFaults(spec, fieldsOf(previous.spec)));
  if (portsOf(spec).length === 0 && !headless && type !== 'ExternalName') out.push(required('spec.ports'));
  if (headless && (type === 'LoadBalancer' || type === 'NodePort')) {
    out.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  }
  if (type === 'ExternalName') {
    const name = textOf(spec.externalName).replace(/\.$/, '');
    const fault = name === '' ? undefined : nameFault('subdomain', name);
    if (name === '') out.push(required('spec.externalName'));
    else if (fault !== undefined) out.push(invalid('spec.externalName', name, fault));
  }
  out.push(...portFaults(spec), ...labelFaults(spec.selector, 'spec.selector'));
  if (!['None', 'ClientIP'].includes(textOf(spec.sessionAffinity))) {
    out.push(notSupported('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']));
  }
  listOf(spec.externalIPs).forEach((ip, i) => {
    if (isIP(textOf(ip)) === 0) out.push(badIp(`spec.externalIPs[${i}]`, ip));
  });
  if (!TYPES.includes(type)) out.push(notSupported('spec.type', spec.type, TYPES));
  out.push(...balancerFieldFaults(spec));
  return out;
}

const badIp = (field: string, value: unknown): FieldError =>
  invalid(field, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');

function updateFaults(spec: Fields, old: Fields): FieldError[] {
  const out: FieldError[] = [];
  const bothHaveAddress = spec.type !== 'ExternalName' && old.type !== 'ExternalName';
  if (bothHaveAddress && old.clusterIP !== undefined && spec.clusterIP !== old.clusterIP) {
    out.push(invalid('spec.clusterIPs[0]', [spec.clusterIP ?? ''], 'may not change once set'));
  }
  const firstFamily = listOf(old.ipFamilies)[0];
  if (bothHaveAddress && firstFamily !== undefined && listOf(spec.ipFamilies)[0] !== firstFamily) {
    out.push(invalid('spec.ipFamilies[0]', listOf(spec.ipFamilies)[0], 'may not change once set'));
  }
  if (spec.type === 'LoadBalancer' && old.type === 'LoadBalancer' && spec.loadBalancerClass !== old.loadBalancerClass) {
    out.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'));
  }
  return out;
}

function portFaults(spec: Fields): FieldError[] {
  const out: FieldError[] = [];
  const ports = portsOf(spec);
  const names = new Set<string>();
  const pairs = new Set<string>();
  ports.forEach((p, i) => {
    const path = `spec.ports[${i}]`;
    const name = textOf(p.name);
    const fault = name === '' ? undefined : nameFault('label', name);
    if (name === '' && ports.length > 1) out.push(required(`${path}.name`));
    if (fault !== undefined) out.push(invalid(`${path}.name`, name, fault));
    if (names.has(name) && name !== '') out.push(duplicate(`${path}.name`, name));
    names.add(name);
    if (!isPort(p.port)) out.push(invalid(`${path}.port`, p.port ?? 0, PORT_RULE));
    if (!['TCP', 'UDP', 'SCTP'].includes(textOf(p.protocol))) {
      out.push(notSupported(`${path}.protocol`, p.protocol, ['SCTP', 'TCP', 'UDP']));
    }
    if (typeof p.targetPort !== 'string' && !isPort(p.targetPort)) {
      out.push(invalid(`${path}.targetPort`, p.targetPort ?? 0, PORT_RULE));
    }
    if (spec.type === 'ClusterIP' && p.nodePort !== undefined) {
      out.push(forbidden(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
    const pair = `${p.protocol}/${p.port}`;
    if (pairs.has(pair)) out.push(duplicate(path, { protocol: p.protocol, port: p.port }));
    pairs.add(pair);
  });
  return out;
}

function balancerFieldFaults(spec: Fields): FieldError[] {
  const out: FieldError[] = [];
  const balancer = spec.type === 'LoadBalancer';
  if (!balancer && listOf(spec.loadBalancerSourceRanges).length > 0)
    out.push(forbidden('spec.LoadBalancerSourceRanges', LB_ONLY));
  if (!balancer && spec.allocateLoadBalancerNodePorts !== undefined) {
    out.push(forbidden('spec.allocateLoadBalancerNodePorts', LB_ONLY));
  }
  if (spec.loadBalancerClass !== undefined) {
    const fault = qualifiedNameFault(textOf(spec.loadBalancerClass));
    if (!balancer) out.push(forbidden('spec.loadBalancerClass', LB_ONLY));
    else if (fault !== undefined) out.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass, fault));
  }
  const policy = spec.externalTrafficPolicy;
  if (!isExternallyAccessible(spec)) {
    if (policy !== undefined) {
      out.push(invalid('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services'));
    }
  } else if (policy !== 'Cluster' && policy !== 'Local') {
    out.push(notSupported('spec.externalTrafficPolicy', policy, ['Cluster', 'Local']));
  }
  if (!wantsHealthPort(spec) && spec.healthCheckNodePort !== undefined) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    out.push(invalid('spec.healthCheckNodePort', spec.healthCheckNodePort, why));
  }
  if (spec.internalTrafficPolicy !== undefined && !['Cluster', 'Local'].includes(textOf(spec.internalTrafficPolicy))) {
    out.push(notSupported('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']));
  }
  return out;
}

/** Faults of a written Service status (ValidateLoadBalancerStatus); its conditions are not looked at. */
export function serviceStatusFaults(o: KubeObject): FieldError[] {
  const status = fieldsOf(o.status);
  const ingress = listOf(fieldsOf(status.loadBalancer).ingress).map(fieldsOf);
  const path = 'status.loadBalancer.ingress';
  if (ingress.length > 0 && !isLoadBalancer(o))
    return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  return ingress.flatMap((e, i) => ingressFaults(e, `${path}[${i}]`));
}

function ingressFaults(e: Fields, path: string): FieldError[] {
  const out: FieldError[] = [];
  if (e.ip !== undefined && isIP(textOf(e.ip)) === 0) out.push(badIp(`${path}.ip`, e.ip));
  if (e.ipMode !== undefined && e.ip === undefined) {
    out.push(forbidden(`${path}.ipMode`, 'may not be specified when `ip` is not set'));
  } else if (e.ipMode !== undefined && !['VIP', 'Proxy'].includes(textOf(e.ipMode))) {
    out.push(notSupported(`${path}.ipMode`, e.ipMode, ['Proxy', 'VIP']));
  }
  if (e.hostname === undefined) return out;
  const fault = nameFault('subdomain', textOf(e.hostname));
  if (fault !== undefined) out.push(invalid(`${path}.hostname`, e.hostname, fault));
  if (isIP(textOf(e.hostname)) !== 0)
    out.push(invalid(`${path}.hostname`, e.hostname, 'must be a DNS name, not an IP address'));
  return out;
}
