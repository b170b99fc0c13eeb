/**
 * The log of a node, in the layout of Kafka's log4j pattern `[%d] %p %m (%c)%n`, so that whatever greps Kafka's
 * server.log greps ours. Engine code receives a Logger; it never prints.
 */
import { type LogLevel, LogLevels } from './log-levels.ts';

export interface Logger {
  /** Of this logger and all that were named by it or before it; absent where nothing is logged. */
  readonly levels?: LogLevels;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string, cause?: unknown): void;
  /** A logger for another class name, e.g. `kafka.log.LogManager`. */
  named(name: string): Logger;
}

const RANK: Record<LogLevel, number> = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4, FATAL: 5 };

export interface LoggerOptions {
  readonly name: string;
  readonly level?: LogLevel;
  /** Shared with other loggers; `level` is only for those that have none yet. */
  readonly levels?: LogLevels;
  readonly nowMs: () => number;
  /** Receives whole lines, newline included. */
  readonly write: (line: string) => void;
}

/** `2026-11-21 15:39:40,123` in local time. */
export function logTimestamp(ms: number): string {
  const d = new Date(ms);
  const two = (n: number) => (n < 10 ? `0${n}` : String(n));
  const date = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return `${date} ${time},${String(d.getMilliseconds()).padStart(3, '0')}`;
}

/** The message of whatever was thrown, on one line. */
export function causeText(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/\s*\n\s*/g, ' ');
}

export function createLogger(options: LoggerOptions): Logger {
  const levels = options.levels ?? new LogLevels(options.level ?? 'INFO');
  levels.register(options.name);
  const put = (level: LogLevel, message: string): void => {
    if (RANK[level] < RANK[levels.levelOf(options.name)]) return;
    options.write(`[${logTimestamp(options.nowMs())}] ${level} ${message} (${options.name})\n`);
  };
  return {
    levels,
    debug: (message) => put('DEBUG', message),
    info: (message) => put('INFO', message),
    warn: (message) => put('WARN', message),
    error: (message, cause) => put('ERROR', cause === undefined ? message : `${message}: ${causeText(cause)}`),
    named: (name) => createLogger({ ...options, levels, name }),
  };
}

/** Discards everything. */
export const SILENT_LOGGER: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  named: () => SILENT_LOGGER,
};
