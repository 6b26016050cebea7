import { isSynced, type Peer } from './peer.ts';
import type { Pool } from './pool.ts';
import type { Settling } from './settling.ts';

/** Of fewer Nodes a majority is all of them: each would fall silent when the other dies. */
const LEAST_NODES = 3;

/** `splitPolicy: majority`: does this member see enough of the Nodes that the cached list names? */
export class Sight {
  private saidFew = false;

  constructor(
    private readonly pool: Pool,
    private readonly settling: Settling,
  ) {}

  /** More than half of the Nodes, this one among them, or exactly half and the lowest name. Always true under `always`. */
  suffices(): boolean {
    const { pool } = this;
    if (pool.site.splitPolicy === 'always') {
      this.saidFew = false;
      return true;
    }
    const named = [...pool.peers.values()].filter(({ known }) => known);
    const nodes = named.length + 1;
    if (nodes < LEAST_NODES) {
      this.sayFew(nodes);
      return true;
    }
    this.saidFew = false;
    const twice = 2 * (named.filter(isSeen).length + 1);
    return twice > nodes || (twice === nodes && this.holdsLowest(named));
  }

  private holdsLowest(named: readonly Peer[]): boolean {
    const [lowest] = [this.pool.node, ...named.map(({ node }) => node)].sort();
    return lowest === this.pool.node || named.some((peer) => peer.node === lowest && isSeen(peer));
  }

  private sayFew(nodes: number): void {
    if (this.saidFew || !this.settling.settled) return; // the list of a session that begins is not here yet
    this.saidFew = true;
    this.pool.count('split-policy-few-nodes');
    this.pool.note('warn', 'splitPolicy majority needs three Nodes; it is always here', { nodes });
  }
}

/** One that leaves is there until it is gone. */
function isSeen(peer: Peer): boolean {
  return isSynced(peer) || peer.state === 'leaving';
}
