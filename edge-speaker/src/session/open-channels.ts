import type { ChannelEnd, ChannelEvents, PeerChannel, PeerSocket } from '../ports/peer-socket.ts';
import type { Effect } from './facts.ts';

/** What happens on a channel, by the number the machine knows it by. */
export interface ChannelListener {
  up(channel: number): void;
  data(channel: number, bytes: Buffer): void;
  down(channel: number, how: ChannelEnd): void;
}

type ChannelEffect = Extract<Effect, { readonly channel: number }>;

/** The connections to other members that are open or under way, under the machine's numbers for them. */
export class OpenChannels {
  private readonly byNumber = new Map<number, PeerChannel>();

  constructor(
    private readonly socket: PeerSocket,
    private readonly listener: ChannelListener,
  ) {}

  /** A member has dialed us. */
  add(number: number, channel: PeerChannel): ChannelEvents {
    this.byNumber.set(number, channel);
    return this.eventsOf(number);
  }

  run(effect: ChannelEffect): void {
    const number = effect.channel;
    switch (effect.kind) {
      case 'dial': {
        const { identity, psk } = effect.key;
        this.byNumber.set(number, this.socket.dial(effect.to, { identity, psk }, this.eventsOf(number)));
        return;
      }
      case 'send':
        this.byNumber.get(number)?.send(effect.bytes);
        return;
      case 'end':
      case 'destroy':
        this.byNumber.get(number)?.[effect.kind]();
        this.byNumber.delete(number);
    }
  }

  /** Ends each of them in good order. */
  close(): void {
    for (const channel of this.byNumber.values()) channel.end();
    this.byNumber.clear();
  }

  private eventsOf(number: number): ChannelEvents {
    return {
      up: () => this.listener.up(number),
      data: (bytes) => this.listener.data(number, bytes),
      down: (how) => {
        this.byNumber.delete(number);
        this.listener.down(number, how);
      },
    };
  }
}
