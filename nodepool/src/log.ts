/** What the pure rooms may say: a constant message and fields. pino satisfies it through `observe/`. */
export interface Log {
  debug(msg: string, fields?: Record<string, unknown>): void;
  info(msg: string, fields?: Record<string, unknown>): void;
  warn(msg: string, fields?: Record<string, unknown>): void;
  error(msg: string, fields?: Record<string, unknown>): void;
}

/** Says nothing: for tests and for parts that nobody listens to. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
