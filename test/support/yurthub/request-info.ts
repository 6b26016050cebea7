import type { IncomingMessage } from 'node:http';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A resource in one API version; the group is empty for core. */
export interface Gvr {
  group: string;
  version: string;
  resource: string;
}

/** What a request is about, as k8s.io/apiserver's RequestInfo has it. */
export interface ResourceRequest extends Gvr {
  verb: Verb;
  /** empty: cluster-scoped, or all namespaces */
  namespace: string;
  /** empty: a collection. A list or watch with `fieldSelector=metadata.name=x` has the name x. */
  name: string;
  subresource: string;
}

const NAMED_BY_FIELD = /(?:^|,)metadata\.name==?([^,]*)(?:,|$)/;

/** @returns undefined for what is no resource, e.g. /healthz or /apis/apps/v1 */
export function resourceRequestOf(method: string, url: URL): ResourceRequest | undefined {
  let parts: string[];
  try {
    parts = url.pathname
      .split('/')
      .filter((p) => p !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const group = core ? '' : (parts[1] ?? '');
  const version = parts[core ? 1 : 2] ?? '';
  const rest = parts.slice(core ? 2 : 3);
  if (rest.length === 0) return undefined;
  const inside = rest[0] === 'namespaces' && rest.length >= 3 && !['status', 'finalize'].includes(rest[2] ?? '');
  const [resource = '', pathName = '', subresource = ''] = inside ? rest.slice(2) : rest;
  const namespace = inside ? (rest[1] ?? '') : '';
  const verb = verbOf(method, url.searchParams, pathName);
  if (verb === undefined) return undefined;
  const collection = verb === 'list' || verb === 'watch' || verb === 'deletecollection';
  const byField = collection ? NAMED_BY_FIELD.exec(url.searchParams.get('fieldSelector') ?? '')?.[1] : undefined;
  return { verb, group, version, resource, namespace, name: pathName || (byField ?? ''), subresource };
}

function verbOf(method: string, query: URLSearchParams, name: string): Verb | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (['true', '1'].includes(query.get('watch') ?? '')) return 'watch';
      return name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
}

/** One request on its way through the hub, its body read. */
export interface HubCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** the User-Agent, lower-cased, cut at the first `/`; empty where none was sent */
  readonly component: string;
  /** the client asked for metadata only (PartialObjectMetadata): the cache keeps that apart */
  readonly metadataOnly: boolean;
  readonly resource: ResourceRequest | undefined;
}

export function hubCallOf(request: IncomingMessage, body: Buffer): HubCall {
  const url = new URL(request.url ?? '/', 'http://hub');
  const method = request.method ?? 'GET';
  return {
    method,
    url,
    headers: request.headers,
    body,
    component: (request.headers['user-agent'] ?? '').toLowerCase().split('/', 1)[0] ?? '',
    metadataOnly: /as=PartialObjectMetadata/.test(request.headers.accept ?? ''),
    resource: resourceRequestOf(method, url),
  };
}

/** The request in the hub's own words, for its refusals. */
export function wordsOf({ component, method, url, resource }: HubCall): string {
  return `${component} ${resource?.verb ?? method.toLowerCase()}: ${url.pathname}`;
}
