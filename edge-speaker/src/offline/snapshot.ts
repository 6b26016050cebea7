import { createHash } from 'node:crypto';
import {
  DEFAULT_SITE_CONFIG,
  decodeResourceVersion,
  type NodeFacts,
  type ServiceObject,
  type SiteConfig,
} from '@openyurt/nodepool-types';
import { RESOURCES, type Resource, View } from './adopt.ts';
import type { Item, Ledger } from './ledger.ts';
import { decodeOutage, type StoredOutage } from './outage-record.ts';
import { type ConfigFacts, type SliceFacts, sliceWithin } from './slim.ts';

/**
 * The format of the text. A field that older versions may leave unread and newer ones may miss needs no new format; one
 * that changes its meaning does, and then {@link decodeSnapshot} goes on reading the old one.
 */
export const SNAPSHOT_FORMAT = 1;

/** What goes to the disk. */
export interface EncodedSnapshot {
  /** Made when it is read: most of the time nothing has changed. */
  readonly text: string;
  /** The part that says something: equal fingerprints need no new write, though resourceVersions moved on. */
  readonly fingerprint: string;
}

interface Facts {
  readonly nodeName: string;
  readonly nodePool: string | undefined;
  readonly announced: readonly string[];
  readonly self: readonly [string, NodeFacts][];
  readonly nodes: readonly [string, NodeFacts][];
  readonly services: readonly [string, ServiceObject][];
  readonly slices: readonly [string, SliceFacts][];
  readonly configs: readonly [string, ConfigFacts][];
  readonly site?: SiteConfig;
  readonly outage?: StoredOutage;
  readonly complete: readonly Resource[];
}

interface Stored {
  readonly facts: Facts;
  /** Highest resourceVersion adopted, by resource, as decimal text. */
  readonly highest: Readonly<Record<string, string>>;
}

/** The view as text. Endpoints only of Services that are kept; of those the ones that count. */
export function encodeSnapshot(view: View, nodeName: string, nodePool: string | undefined): EncodedSnapshot {
  const facts: Facts = {
    nodeName,
    nodePool,
    announced: [...view.announced].sort(),
    self: sorted(view.self),
    nodes: sorted(view.nodes),
    services: sorted(view.services),
    slices: poolSlices(view, nodeName, nodePool),
    configs: sorted(view.configs),
    ...(view.site === undefined ? {} : { site: view.site }),
    ...(view.outage === undefined ? {} : { outage: view.outage }),
    complete: RESOURCES.filter((resource) => view[resource].complete),
  };
  const highest = Object.fromEntries(RESOURCES.map((r) => [r, String(view[r].highest)]));
  return {
    fingerprint: fingerprintOf(facts),
    get text() {
      return JSON.stringify({ facts, highest });
    },
  };
}

/** Without the resourceVersions of Services: who writes an annotation of no interest each minute must not wear out a card. */
function fingerprintOf(facts: Facts): string {
  const services = facts.services.map(([key, { metadata, spec, status }]) => [
    key,
    { ...metadata, resourceVersion: undefined },
    spec,
    status,
  ]);
  return createHash('sha256')
    .update(JSON.stringify({ ...facts, services }))
    .digest('base64');
}

/** What a restored view belongs to. */
export interface RestoredSnapshot {
  readonly view: View;
  readonly nodePool: string | undefined;
}

/**
 * @param text what {@link encodeSnapshot} wrote; its checksum was right, so only another writer could have misshaped it
 * @throws Error in one sentence where the text is no snapshot, or is another node's (a cloned disk)
 */
export function decodeSnapshot(text: string, nodeName: string, nowMs: number): RestoredSnapshot {
  const { facts, highest } = JSON.parse(text) as Partial<Stored>;
  if (facts === undefined || highest === undefined || !Array.isArray(facts.services))
    throw new Error('it is no snapshot');
  if (facts.nodeName !== nodeName) throw new Error(`it was written by node ${facts.nodeName}, this is ${nodeName}`);
  const view = new View();
  view.outage = decodeOutage(facts.outage);
  // What is written in the middle of an outage is no younger than its beginning.
  const knownMs = nowMs - (view.outage?.forMs ?? 0);
  const put = <T>(resource: Resource, ledger: Ledger<T>, entries: readonly [string, T][]) => {
    const known = decodeVersion(highest[resource]);
    ledger.restore(entries.map(item), known, facts.complete.includes(resource), knownMs);
  };
  put('self', view.self, facts.self);
  put('nodes', view.nodes, facts.nodes);
  put('slices', view.slices, facts.slices);
  put('configs', view.configs, facts.configs);
  const services = facts.services.map(([key, value]) => ({
    key,
    value,
    resourceVersion: decodeResourceVersion(value),
  }));
  view.services.restore(services, decodeVersion(highest.services), facts.complete.includes('services'), knownMs);
  for (const address of facts.announced) view.announced.add(address);
  // A key that an older version did not know has its default.
  view.site = facts.site && { ...DEFAULT_SITE_CONFIG, ...facts.site };
  return { view, nodePool: facts.nodePool };
}

/** Addresses of endpoints elsewhere come and go without a meaning for this site. */
function poolSlices(view: View, nodeName: string, nodePool: string | undefined): [string, SliceFacts][] {
  const nodes = new Set([nodeName]);
  if (nodePool !== undefined) for (const { name } of view.membersOf(nodePool)) nodes.add(name);
  const slices = [...view.endpoints.slices((key) => view.services.get(key) !== undefined)];
  return byKey(slices.map(([key, facts]): [string, SliceFacts] => [key, sliceWithin(facts, nodes)]));
}

function sorted<T>(ledger: Ledger<T>): [string, T][] {
  return byKey([...ledger.entries()].map(([key, { value }]): [string, T] => [key, value]));
}

function byKey<T>(entries: [string, T][]): [string, T][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function item<T>([key, value]: readonly [string, T]): Item<T> {
  return { key, value, resourceVersion: 0n };
}

function decodeVersion(text: string | undefined): bigint {
  return text !== undefined && /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
}
