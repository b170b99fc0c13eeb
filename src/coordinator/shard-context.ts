/**
 * What the operations of one coordinator partition share, and what they return. An operation gives records and a
 * response; who runs it appends the records, replays them, and hands out the response once they are committed.
 */
import type { Logger } from '../base/logger.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import type { Clock, Random } from '../runtime/runtime.ts';
import type { DeadlineQueue } from './deadlines.ts';
import type { GroupCoordinatorConfig } from './group-config.ts';
import type { GroupRecord } from './group-records.ts';
import type { GroupTable } from './group-table.ts';
import type { OffsetStore } from './offset-store.ts';

export interface CoordinatorResult<Response = void> {
  readonly records: readonly GroupRecord[];
  readonly response: Response;
  /** False where members and state changed before: the record is what becomes of them, and is not replayed. */
  readonly replay: boolean;
  /** All records in one batch, or nothing. */
  readonly isAtomic: boolean;
  /** Runs as soon as the records are in the log, with the sequence of that append. */
  readonly onWritten?: (sequence: number) => void;
  /** Runs once the records are committed (NONE), or failed: with the code of the append. */
  readonly onSettled?: (errorCode: number) => void;
}

export const NOTHING: CoordinatorResult = { records: [], response: undefined, replay: false, isAtomic: true };

export function answer<Response>(
  response: Response,
  records: readonly GroupRecord[] = [],
): CoordinatorResult<Response> {
  return { records, response, replay: true, isAtomic: true };
}

export interface ShardContext {
  readonly partition: number;
  readonly config: GroupCoordinatorConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly deadlines: DeadlineQueue;
  readonly groups: GroupTable;
  readonly offsets: OffsetStore;
  /** Runs an operation that no request asked for: a timer's. Its failure is logged. */
  submit(name: string, operation: () => CoordinatorResult<unknown>): void;
}

/** Who sends a request. */
export interface Requester {
  readonly apiVersion: number;
  readonly clientId: string;
  /** As Java prints it, with the slash. */
  readonly clientHost: string;
}

/** What clients of groups are told when the log refuses a record: errors of the log mean nothing to them. */
export function coordinatorError(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.REQUEST_TIMED_OUT:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return ErrorCode.NOT_COORDINATOR;
    case ErrorCode.MESSAGE_TOO_LARGE:
    case ErrorCode.RECORD_LIST_TOO_LARGE:
    case ErrorCode.INVALID_FETCH_SIZE:
      return ErrorCode.UNKNOWN_SERVER_ERROR;
    default:
      return errorCode;
  }
}
