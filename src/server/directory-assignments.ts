/**
 * Tells the controller in which of several log directories replicas live (AssignReplicasToDirs, KIP-858). What came
 * together is sent together; a refusal or a lost answer is tried again.
 */
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import type { ControllerChannel } from '../broker/services.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import {
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
      for (const [key, assignment] of batch) if (this.#waiting.get(key) === assignment) this.#waiting.delete(key);
      this.#backoffMs = FIRST_BACKOFF_MS;
      this.#schedule(0);
    } catch (error) {
      logger.warn(`Directories of ${batch.length} replicas were not assigned yet: ${String((error as Error).message)}`);
      this.#schedule(this.#backoffMs);
      this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
    }
  }
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
