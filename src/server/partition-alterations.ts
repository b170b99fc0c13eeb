/**
 * Tells the controller what a leader knows of its partitions (AlterPartition, KIP-497): here, that a partition which was
 * elected uncleanly has recovered. One request is under way at a time; what came meanwhile goes with the next.
 */
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import type { ControllerChannel } from '../broker/services.ts';
import { RECOVERED } from '../metadata/image.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import { alterPartitionRequest, alterPartitionResponse } from '../protocol/messages/alter-partition.ts';
import type { Timers } from '../runtime/runtime.ts';

export interface PartitionAlteration {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
}

export interface PartitionAlterationsOptions {
  readonly nodeId: number;
  readonly brokerEpoch: () => number;
  readonly channel: ControllerChannel;
  readonly timers: Timers;
  readonly logger: Logger;
}

const RETRY_MS = 50;
const VERSION = 3;

export class PartitionAlterations {
  readonly #options: PartitionAlterationsOptions;
  /** By partition; a newer state replaces an older one. */
  readonly #waiting = new Map<string, PartitionAlteration>();
  #sending = false;
  #stopped = false;

  constructor(options: PartitionAlterationsOptions) {
    this.#options = options;
  }

  recovered(alteration: PartitionAlteration): void {
    this.#waiting.set(`${alteration.topicId}:${alteration.partition}`, alteration);
    if (!this.#sending) void this.#sendAll();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    // Everything that one batch of metadata brings goes into one request.
    await this.#pause(0);
    while (!this.#stopped && this.#waiting.size > 0) {
      const batch = [...this.#waiting.values()];
      this.#waiting.clear();
      const again = await this.#send(batch);
      if (!again) continue;
      for (const alteration of batch) {
        const key = `${alteration.topicId}:${alteration.partition}`;
        if (!this.#waiting.has(key)) this.#waiting.set(key, alteration);
      }
      await this.#pause(RETRY_MS);
    }
    this.#sending = false;
  }

  /** True when the whole request has to be sent again. A partition that is refused has changed: its news will come. */
  async #send(batch: readonly PartitionAlteration[]): Promise<boolean> {
    const { nodeId, brokerEpoch, channel, logger } = this.#options;
    const epoch = brokerEpoch();
    if (epoch < 0) return true;
    try {
      const answer = await channel.send(alterPartitionRequest, alterPartitionResponse, VERSION, {
        brokerId: nodeId,
        brokerEpoch: epoch,
        topics: [...Map.groupBy(batch, ({ topicId }) => topicId)].map(([topicId, alterations]) => ({
          topicId,
          partitions: alterations.map(({ partition, leaderEpoch, partitionEpoch }) => ({
            partitionIndex: partition,
            leaderEpoch,
            newIsrWithEpochs: [{ brokerId: nodeId, brokerEpoch: epoch }],
            leaderRecoveryState: RECOVERED,
            partitionEpoch,
          })),
        })),
      });
      if (answer.errorCode === ErrorCode.NONE) return false;
      logger.warn(`AlterPartition was refused: ${errorName(answer.errorCode)}`);
    } catch (error) {
      logger.warn(`AlterPartition failed: ${String((error as Error).message)}`);
    }
    return true;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.timers.after(ms, resolve, { unref: true }));
  }
}
