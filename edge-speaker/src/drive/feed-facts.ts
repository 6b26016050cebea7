import type { Fact } from '../hub/facts.ts';
import type { FeedListener } from '../ports/announcement-feed.ts';

/** What the feed brings, as facts. */
export function feedFacts(take: (fact: Fact) => void): FeedListener {
  return {
    listed: (resource, objects, resourceVersion, proven) =>
      take({ kind: 'listed', resource, objects, resourceVersion, proven }),
    changed: (resource, type, object) => take({ kind: 'changed', resource, type, object }),
    reached: (resource, resourceVersion) => take({ kind: 'reached', resource, resourceVersion }),
    contact: (contact, error) => take({ kind: 'contact', contact, error }),
    refused: (resource, error) => take({ kind: 'refused', resource, error }),
  };
}
