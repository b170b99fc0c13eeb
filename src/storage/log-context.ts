/** What the logs of one directory share: their way to files, time and people. Handed in by whoever owns the logs. */
import type { Logger } from '../base/logger.ts';
import type { Clock, Files, Random, Timers } from '../runtime/runtime.ts';
import type { FilePool } from './file-pool.ts';
import type { SpaceGuard } from './space-guard.ts';

export interface LogContext {
  readonly files: Files;
  readonly pool: FilePool;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly producerIdExpirationMs: number;
  /** Asked before records of a leader are written; absent where nothing is kept back. */
  readonly space?: SpaceGuard;
  /** Where whole batches go that recovery has to drop: outside of every log directory. Null: they are dropped. */
  readonly recoveredDirectory: string | null;
  /** The disk under a log does not do what it was told: its directory has to go offline. */
  onStorageFailure(message: string, cause: unknown): void;
}

/** Errors that a full disk gives: they pass when there is space again, so the directory stays online. */
export function isOutOfSpace(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || (cause !== undefined && isOutOfSpace(cause));
}

/** True for errors of the system (with an errno code), false for bugs and for answers. */
export function isDiskError(error: unknown): boolean {
  return typeof (error as { code?: unknown } | null)?.code === 'string';
}
