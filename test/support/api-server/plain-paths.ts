import { type Answer, jsonAnswer } from './answer.ts';
import * as discovery from './discovery.ts';
import { openapiDocument, openapiIndex } from './openapi.ts';
import { apiVersionOf, type Registry } from './resources.ts';
import { UnknownPathError } from './status-error.ts';

const OPENAPI = '/openapi/v3';

/**
 * What is no resource: health, version, discovery, OpenAPI.
 *
 * @throws UnknownPathError
 */
export function answerPlain(registry: Registry, pathname: string, accept: string): Answer {
  const path = pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname;
  if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return { code: 200, body: 'ok', type: 'text/plain; charset=utf-8' };
  if (path === '/version') return jsonAnswer(discovery.VERSION);
  if (path === '/api' || path === '/apis') {
    if (discovery.wantsAggregated(accept)) {
      return { ...jsonAnswer(discovery.aggregated(registry, path === '/api')), type: discovery.AGGREGATED };
    }
    return jsonAnswer(path === '/api' ? discovery.CORE_VERSIONS : discovery.groupList(registry));
  }
  if (path === OPENAPI) return jsonAnswer(openapiIndex(registry));
  const document = path.startsWith(`${OPENAPI}/`)
    ? openapiDocument(registry, path.slice(OPENAPI.length + 1))
    : undefined;
  if (document !== undefined) return jsonAnswer(document);
  const [root = '', ...rest] = path.split('/').slice(1);
  const isCore = root === 'api';
  if (!isCore && root !== 'apis') throw new UnknownPathError();
  const views = registry.all().filter((v) => apiVersionOf(v) === rest.join('/') && (v.group === '') === isCore);
  if (views.length > 0) return jsonAnswer(discovery.resourceList(views));
  const group = !isCore && rest.length === 1 ? discovery.oneGroup(registry, rest[0] ?? '') : undefined;
  if (group === undefined) throw new UnknownPathError();
  return jsonAnswer(group);
}
