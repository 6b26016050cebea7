import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';

/**
 * An idle socket is asked for life by the kernel after this long, then each second: one whose peer vanished without a word
 * ends within half a minute, a watch's too. Shorter would cost a metered link megabytes a day.
 */
const KEEP_ALIVE_MS = 15_000;
const MOST_IDLE = 4;

/** Sockets to the server, kept open between two requests. */
export class Connections {
  private agent: http.Agent | undefined;
  private protocol = '';

  constructor(private readonly lookup: LookupFunction) {}

  /** @param protocol of the server: `http:` or `https:` */
  agentFor(protocol: string): http.Agent {
    if (this.agent !== undefined && protocol === this.protocol) return this.agent;
    this.agent?.destroy();
    this.protocol = protocol;
    const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxFreeSockets: MOST_IDLE };
    // The agent hands these to each new socket.
    const ofSocket = { keepAliveInitialDelay: KEEP_ALIVE_MS, lookup: this.lookup };
    this.agent = new (protocol === 'https:' ? https : http).Agent({ ...options, ...ofSocket } as https.AgentOptions);
    return this.agent;
  }

  /** A request failed on its way: idle sockets lead the same way, and each would cost a deadline to find out. */
  dropIdle(): void {
    for (const sockets of Object.values(this.agent?.freeSockets ?? {})) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  }

  close(): void {
    this.agent?.destroy();
  }
}
