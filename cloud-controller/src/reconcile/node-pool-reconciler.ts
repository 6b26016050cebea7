import {
  type AddressConfig,
  ALLOW_RENUMBER_ANNOTATION,
  type ConfigMapObject,
  type Decoded,
  decodeAddressConfig,
  decodeNodePool,
  decodeService,
  type Log,
  type Problem,
  parseIpAddress,
} from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import { sayTakenAway, type TakenAway, takenAway } from '../plan/judge-config.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import type { ConfigStanding, Sites } from './sites.ts';

export interface NodePoolDeps {
  readonly cache: WorldCache;
  readonly book: AddressBook;
  readonly sites: Sites;
  readonly events: EventRecorder;
  readonly log: Log;
}

interface Verdict {
  readonly standing: ConfigStanding;
  /** Put into force; undefined: leave what is. */
  readonly adopt?: { readonly config: AddressConfig | undefined };
  /** Why it is refused. */
  readonly refused?: string;
  /** What stands for `refused` when it is asked whether that was said: the Services named in it come and go. */
  readonly saidAs?: string;
  /** What was taken otherwise than it was written. */
  readonly warnings?: readonly Problem[];
}

/** Keeps one NodePool's addresses as its ConfigMap says. A refused text changes nothing: the last good one stays. */
export class NodePoolReconciler {
  /** What was last said about a ConfigMap, by UID: Events only on change. */
  readonly #said = new Map<string, string>();
  /** The text in force, so that an unchanged ConfigMap does nothing. */
  readonly #inForce = new Map<string, string>();
  /** NodePools of which was said that they have no ConfigMap. */
  readonly #bare = new Set<string>();
  /** Whether the last ConfigMap that was there allowed its addresses to be taken from Services. */
  readonly #renumber = new Map<string, boolean>();

  /** What stood in the way of a text when it was last judged, by NodePool. */
  readonly #inTheWay = new Map<string, readonly TakenAway[]>();

  constructor(private readonly deps: NodePoolDeps) {}

