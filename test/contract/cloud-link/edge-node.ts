import { DEFAULT_SITE_CONFIG, type KubeObject, type LbError, type Log, silentLog } from '@openyurt/nodepool-types';
import { feedFacts } from '../../../edge-speaker/src/drive/feed-facts.ts';
import type { Effect, Fact } from '../../../edge-speaker/src/hub/facts.ts';
import { Speaker } from '../../../edge-speaker/src/hub/speaker.ts';
import { ApiClient, type ClientOptions } from '../../../edge-speaker/src/kube/api-client.ts';
import type { Road } from '../../../edge-speaker/src/kube/api-road.ts';
import { YurtHubFeed } from '../../../edge-speaker/src/kube/yurthub-feed.ts';
import { View } from '../../../edge-speaker/src/offline/adopt.ts';
import { type CloudLink, contactPauseMs } from '../../../edge-speaker/src/offline/cloud-link.ts';
import { until } from '../../support/until.ts';

/** The node's time runs so much faster, its deadlines are so much shorter. */
export const SPEED = 8;
export const NODE = 'a';
export const POOL = 'p';

export interface Line {
  readonly msg: string;
  readonly path: unknown;
  readonly err?: LbError;
}

export interface EdgeNodeOptions extends Pick<ClientOptions, 'resolve'> {
  readonly road: Road;
  readonly view?: View;
  readonly nodePool?: string;
  /** A watch that had bookmarks and is silent for so long, in milliseconds of the node. */
  readonly silentMs?: number;
}

/** The speaker's side of the cloud link, real down to the sockets: the feed and the hub, without session and announcer. */
export class EdgeNode {
  readonly speaker: Speaker;
  /** States of the link in their order, with the time of the machine. */
  readonly turns: { readonly state: CloudLink['kind']; readonly atMs: number }[] = [];
  readonly lines: Line[] = [];
  /** Offers after each judging that changed them. */
  readonly offers: string[][] = [];
  private readonly feed: YurtHubFeed;
  private readonly timer: NodeJS.Timeout;

  constructor({ road, view = new View(), nodePool, silentMs = 150_000, resolve }: EdgeNodeOptions) {
    const log: Log = { ...silentLog, info: (msg, f) => this.say(msg, f), warn: (msg, f) => this.say(msg, f) };
    this.speaker = new Speaker({
      nodeName: NODE,
      view,
      nodePool,
      siteDefaults: DEFAULT_SITE_CONFIG,
      linkFor: () => 'eth0',
      heldElsewhereMs: () => undefined,
      monotonicMs: () => performance.now() * SPEED,
      wallMs: () => Date.now(),
      random: Math.random,
    });
    this.feed = new YurtHubFeed({
      client: new ApiClient(road, { log, deadlineMs: 3_000 / SPEED, ...(resolve === undefined ? {} : { resolve }) }),
      nodeName: NODE,
      namespace: 'yurtlb-system',
      version: 'test',
      log,
      random: Math.random,
      timing: { contactMs: 2_000 / SPEED, silentMs: silentMs / SPEED },
    });
    this.feed.pace(() => contactPauseMs(this.speaker.cloud.link, Math.random()) / SPEED);
    this.run(this.speaker.start());
    this.feed.start(feedFacts((fact) => this.take(fact)));
    this.timer = setInterval(() => this.settle(), 5);
  }

  stop(): void {
    clearInterval(this.timer);
    this.feed.stop();
  }

  get link(): CloudLink['kind'] {
    return this.speaker.cloud.link.kind;
  }

  /** Addresses that it offers now. */
  get offered(): string[] {
    return this.offers.at(-1) ?? [];
  }

  /** Keys of the Services it holds, with their addresses. */
  get services(): string[] {
    return [...this.speaker.view.services.values()].map(nameAndAddress).sort();
  }

  /** Waits until the link has been in this state after `sinceMs`. @returns when it came to it */
  async comesTo(state: CloudLink['kind'], sinceMs = 0): Promise<number> {
    const find = () => this.turns.find((turn) => turn.state === state && turn.atMs >= sinceMs);
    await until(`the link is ${state}: ${JSON.stringify(this.turns)}`, () => find() !== undefined, 15_000);
    return find()?.atMs ?? Number.NaN;
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const state = () => JSON.stringify({ turns: this.turns, offers: this.offers, lines: this.lines });
    await until(`${what}: ${holds() ? '' : state()}`, holds, 15_000);
  }

  private take(fact: Fact): void {
    this.run(this.speaker.take(fact));
    this.settle();
  }

  private settle(): void {
    this.run(this.speaker.settle());
  }

  private run(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'follow':
          this.feed.followPool(effect.nodePool);
          break;
        case 'relist':
          this.feed.relist(effect.which);
          break;
        case 'link':
          this.turns.push({ state: effect.after, atMs: performance.now() });
          this.say(`link ${effect.after}`, { err: effect.error });
          break;
        case 'offer':
          this.offers.push(effect.items.filter((item) => !('gone' in item)).map(({ address }) => address));
          break;
        case 'offers-changed': {
          const news = effect.set.filter((item) => !('gone' in item)).map(({ address }) => address);
          const touched = new Set([...effect.gone, ...effect.set.map(({ address }) => address)]);
          this.offers.push([...(this.offers.at(-1) ?? []).filter((one) => !touched.has(one)), ...news]);
          break;
        }
        case 'say':
          this.say(effect.msg, effect.fields);
          break;
        default:
          break;
      }
    }
  }

  private say(msg: string, fields: Record<string, unknown> = {}): void {
    const err = fields.err as LbError | undefined;
    this.lines.push({ msg, path: fields.path, ...(err === undefined ? {} : { err }) });
  }
}

export function nameAndAddress({ metadata, ...rest }: KubeObject): string {
  const { status } = rest as { status?: { loadBalancer?: { ingress?: { ip?: string }[] } } };
  return `${metadata.name} ${(status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join(' ')}`;
}
