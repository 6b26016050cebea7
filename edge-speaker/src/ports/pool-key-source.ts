/** One key of the Secret `yurtlb-pool-key`: its name there and its 32 bytes. */
export interface RawPoolKey {
  readonly id: string;
  readonly secret: Buffer;
}

/** The keys in force, and word of their change. */
export interface PoolKeySource {
  /** Newest last: the highest id by natural order. Empty while none is usable. */
  current(): readonly RawPoolKey[];
  /** @returns the way to stop hearing */
  onChange(run: () => void): () => void;
}
