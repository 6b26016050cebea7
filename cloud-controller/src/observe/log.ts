import { LbError, type Log } from '@openyurt/nodepool-types';
import { type DestinationStream, destination, pino } from 'pino';

/** The program's log, and logs for its parts. */
export interface ControllerLog extends Log {
  named(logger: string): Log;
}

/** One line each on standard error, written before the call returns: the last word of a dying process is not lost. */
export function openLog(level: 'debug' | 'info' | 'warn' | 'error', format: 'json' | 'text'): ControllerLog {
  const stderr = destination({ fd: 2, sync: true });
  const stream: DestinationStream = format === 'json' ? stderr : { write: (line) => void stderr.write(textLine(line)) };
  const root = pino(
    {
      level,
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
    },
    stream,
  );
  const wrap = (logger: ReturnType<typeof pino>): Log => ({
    debug: (msg, fields) => logger.debug(fields ?? {}, msg),
    info: (msg, fields) => logger.info(fields ?? {}, msg),
    warn: (msg, fields) => logger.warn(fields ?? {}, msg),
    error: (msg, fields) => logger.error(fields ?? {}, msg),
  });
  return {
    ...wrap(root.child({ logger: 'controller' })),
    named: (logger) => wrap(root.child({ logger })),
  };
}

/** What an operator acts on first; the stack only where the program itself failed. */
function errorFields(error: unknown): unknown {
  if (error instanceof LbError) return { code: error.code, message: error.message, remedy: error.remedy };
  if (error instanceof Error) return { message: error.message, stack: error.stack };
  return error;
}

/** `2026-11-21T12:00:00.000Z INFO controller: message key=value`, for people. */
function textLine(line: string): string {
  const { ts, level, logger, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${ts} ${String(level).toUpperCase()} ${logger}: ${msg}${rest.join('')}\n`;
}
