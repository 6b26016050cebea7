/** An announcer of addresses, one process on each node of the site. */
export interface Contestant {
  readonly name: string;
  /** What its Services were given. */
  readonly addresses: readonly string[];
  start(node: string): Promise<void>;
  /** Resolves when the process is gone. */
  end(node: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  pidOf(node: string): number;
  /** Whether, by their own word, all know each other; true where they don't say. */
  agreed(): Promise<boolean>;
  /** All its processes are gone and its addresses silent. */
  close(): Promise<void>;
}
