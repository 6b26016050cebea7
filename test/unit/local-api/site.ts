import type { KubeObject } from '@openyurt/nodepool-types';
import {
  type AnnouncementFact,
  Announcements,
  type CloudFact,
} from '../../../edge-speaker/src/local-api/announcements.ts';
import { ReadOnlyApi } from '../../../edge-speaker/src/local-api/local-api.ts';
import { Catalogue, type CatalogueResource } from '../../../edge-speaker/src/offline/catalogue.ts';
import type { LocalAnswer, LocalWatch } from '../../../edge-speaker/src/ports/local-api.ts';

/** 2026-01-01T00:10:00Z, ten minutes after the process started. */
export const NOW_WALL_MS = Date.UTC(2026, 0, 1, 0, 10);
export const BORN = '2026-01-01T00:00:00Z';
export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export interface Json {
  [key: string]: unknown;
}

export const service = (name: string, spec: Json = {}, rest: Json = {}): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'default',
      resourceVersion: '10',
      creationTimestamp: BORN,
      ...(rest.metadata as Json),
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.7',
      clusterIPs: ['10.96.0.7'],
      ports: [{ port: 80, protocol: 'TCP' }],
      ...spec,
    },
    ...(rest.status === undefined ? {} : { status: rest.status }),
  }) as KubeObject;

/** All steps at once. */
export function finish(steps: Iterator<void>): void {
  while (steps.next().done !== true);
}

/** A list that came, taken to its last step. */
export function adopt(catalogue: Catalogue, ...list: Parameters<Catalogue['listed']>): void {
  finish(catalogue.listed(...list));
}

/** A local API over a catalogue that a test fills. */
export class LocalSite {
  readonly catalogue = new Catalogue();
  announced: AnnouncementFact[] = [];
  cloud: CloudFact = { state: 'offline', sinceMs: 420_000, contactMs: 400_000 };
  nowMs = 600_000;
  readonly announcements = new Announcements({
    read: () => ({ announcements: this.announced, cloud: this.cloud }),
    monotonicMs: () => this.nowMs,
    wallMs: () => NOW_WALL_MS - 600_000 + this.nowMs,
  });
  readonly api = new ReadOnlyApi({
    nodeName: 'edge-1',
    version: '0.1.0',
    sources: { ...this.catalogue.shelves, announcements: this.announcements },
    cloud: () => this.cloud,
    monotonicMs: () => this.nowMs,
    wallMs: () => NOW_WALL_MS - 600_000 + this.nowMs,
  });

  /** A proven list of these. */
  list(resource: CatalogueResource, objects: readonly KubeObject[], resourceVersion = 100n): void {
    finish(this.catalogue.listed(resource, objects, resourceVersion, true, this.nowMs));
  }

  answer(url: string, accept = 'application/json', method = 'GET'): LocalAnswer {
    return this.api.answer({ method, url, accept });
  }

  /** @returns the status code and the decoded body */
  ask(url: string, accept?: string, method?: string): { code: number; type: string; body: Json } {
    const answer = this.answer(url, accept, method);
    if (answer.kind === 'watch') throw new Error(`${url} is a watch`);
    const text = answer.kind === 'whole' ? answer.body : [...answer.pieces].join('');
    return { code: answer.kind === 'whole' ? answer.status : 200, type: answer.type, body: JSON.parse(text) as Json };
  }

  /** Names of what a list holds. */
  names(url: string): string[] {
    const { items } = this.ask(url).body as { items: KubeObject[] };
    return items.map(({ metadata }) => metadata.name ?? '');
  }

  /** The header and the rows that `kubectl get` would print. */
  cells(url: string): unknown[][] {
    const { columnDefinitions, rows } = this.ask(url, TABLE).body as {
      columnDefinitions: { name: string; priority: number }[];
      rows: { cells: unknown[] }[];
    };
    return [
      columnDefinitions.map(({ name, priority }) => (priority === 0 ? name : `(${name})`)),
      ...rows.map(({ cells }) => cells),
    ];
  }

  watch(url: string, accept?: string): LocalWatch {
    const answer = this.answer(url, accept);
    if (answer.kind !== 'watch') throw new Error(JSON.stringify(answer));
    return answer.watch;
  }
}

/** Events of a watch as `TYPE name`. */
export const said = (lines: Iterable<string>): string[] =>
  [...lines]
    .filter((line) => line !== '')
    .map((line) => {
      const { type, object } = JSON.parse(line) as {
        type: string;
        object: KubeObject & { rows?: { object: KubeObject }[] };
      };
      const name = object.rows?.[0]?.object.metadata.name ?? object.metadata?.name ?? '';
      return `${type} ${name}`.trim();
    });
