/** How a hub is set up. */
export interface YurtHubOptions {
  /** e.g. `127.0.0.1:10261`; port 0: any free one, kept over restarts */
  listen: string;
  /** the API server, http or https */
  upstream: string;
  /** PEM text that signed the API server's certificate */
  ca?: string;
  /** the node's own rights: for requests without a token, for probes and for the multiplexer */
  nodeToken?: string;
  /** name of the node; default `node` */
  nodeName?: string;
  /**
   * The URL of the leader hub of this NodePool, where one is elected: Services and EndpointSlices come from there, over the
   * LAN, and from the API server again when it is gone. (The real one listens for peers at 10269, this one at its only port.)
   */
  leader?: string;
  /** the folder that a restart finds again */
  cacheDir: string;
  /** 1: the observed seconds; default 1/20 */
  scale?: number;
  /** `cache_agents`: names as they stand there, `*` for all; the built-in ones are cached in any case */
  cacheAgents?: readonly string[];
  /** draws what is left to chance below; default 1 */
  seed?: number;
  /** seconds (observed) from the start to the first probe of the 10 s rhythm; default drawn from [0, 10) */
  probePhaseS?: number;
  /** seconds (observed) from a refused connection to the probe that notices; default drawn from [0, 3.4) */
  refusedNoticeS?: number;
  /** second port (10267) with /metrics, /v1/healthz and /v1/readyz; absent: none */
  adminListen?: string;
}

/** Whether the hub believes the cloud to be there. `unknown` until the first probe has ended. */
export type Health = 'unknown' | 'online' | 'offline';

/** @throws Error for text that is no address and port */
export function hostAndPort(text: string): { host: string; port: number } {
  const parts = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text);
  if (parts === null) throw new Error(`no HOST:PORT: ${text}`);
  return { host: parts[1] ?? parts[2] ?? '', port: Number(parts[3]) };
}
