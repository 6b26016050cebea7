import type { KubeObject } from '@openyurt/nodepool-types';
import type { WatchEventType } from '../ports/announcement-feed.ts';
import type { Answer } from './api-client.ts';
import { noObject } from './api-failure.ts';

export interface ListAnswer {
  readonly items: KubeObject[];
  /** Undefined where the list carries none: an offline hub's empty cache. */
  readonly resourceVersion: string | undefined;
}

/** A line of a watch; `ERROR` with the code and message of its Status. */
export type WatchLine =
  | { readonly type: WatchEventType | 'BOOKMARK'; readonly object: KubeObject }
  | { readonly type: 'ERROR'; readonly code: number; readonly message: string };

/**
 * A whole list. What is not certainly one, to the last item, is none: what a list lacks is taken away.
 *
 * @throws LbError `LB_API_REFUSED`
 */
export function decodeList({ url, type, text }: Pick<Answer, 'url' | 'type' | 'text'>): ListAnswer {
  if (type !== '' && !/^application\/json\b/i.test(type)) throw noObject(url, `${type} instead of JSON`);
  const list = decodeJson(text) as
    | { items?: unknown; metadata?: { resourceVersion?: unknown; continue?: unknown } }
    | undefined;
  if (typeof list !== 'object' || list === null) throw noObject(url, 'the JSON is not whole');
  const { metadata, items } = list;
  if (typeof metadata !== 'object' || metadata === null || items === undefined) throw noObject(url, 'no list');
  if (typeof metadata.continue === 'string' && metadata.continue !== '') throw noObject(url, 'a part of a list');
  const objects = items ?? [];
  if (!Array.isArray(objects) || !objects.every(isNamed)) throw noObject(url, 'a list with items that have no name');
  const version = metadata.resourceVersion;
  const numeric = typeof version === 'string' && /^\d{1,20}$/.test(version) && version !== '0';
  return { items: objects, resourceVersion: numeric ? version : undefined };
}

/** @returns undefined for what is no event */
export function decodeWatchEvent(line: string): WatchLine | undefined {
  const event = decodeJson(line) as { type?: unknown; object?: unknown } | undefined;
  const object = event?.object;
  if (typeof object !== 'object' || object === null) return undefined;
  switch (event?.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return isNamed(object) ? { type: event.type, object } : undefined;
    case 'BOOKMARK':
      return 'metadata' in object ? { type: 'BOOKMARK', object: object as KubeObject } : undefined;
    case 'ERROR': {
      const { code, message } = object as { code?: unknown; message?: unknown };
      return { type: 'ERROR', code: typeof code === 'number' ? code : 500, message: String(message ?? '') };
    }
    default:
      return undefined;
  }
}

function isNamed(object: unknown): object is KubeObject {
  return typeof (object as KubeObject | null | undefined)?.metadata?.name === 'string';
}

function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
