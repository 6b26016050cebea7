import type { Effect } from './facts.ts';
import type { OpenChannels } from './open-channels.ts';
import type { PoolSessionOptions } from './pool-session-options.ts';

/** Does what the pool machine asks for: at the hub, on the sockets, in the log. */
export class EffectRunner {
  constructor(
    private readonly options: PoolSessionOptions,
    private readonly channels: OpenChannels,
  ) {}

  run(effect: Effect): void {
    const { socket, on, log, count } = this.options;
    switch (effect.kind) {
      case 'announce':
        on.announce(effect.address, { probe: effect.probe, resumed: effect.resumed ?? false });
        return;
      case 'withdraw':
        on.withdraw(effect.address, effect.reason);
        return;
      case 'datagram':
        socket.sendTo(effect.bytes, effect.to);
        return;
      case 'to-group':
        socket.sendToGroup(effect.bytes);
        return;
      case 'dial':
      case 'send':
      case 'end':
      case 'destroy':
        this.channels.run(effect);
        return;
      case 'count':
        count(effect.reason);
        return;
      case 'note':
        log[effect.level](effect.msg, effect.fields);
        return;
      case 'changed':
        return;
    }
  }
}