  /** Whether a text that was refused for what it would take may take nothing any more: to be asked before it is judged anew. */
  mayPass(name: string): boolean {
    const { book } = this.deps;
    const stands = ({ service, address, pool }: TakenAway) =>
      book.holders(name, parseIpAddress(address)).includes(service) &&
      (pool === undefined || pool === this.#poolAskedBy(service));
    return !(this.#inTheWay.get(name) ?? []).some(stands);
  }

  /** @returns whether the Services must be looked at again */
  reconcile(name: string): boolean {
    const { cache, sites } = this.deps;
    const object = cache.nodePool(name);
    const facts = object && decodeNodePool(object);
    const exists = facts !== undefined && !facts.deleting;
    const moved = sites.setNodePool(name, exists ? facts.labels : undefined);
    const [chosen, ...others] = oldestFirst(cache.configMaps(name));
    for (const other of others) this.#sayIgnored(name, other, chosen);
    const text = JSON.stringify(chosen?.data ?? {});
    const verdict = this.#judge(name, chosen);
    const { book } = this.deps;
    let changed = false;
    if (verdict.adopt !== undefined && (this.#inForce.get(name) !== text || verdict.adopt.config === undefined)) {
      changed = this.#inForce.has(name) || verdict.adopt.config !== undefined;
      book.configure(name, verdict.adopt.config);
      if (verdict.adopt.config === undefined) this.#inForce.delete(name);
      else this.#inForce.set(name, text);
    }
    this.#sayBare(name, exists && verdict.standing.state === 'none');
    if (chosen !== undefined) this.#say(name, chosen, verdict, exists, changed);
    else if (verdict.refused !== undefined && !sites.standing(name).stale) {
      this.deps.log.warn('configmap deleted, its last good text stays in force', {
        nodePool: name,
        why: verdict.refused,
      });
    }
    return sites.setStanding(name, verdict.standing) || changed || moved;
  }

  #judge(name: string, chosen: ConfigMapObject | undefined): Verdict {
    const { book } = this.deps;
    const kept = this.#inForce.has(name) ? 'in-force' : 'refused';
    const refuse = (why: string, awaitsRelease: boolean): Verdict => ({
      standing: { state: kept, stale: true, awaitsRelease },
      refused: why,
    });
    const decoded = chosen && decodeText(chosen);
    if (decoded?.ok === false) return refuse(sayProblems(decoded.problems), false);
    const config = decoded?.value;
    const allowed = chosen === undefined ? this.#renumber.get(name) === true : mayRenumber(chosen);
    if (chosen !== undefined) this.#renumber.set(name, allowed);
    const taken = allowed ? [] : takenAway(book, name, config, (service) => this.#poolAskedBy(service));
    this.#inTheWay.set(name, taken);
    if (taken.length > 0 && (config !== undefined || this.#inForce.has(name))) {
      const why = `it would take addresses that are in use: ${sayTakenAway(taken)}. Put their range back, delete those Services, or annotate the ConfigMap ${ALLOW_RENUMBER_ANNOTATION}: "true"`;
      return { ...refuse(why, true), saidAs: `takes ${JSON.stringify(chosen?.data ?? null)}` };
    }
    if (config === undefined) {
      return { standing: { state: 'none', stale: false, awaitsRelease: false }, adopt: { config } };
    }
    const standing: ConfigStanding = { state: 'in-force', stale: false, awaitsRelease: false };
    return { standing, adopt: { config }, ...(decoded?.ok ? { warnings: decoded.warnings } : {}) };
  }

  #poolAskedBy(key: string): string | undefined {
    const service = this.deps.cache.service(key);
    return service && decodeService(service).addressPool;
  }

  /** Not every NodePool needs addresses: a line in the log, and the metric `config_loaded` is 0. */
  #sayBare(name: string, isBare: boolean): void {
    if (isBare && !this.#bare.has(name)) this.deps.log.info('nodepool without address configmap', { nodePool: name });
    if (isBare) this.#bare.add(name);
    else this.#bare.delete(name);
  }

  #say(name: string, chosen: ConfigMapObject, verdict: Verdict, exists: boolean, changed: boolean): void {
    const { events, log } = this.deps;
    const said = this.#said.get(chosen.metadata.uid ?? '');
    const saying = [verdict.saidAs ?? verdict.refused ?? '', exists ? '' : 'orphan'].join('\n');
    if (said === saying && !changed) return;
    this.#said.set(chosen.metadata.uid ?? '', saying);
    if (verdict.refused !== undefined) {
      const effect = this.#inForce.has(name) ? 'The last good one stays in force.' : 'Nothing new is given out.';
      log.warn('configuration refused', { nodePool: name, why: verdict.refused });
      events.record(chosen, { type: 'Warning', reason: 'ConfigRefused', note: `${effect} ${verdict.refused}` });
    } else {
      log.info('configuration in force', { nodePool: name, configMap: chosen.metadata.name });
      const { warnings = [] } = verdict;
      if (warnings.length > 0) log.warn('configuration reads oddly', { nodePool: name, why: sayProblems(warnings) });
      const wasRefused = said !== undefined && !said.startsWith('\n');
      if (said !== undefined && said !== saying && (exists || wasRefused)) {
        events.record(chosen, { type: 'Normal', reason: 'ConfigLoaded', note: `In force for NodePool ${name}.` });
      }
    }
    if (exists || said === saying) return;
    const note = `There is no NodePool ${name}. Create it, or correct the label.`;
    log.warn('configmap for a NodePool that does not exist', { nodePool: name, configMap: chosen.metadata.name });
    events.record(chosen, { type: 'Warning', reason: 'NoNodePool', note });
  }

  #sayIgnored(name: string, other: ConfigMapObject, chosen: ConfigMapObject | undefined): void {
    const uid = other.metadata.uid ?? '';
    const note = `NodePool ${name} already has the older ConfigMap ${chosen?.metadata.name}; this one is ignored. Delete one of them.`;
    if (this.#said.get(uid) === note) return;
    this.#said.set(uid, note);
    this.deps.log.warn('second configmap ignored', { nodePool: name, configMap: other.metadata.name });
    this.deps.events.record(other, { type: 'Warning', reason: 'ConfigIgnored', note });
  }
}

function decodeText(configMap: ConfigMapObject): Decoded<AddressConfig> {
  return decodeAddressConfig(configMap.data ?? {});
}

/** By creation, then by name: the first one counts. */
function oldestFirst(configMaps: readonly ConfigMapObject[]): ConfigMapObject[] {
  const age = ({ metadata }: ConfigMapObject) => `${metadata.creationTimestamp ?? ''} ${metadata.name ?? ''}`;
  return [...configMaps].sort((a, b) => (age(a) < age(b) ? -1 : 1));
}

function mayRenumber({ metadata }: ConfigMapObject): boolean {
  return metadata.annotations?.[ALLOW_RENUMBER_ANNOTATION] === 'true';
}

function sayProblems(problems: readonly Problem[]): string {
  const listed = problems
    .slice(0, 5)
    .map(({ dataKey, line, col, problem, remedy }) => `${dataKey ?? 'config'}:${line}:${col} ${problem} (${remedy})`);
  return problems.length > 5 ? `${listed.join('; ')}; and ${problems.length - 5} more` : listed.join('; ');
}
