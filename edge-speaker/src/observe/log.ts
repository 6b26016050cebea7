import { LbError, type Log } from '@openyurt/nodepool-types';
import { type DestinationStream, destination, pino } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';
export type LogFormat = 'json' | 'text';

/** The product's log with names for its parts and a last word. */
export interface SpeakerLog extends Log {
  named(logger: string): Log;
  fatal(msg: string, fields?: Record<string, unknown>): void;
}

/** Lines on standard error, written before the call returns: the last word of a dying process is not lost. */
export function openLog(level: LogLevel, format: LogFormat): SpeakerLog {
  const stderr = destination({ fd: 2, sync: true });
  const stream: DestinationStream = format === 'json' ? stderr : { write: (line) => void stderr.write(textLine(line)) };
  const root = pino(
    {
      level,
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
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

type pinoLogger = ReturnType<typeof pino>;

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
