import { promises as dns, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Log } from '@openyurt/nodepool-types';

/** Longest wait for the resolver where an address is known from before. */
const PATIENCE_MS = 500;

export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/**
 * Names of API servers. A resolver that is away takes the process's threads for 10 s and more a question, and file
 * operations wait behind them; so one question a name is under way at most. And a site whose resolver is gone has not lost
 * its cloud: the addresses that the name had last are used.
 */
export class NameLookup {
  private readonly last = new Map<string, LookupAddress[]>();
  private readonly asking = new Map<string, Promise<LookupAddress[]>>();
  private readonly failing = new Set<string>();

  constructor(
    private readonly log: Log,
    private readonly resolve: Resolve = (hostname) => dns.lookup(hostname, { all: true }),
  ) {}

  /** In the place of `dns.lookup`, for sockets. */
  readonly lookup: LookupFunction = (hostname, { all, family }, callback) => {
    this.addressesOf(hostname).then(
      (found) => {
        const wanted = family === 4 || family === 6 ? found.filter((one) => one.family === family) : found;
        const [first] = wanted;
        if (first === undefined) callback(notFound(hostname), '', 0);
        else if (all === true) callback(null, wanted);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };

  private async addressesOf(hostname: string): Promise<LookupAddress[]> {
    const answer = this.ask(hostname);
    const last = this.last.get(hostname);
    if (last === undefined) return answer;
    if (this.failing.has(hostname)) {
      answer.catch(() => {}); // known, and said; when it succeeds the next connection goes there
      return last;
    }
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    });
    const found = await Promise.race([answer.catch(() => undefined), patience]);
    clearTimeout(timer);
    if (found !== undefined) return found;
    if (this.failing.has(hostname)) return last;
    this.failing.add(hostname);
    const remedy = 'See that this node has a resolver that answers. Nothing else to do: the cloud is asked as before.';
    const fields = { hostname, addresses: last.map(({ address }) => address), remedy };
    this.log.warn('the name of the API server is not resolved; its last addresses are used', fields);
    return last;
  }

  private ask(hostname: string): Promise<LookupAddress[]> {
    const there = this.asking.get(hostname);
    if (there !== undefined) return there;
    const question = this.resolve(hostname)
      .then((found) => {
        if (found.length === 0) throw notFound(hostname);
        this.last.set(hostname, found);
        if (this.failing.delete(hostname)) this.log.info('the name of the API server is resolved again', { hostname });
        return found;
      })
      .finally(() => this.asking.delete(hostname));
    this.asking.set(hostname, question);
    return question;
  }
}

function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });
}
