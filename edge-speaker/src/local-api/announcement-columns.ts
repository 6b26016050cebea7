import { ageSince } from './age.ts';
import { type Column, text } from './columns.ts';
import { at, listOf, type PrintedObject, textOf } from './fields.ts';

const textAt =
  (path: string, otherwise = '<none>') =>
  (o: PrintedObject) =>
    textOf(at(o, path)) || otherwise;
const since =
  (path: string): Column['cell'] =>
  (o, now) =>
    at(o, path) === undefined ? '<none>' : ageSince(at(o, path), now);

/** Ours: Kubernetes has no such resource. OWNER is the node that answers; HERE is what this node does about the address. */
export const ANNOUNCEMENT_COLUMNS: readonly Column[] = [
  { ...text('Address', ({ metadata }) => metadata.name), format: 'name' },
  text('Service', (o) => listOf(at(o, 'spec.services')).map(textOf).join(',')),
  text('Owner', textAt('status.owner')),
  text('Since', since('status.ownerSince')),
  text('Here', textAt('status.here')),
  text('Cloud', textAt('status.cloud.state')),
  text('Cloud-Age', since('status.cloud.since')),
  text('Last-Contact', since('status.cloud.lastContact'), 1),
  text('Known-From', textAt('status.known.from'), 1),
  text('Known-Age', since('status.known.since'), 1),
];
