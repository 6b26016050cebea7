import { LbError, type Log } from '@openyurt/nodepool-types';
import { type DestinationStream, pino } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';
export type LogFormat = 'json' | 'text';

/** The product's log with names for its parts and a last word. */
export interface SpeakerLog extends Log {
  named(logger: string): Log;
  fatal(msg: string, fields?: Record<string, unknown>): void;
}

/** Characters that may wait for a reader; what comes beyond them is dropped and counted. */
const MOST_WAITING = 1024 * 1024;

/**
 * Lines on standard error. A line is with the kernel before the call returns, so the last word of a dying process is not
 * lost; but where nobody reads (a stalled container runtime, a full disk behind it) lines wait and then are dropped:
 * a log that blocks would silence ARP and heartbeats, and the others would take this node for dead.
 */
export function openLog(level: LogLevel, format: LogFormat): SpeakerLog {
  const write = unblocked(process.stderr);
  const stream: DestinationStream = format === 'json' ? { write } : { write: (line) => write(textLine(line)) };
  const root = pino(
    {
      level,
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: wholeMilliseconds },
      serializers: { err: errorFields, error: errorFields },
    },
    stream,
  );
  const wrap = (logger: pinoLogger): Log => ({
    debug: (msg, fields) => logger.debug(fields ?? {}, msg),
    info: (msg, fields) => logger.info(fields ?? {}, msg),
    warn: (msg, fields) => logger.warn(fields ?? {}, msg),
    error: (msg, fields) => logger.error(fields ?? {}, msg),
  });
  return {
    ...wrap(root.child({ logger: 'speaker' })),
    named: (logger) => wrap(root.child({ logger })),
    fatal: (msg, fields) => root.fatal(fields ?? {}, msg),
  };
}

/** What of a stream is used here. */
export interface LogSink {
  readonly writableLength: number;
  write(text: string): unknown;
  on(event: 'error', run: () => void): unknown;
}

/** `stderr`: Node opens pipes and sockets so that a write is tried at once and what does not fit is kept; files are sync. */
export function unblocked(stderr: LogSink): (line: string) => void {
  let dropped = 0;
  stderr.on('error', () => {}); // the reader is gone: nothing to say it to
  return (line) => {
    if (stderr.writableLength + line.length > MOST_WAITING) {
      dropped++;
      return;
    }
    if (dropped > 0) {
      const ts = new Date().toISOString();
      stderr.write(
        `${JSON.stringify({ level: 'warn', ts, logger: 'log', dropped, msg: 'nobody read the log; lines dropped' })}\n`,
      );
      dropped = 0;
    }
    stderr.write(line);
  };
}

type pinoLogger = ReturnType<typeof pino>;

/** Times in the log are whole milliseconds: what is finer is nobody's concern, and hard to read. */
function wholeMilliseconds(fields: Record<string, unknown>): Record<string, unknown> {
  const rounded = ([key, value]: [string, unknown]) =>
    typeof value === 'number' && key.endsWith('Ms') ? [key, Math.round(value)] : [key, value];
  return Object.fromEntries(Object.entries(fields).map(rounded));
}

/** What an operator acts on first; the stack only where the program itself failed. */
function errorFields(error: unknown): unknown {
  if (error instanceof LbError) return { code: error.code, message: error.message, remedy: error.remedy };
  if (error instanceof Error) return { message: error.message, stack: error.stack };
  return error;
}

/** `2026-11-21T12:00:00.000Z INFO speaker: message key=value`, for people. */
function textLine(line: string): string {
  const { ts, level, logger, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${ts} ${String(level).toUpperCase()} ${logger ?? 'speaker'}: ${msg}${rest.join('')}\n`;
}
