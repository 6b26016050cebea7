import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, jsonAnswer, refusal } from './answer.ts';
import type { DeleteOptions } from './deletes.ts';
import type { Faults } from './faults.ts';
import { fieldsOf, listOf, textOf } from './object.ts';
import { answerPlain } from './plain-paths.ts';
import { type Reads, type Rendering, renderOne, scopeOf } from './reads.ts';
import { jsonOf } from './render.ts';
import { mediaTypeOf, parseBody, readBody } from './request-body.ts';
import type { LoggedRequest, RequestLog } from './request-log.ts';
import { apiVersionOf, type Registry, type UserInfo } from './resources.ts';
import { parsePath, type ResourcePath } from './routes.ts';
import { methodNotAllowed, unauthorized } from './status-error.ts';
import { type IncludeObject, shapeOf } from './tables.ts';
import type { Watches } from './watches.ts';
import type { Writes } from './writes.ts';

/** The rooms a request passes through. */
export interface Rooms {
  registry: Registry;
  reads: Reads;
  writes: Writes;
  watches: Watches;
  faults: Faults;
  log: RequestLog;
  /** token → who it is; undefined: everybody is the administrator */
  tokens: ReadonlyMap<string, UserInfo> | undefined;
}

/** One request on its way. */
interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  method: string;
  query: URLSearchParams;
  isWatch: boolean;
  user: UserInfo;
  as: Rendering;
}

const ADMIN: UserInfo = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };
const isTrue = (v: string | null): boolean => v === 'true' || v === '1';

/** Turns one HTTP request into one answer. */
export class Handler {
  constructor(private readonly rooms: Rooms) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://server');
    const entry = this.logged(request, response, url);
    let answer: Answer | undefined;
    try {
      if (!(await this.rooms.faults.admit(request, response, `${entry.method} ${entry.path}`))) return;
      answer = await this.answer(request, response, url, entry);
    } catch (error) {
      if (response.headersSent) return;
      answer = refusal(error);
    }
    if (answer === undefined || response.destroyed) return;
    response.writeHead(answer.code, {
      'Content-Type': answer.type,
      'Content-Length': Buffer.byteLength(answer.body),
      'Cache-Control': 'no-cache, private',
      ...answer.headers,
    });
    response.end(answer.body);
  }

  private logged(request: IncomingMessage, response: ServerResponse, url: URL): LoggedRequest {
    const entry: LoggedRequest = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.search,
      userAgent: request.headers['user-agent'] ?? '',
      code: 0,
      ms: 0,
      isWatch: isTrue(url.searchParams.get('watch')),
    };
    const startedMs = performance.now();
    this.rooms.log.add(entry);
    response.once('close', () => {
      entry.ms = performance.now() - startedMs;
      if (response.headersSent) entry.code = response.statusCode;
    });
    return entry;
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    entry: LoggedRequest,
  ): Promise<Answer | undefined> {
    const user = this.userOf(request);
    const accept = request.headers.accept ?? '';
    const path = parsePath(url.pathname, this.rooms.registry);
    if (path === undefined) return answerPlain(this.rooms.registry, url.pathname, accept);
    const query = url.searchParams;
    const as: Rendering = {
      shape: shapeOf(accept),
      include: (query.get('includeObject') ?? 'Metadata') as IncludeObject,
    };
    const call: Call = { request, response, method: entry.method, query, isWatch: entry.isWatch, user, as };
    switch (call.method) {
      case 'GET':
        return this.read(path, call);
      case 'DELETE':
        return this.remove(path, call, await readBody(request));
      default:
        return this.write(path, call, await readBody(request));
    }
  }

  private read(path: ResourcePath, { query, as, isWatch, response }: Call): Answer | undefined {
    const { view, namespace, name } = path;
    if (view.review !== undefined) throw methodNotAllowed();
    if (name !== '' && !isWatch) return jsonAnswer(renderOne(view, this.rooms.reads.get(view, namespace, name), as));
    const scope = scopeOf(view, namespace, name, query);
    if (!isWatch) return jsonAnswer(this.rooms.reads.list(scope, query, as));
    this.rooms.watches.open(scope, query, as, response);
    return undefined;
  }

  private write(path: ResourcePath, call: Call, body: Buffer): Answer {
    const { view } = path;
    const { writes } = this.rooms;
    const options = {
      dryRun: call.query.get('dryRun') === 'All',
      strict: call.query.get('fieldValidation') === 'Strict',
    };
    const homeless = view.strategy.namespaced && path.namespace === undefined;
    if ((path.name === '') !== (call.method === 'POST') || homeless) throw methodNotAllowed();
    const mediaType = mediaTypeOf(call.request);
    switch (call.method) {
      case 'POST': {
        const object = parseBody(body, mediaType);
        if (view.review !== undefined) return jsonAnswer(jsonOf(view, view.review(fieldsOf(object), call.user)), 201);
        return jsonAnswer(renderOne(view, writes.create(path, object, options).object, call.as), 201);
      }
      case 'PUT': {
        const { object, code } = writes.update(path, parseBody(body, mediaType), options);
        return jsonAnswer(renderOne(view, object, call.as), code);
      }
      case 'PATCH': {
        // a type that is no JSON is the patch's own business to refuse
        const patch = mediaType.endsWith('json') ? parseBody(body, mediaType) : undefined;
        return jsonAnswer(renderOne(view, writes.patch(path, mediaType, patch, options).object, call.as));
      }
      default:
        throw methodNotAllowed();
    }
  }

  private remove(path: ResourcePath, call: Call, text: Buffer): Answer {
    const { view } = path;
    const body = text.length === 0 ? {} : fieldsOf(parseBody(text, mediaTypeOf(call.request)));
    const wanted = fieldsOf(body.preconditions);
    const options: DeleteOptions = {
      dryRun: call.query.get('dryRun') === 'All' || listOf(body.dryRun).includes('All'),
      ...(textOf(wanted.uid) === '' ? {} : { uid: textOf(wanted.uid) }),
      ...(textOf(wanted.resourceVersion) === '' ? {} : { resourceVersion: textOf(wanted.resourceVersion) }),
    };
    if (path.name === '') return this.removeAll(path, call, options);
    const { object, gone } = this.rooms.writes.delete(path, options);
    if (!gone) return jsonAnswer(jsonOf(view, object));
    const group = view.group === '' ? {} : { group: view.group };
    const details = { name: path.name, ...group, kind: view.plural, uid: object.metadata.uid };
    return jsonAnswer({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
  }

  private removeAll(path: ResourcePath, call: Call, options: DeleteOptions): Answer {
    const { view } = path;
    const { store } = this.rooms.registry;
    if ((view.strategy.namespaced && path.namespace === undefined) || view.id === 'namespaces')
      throw methodNotAllowed();
    const scope = scopeOf(view, path.namespace, '', call.query);
    const doomed = store
      .shelf(view.id)
      .list()
      .filter((o) => scope.matches(o));
    for (const o of doomed) this.rooms.writes.delete({ ...path, name: o.metadata.name }, options);
    const metadata = { resourceVersion: String(store.revision) };
    const items = doomed.map((o) => view.encode(o));
    return jsonAnswer({ kind: `${view.kind}List`, apiVersion: apiVersionOf(view), metadata, items });
  }

  private userOf(request: IncomingMessage): UserInfo {
    const { tokens } = this.rooms;
    if (tokens === undefined) return ADMIN;
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const user = token === undefined ? undefined : tokens.get(token);
    if (user === undefined) throw unauthorized();
    return user;
  }
}
