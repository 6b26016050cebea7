import { type Fields, fieldsOf, isFields, listOf, textOf } from '../api-server/object.ts';
import { type DiskCache, type Folder, storedVersion, versionOf } from './disk-cache.ts';
import type { HubCall, ResourceRequest } from './request-info.ts';

const BUILT_IN_AGENTS = [
  'kubelet',
  'kube-proxy',
  'flanneld',
  'coredns',
  'raven-agent-ds',
  'yurttunnel-agent',
  'yurthub',
];
const NEVER = new Set(['certificatesigningrequests', 'subjectaccessreviews', 'selfsubjectaccessreviews']);
const STORED_VERBS = new Set(['get', 'create', 'update', 'patch']);

/** Which answers are kept, under which component, and what is told from them: yurthub's cachemanager. */
export class AnswerCache {
  /** component and path of a list → the selectors it was first asked with. In this process only: a restart forgets. */
  private readonly shapes = new Map<string, string>();

  constructor(
    private readonly disk: DiskCache,
    private agents: ReadonlySet<string>,
  ) {}

  /** Effective at once, as a change of ConfigMap yurt-hub-cfg is. */
  setAgents(agents: readonly string[]): void {
    this.agents = new Set(agents.map((a) => a.trim()));
  }

  /**
   * Whether the answer is kept, and offline given. The first list of a component and resource decides the shape; one with
   * other selectors or on another path is not kept. Asking decides too.
   */
  takes(call: HubCall): boolean {
    const { component, resource } = call;
    if (component === '' || component === '.' || component === '..' || resource === undefined) return false;
    // entries are compared as they stand, components are lower case: one with a capital never matches
    if (!this.agents.has('*') && !this.agents.has(component) && !BUILT_IN_AGENTS.includes(component)) return false;
    if (resource.verb === 'delete' || resource.verb === 'deletecollection') return false;
    if (resource.subresource !== '' && resource.subresource !== 'status') return false;
    if (NEVER.has(resource.resource)) return false;
    return resource.verb !== 'list' || resource.name !== '' || this.shapeFits(call, resource);
  }

  private shapeFits(call: HubCall, { group, version, resource, namespace }: ResourceRequest): boolean {
    const query = call.url.searchParams;
    const selector = [query.get('labelSelector') ?? '', query.get('fieldSelector') ?? ''].join('&');
    const place = namespace === '' ? '' : `/${namespace}`;
    const key = `${componentOf(call)}/${resource}.${version}.${group === '' ? 'core' : group}${place}`;
    const known = this.shapes.get(key);
    if (known !== undefined) return known === selector;
    // the real one compares by substring, so `speaker` and `yurtlb-speaker` are in each other's way as well
    for (const other of this.shapes.keys()) if (other.includes(key) || key.includes(other)) return false;
    this.shapes.set(key, selector);
    return true;
  }

  /** Keeps a whole answer. */
  save(call: HubCall, text: string): void {
    const { resource } = call;
    const body = parsed(text);
    if (resource === undefined || body === undefined || body.kind === 'Status') return;
    const folder = folderOf(call, resource);
    if (resource.verb === 'list') this.saveList(folder, resource, body);
    else if (STORED_VERBS.has(resource.verb)) this.disk.put(folder, body, resource.namespace);
  }

  private saveList(folder: Folder, { namespace, name }: ResourceRequest, body: Fields): void {
    const listKind = textOf(body.kind);
    if (!listKind.endsWith('List')) return;
    const kind = listKind.slice(0, -'List'.length);
    const items = listOf(body.items).filter(isFields);
    const apiVersion = storedVersion(kind, folder);
    if (name === '') this.disk.replace(folder, namespace, kind, items);
    else for (const item of items) this.disk.put(folder, { ...item, kind, apiVersion }, namespace);
  }

  /** Keeps one event of a watch. */
  saveEvent(call: HubCall, line: string): void {
    const event = parsed(line);
    if (event === undefined || call.resource === undefined || !isFields(event.object)) return;
    const folder = folderOf(call, call.resource);
    if (event.type === 'ADDED' || event.type === 'MODIFIED') this.disk.put(folder, event.object);
    else if (event.type === 'DELETED') this.disk.remove(folder, event.object);
  }

  /** The answer to a get, list, update or patch from the disk; undefined: nothing is known. Selectors are not applied. */
  query(call: HubCall): Fields | undefined {
    const { resource } = call;
    if (resource === undefined) return undefined;
    const folder = folderOf(call, resource);
    const { verb, namespace, name } = resource;
    if (verb !== 'list') return this.disk.get(folder, namespace, name);
    const found = this.disk.list(folder, namespace);
    if (found === undefined) return undefined;
    const items = name === '' ? found.items : found.items.filter((o) => fieldsOf(o.metadata).name === name);
    if (name !== '' && items.length === 0) return undefined;
    const newest = Math.max(0, ...items.map(versionOf));
    const metadata = newest === 0 ? {} : { resourceVersion: String(newest) };
    return { kind: `${found.kind}List`, apiVersion: storedVersion(found.kind, folder), metadata, items };
  }
}

function componentOf({ component, metadataOnly }: HubCall): string {
  return metadataOnly ? `${component}.partialobjectmetadatas.v1.meta.k8s.io` : component;
}

function folderOf(call: HubCall, { group, version, resource }: ResourceRequest): Folder {
  return { component: componentOf(call), group, version, resource };
}

/** @returns undefined for what is no JSON object, e.g. an answer that was cut short */
function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
