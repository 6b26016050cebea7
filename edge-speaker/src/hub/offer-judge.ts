import type { NodeFacts } from '@openyurt/nodepool-types';
import { CandidateIndex, type Judged, type TurnSize } from '../candidates/candidate-index.ts';
import type { ConflictPause } from '../candidates/conflict-pause.ts';
import type { CandidateWorld } from '../candidates/offers.ts';
import { probeTargets } from '../candidates/probe-targets.ts';
import type { View } from '../offline/adopt.ts';
import type { EndpointProbes } from '../offline/endpoint-probes.ts';

export interface OfferJudgeParts {
  readonly nodeName: string;
  readonly view: View;
  readonly conflicts: ConflictPause;
  readonly probes: EndpointProbes;
  readonly linkFor: (address: string) => string | undefined;
  readonly turn?: TurnSize;
}

/** What is the same for all addresses of the NodePool. */
export interface JudgingPlace {
  readonly nodePool: string;
  readonly members: readonly NodeFacts[];
  /** The cloud's word on endpoints counts: none is asked whether it lives. */
  readonly trusted: boolean;
  /** An offer is told as proven by the cloud. */
  readonly proven: boolean;
}

/** What this node may offer, as its view, its links and the endpoints it has asked stand now. Judged anew is what changed. */
export class OfferJudge {
  private index = new CandidateIndex();
  /** What {@link JudgingPlace} said last, as text. */
  private place: string | undefined;
  private poolNodes: ReadonlySet<string> = new Set();

  constructor(private readonly parts: OfferJudgeParts) {
    this.reset();
  }

  get candidates(): CandidateIndex {
    return this.index;
  }

  /** Another NodePool: all is read anew. */
  reset(): void {
    this.index = new CandidateIndex(this.parts.turn);
    this.place = undefined;
    this.parts.view.takeTouched();
    for (const [key] of this.parts.view.services.entries()) this.index.touchService(key);
  }

  /** Links came, went or changed: every address may belong elsewhere now. */
  touchAll(): void {
    this.index.touchAll();
  }

  touchAddress(address: string): void {
    this.index.touchAddress(address);
  }

  /** As much as one turn of the loop has room for; `candidates.isDue` says whether there is more. */
  advance(place: JudgingPlace, nowMs: number): Judged[] {
    const { index } = this;
    const { view, conflicts, probes } = this.parts;
    for (const key of view.takeTouched()) index.touchService(key);
    if (view.trustEndpoints(place.trusted)) index.touchAll();
    if (place.trusted) probes.clear();
    else probes.settle(nowMs);
    this.look(place);
    for (const address of conflicts.takeTurned(nowMs)) index.touchAddress(address);
    for (const address of probes.takeTurned()) index.touchAddress(address);
    const world = this.world(place, nowMs);
    const judged = index.advance(world);
    if (!place.trusted) for (const one of judged) this.watch(one, world, nowMs);
    for (const address of probes.takeTurned()) index.touchAddress(address);
    return judged;
  }

  private look({ members, trusted, proven }: JudgingPlace): void {
    const { nodeName, view } = this.parts;
    const names = [nodeName, ...members.map(({ name }) => name)].sort();
    const excluded = view.self.get(nodeName)?.excluded ?? false;
    const place = [excluded, view.slices.complete, trusted, proven, ...names].join(' ');
    if (place === this.place) return;
    this.place = place;
    this.poolNodes = new Set(names);
    this.index.touchAll();
  }

  private world({ nodePool }: JudgingPlace, nowMs: number): CandidateWorld {
    const { nodeName, view, conflicts, probes, linkFor } = this.parts;
    return {
      nodeName,
      nodePool,
      poolNodes: this.poolNodes,
      excluded: view.self.get(nodeName)?.excluded ?? false,
      serviceOf: (key) => view.services.get(key),
      endpointsOf: (key, family) => view.endpoints.of(key, family),
      endpointsKnown: view.slices.complete,
      linkFor,
      inConflict: (address) => conflicts.isPaused(address, nowMs),
      lifeOf: (address) => probes.wordOf(address),
    };
  }

  private watch({ address, after }: Judged, { nodeName, poolNodes, serviceOf }: CandidateWorld, nowMs: number): void {
    const { probes, view } = this.parts;
    const world = { nodeName, poolNodes, serviceOf, tcpOf: (key: string) => view.endpoints.tcpOf(key) };
    probes.want(address, after === undefined ? [] : probeTargets(after, world), nowMs);
  }
}
