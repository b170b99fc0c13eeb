/**
 * Tells the controller in which of several log directories replicas live (AssignReplicasToDirs, KIP-858). What came
 * together is sent together; a refusal or a lost answer is tried again.
 */
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import type { ControllerChannel } from '../broker/services.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import {
  type AssignReplicasToDirsResponse,
  assignReplicasToDirsRequest,
  assignReplicasToDirsResponse,
} from '../protocol/messages/assign-replicas-to-dirs.ts';
import type { Timers } from '../runtime/runtime.ts';

interface Assignment {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly directoryId: Uuid;
}

/** Kafka's own bound of one request. */
const MAX_ASSIGNMENTS = 2250;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/** The topic is gone, or the replica has moved away: the metadata brings it, and nobody asks where it lay. */
const NOT_HERE: readonly number[] = [
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
];

export interface DirectoryAssignmentsOptions {
  readonly nodeId: number;
  readonly brokerEpoch: () => number;
  readonly channel: ControllerChannel;
  readonly timers: Timers;
  readonly logger: Logger;
}

export class DirectoryAssignments {
  readonly #options: DirectoryAssignmentsOptions;
  /** By partition: a later word replaces an earlier one. */
  readonly #waiting = new Map<string, Assignment>();
  #backoffMs = FIRST_BACKOFF_MS;
  #scheduled = false;
  #stopped = false;

  constructor(options: DirectoryAssignmentsOptions) {
    this.#options = options;
  }

  assign(topicId: Uuid, partition: number, directoryId: Uuid): void {
    this.#waiting.set(`${topicId}:${partition}`, { topicId, partition, directoryId });
    this.#schedule(0);
  }

  stop(): void {
    this.#stopped = true;
  }

  #schedule(delayMs: number): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#options.timers.after(
      delayMs,
      () => {
        this.#scheduled = false;
        void this.#send();
      },
      { unref: true },
    );
  }

  async #send(): Promise<void> {
    const { nodeId, brokerEpoch, channel, logger } = this.#options;
    if (this.#stopped || this.#waiting.size === 0) return;
    const epoch = brokerEpoch();
    if (epoch < 0) return this.#schedule(FIRST_BACKOFF_MS);
    const batch = [...this.#waiting].slice(0, MAX_ASSIGNMENTS);
    try {
      const answer = await channel.send(assignReplicasToDirsRequest, assignReplicasToDirsResponse, 0, {
        brokerId: nodeId,
        brokerEpoch: epoch,
        directories: directoriesOf(batch.map(([, assignment]) => assignment)),
      });
      if (answer.errorCode !== ErrorCode.NONE) throw new Error(errorName(answer.errorCode));
      this.#take(batch, answer);
      this.#backoffMs = FIRST_BACKOFF_MS;
      this.#schedule(0);
    } catch (error) {
      logger.warn(`Directories of ${batch.length} replicas were not assigned yet: ${String((error as Error).message)}`);
      this.#schedule(this.#backoffMs);
      this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
    }
  }

  /** Throws when some of it was refused for now, or not spoken of. */
  #take(batch: readonly (readonly [string, Assignment])[], answer: AssignReplicasToDirsResponse): void {
    const codes = codesOf(answer);
    let refused: string | null = null;
    for (const [key, assignment] of batch) {
      const code = codes.get(key);
      const isOver = code === ErrorCode.NONE || (code !== undefined && NOT_HERE.includes(code));
      if (!isOver) refused = `${key}: ${code === undefined ? 'no answer' : errorName(code)}`;
      else if (this.#waiting.get(key) === assignment) this.#waiting.delete(key);
      if (isOver && code !== ErrorCode.NONE) {
        this.#options.logger.warn(`The controller does not know the replica ${key} here: ${errorName(code)}`);
      }
    }
    if (refused !== null) throw new Error(refused);
  }
}

function codesOf(answer: AssignReplicasToDirsResponse): ReadonlyMap<string, number> {
  const codes = new Map<string, number>();
  for (const { topics } of answer.directories) {
    for (const { topicId, partitions } of topics) {
      for (const { partitionIndex, errorCode } of partitions) codes.set(`${topicId}:${partitionIndex}`, errorCode);
    }
  }
  return codes;
}

function directoriesOf(assignments: readonly Assignment[]) {
  const byDirectory = Map.groupBy(assignments, (assignment) => assignment.directoryId);
  return [...byDirectory].map(([id, assigned]) => ({
    id,
    topics: [...Map.groupBy(assigned, (assignment) => assignment.topicId)].map(([topicId, partitions]) => ({
      topicId,
      partitions: partitions.map(({ partition }) => ({ partitionIndex: partition })),
    })),
  }));
}
