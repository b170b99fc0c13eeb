/**
 * Carries what leaders propose for their partitions to the controller (AlterPartition, KIP-497). One request is under way
 * at a time; what came meanwhile goes with the next. A request that got no answer, or one from a node that is not the
 * controller, is sent again until the metadata has overtaken it: it may have been applied all the same, which the leader
 * of the partition allows for.
 */
import type { Logger } from '../base/logger.ts';
import type { IsrAnswer, IsrProposal } from '../broker/isr-proposal.ts';
import type { ControllerChannel } from '../broker/services.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import {
  type AlterPartitionResponse,
  alterPartitionRequest,
  alterPartitionResponse,
} from '../protocol/messages/alter-partition.ts';
import type { Timers } from '../runtime/runtime.ts';

export interface PartitionAlterationsOptions {
  readonly nodeId: number;
  readonly brokerEpoch: () => number;
  readonly channel: ControllerChannel;
  readonly timers: Timers;
  readonly logger: Logger;
}

interface Sent {
  /** What the answer left out, what its partition wants sent again, or all of it. */
  readonly again: ReadonlyMap<string, IsrProposal>;
  readonly refused: boolean;
}

const RETRY_MS = 50;
const VERSION = 3;

export class PartitionAlterations {
  readonly #options: PartitionAlterationsOptions;
  /** By partition; a newer proposal replaces an older one. */
  readonly #waiting = new Map<string, IsrProposal>();
  #sending = false;
  #stopped = false;

  constructor(options: PartitionAlterationsOptions) {
    this.#options = options;
  }

  propose(proposal: IsrProposal): void {
    this.#waiting.set(keyOf(proposal.topicId, proposal.partition), proposal);
    if (!this.#sending) void this.#sendAll();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Whatever goes wrong within, the next proposal is sent. */
  async #sendAll(): Promise<void> {
    this.#sending = true;
    try {
      await this.#sendWaiting();
    } catch (error) {
      this.#options.logger.error('AlterPartition could not be sent', error);
    } finally {
      this.#sending = false;
    }
  }

  async #sendWaiting(): Promise<void> {
    // Everything that one turn of the loop brings goes into one request.
    await new Promise<void>((resolve) => this.#options.timers.soon(resolve));
    while (!this.#stopped && this.#waiting.size > 0) {
      const batch = new Map([...this.#waiting].filter(([, proposal]) => proposal.isCurrent()));
      this.#waiting.clear();
      if (batch.size === 0) break;
      const { again, refused } = await this.#send(batch);
      for (const [key, proposal] of again) if (!this.#waiting.has(key)) this.#waiting.set(key, proposal);
      // A follower that is refused fetches on and is proposed again: that must not become a loop without a breath.
      if (again.size > 0 || refused) await this.#pause(RETRY_MS);
    }
  }

  async #send(batch: ReadonlyMap<string, IsrProposal>): Promise<Sent> {
    const { nodeId, brokerEpoch, channel, logger } = this.#options;
    const epoch = brokerEpoch();
    if (epoch < 0) return { again: batch, refused: true };
    let answer: AlterPartitionResponse;
    try {
      answer = await channel.send(alterPartitionRequest, alterPartitionResponse, VERSION, {
        brokerId: nodeId,
        brokerEpoch: epoch,
        topics: topicsOf(batch.values()),
      });
    } catch (error) {
      logger.warn(`AlterPartition failed: ${String((error as Error).message)}`);
      return { again: batch, refused: true };
    }
    if (answer.errorCode !== ErrorCode.NONE) {
      logger.warn(`AlterPartition was refused: ${errorName(answer.errorCode)}`);
      return { again: batch, refused: true };
    }
    return unanswered(batch, answer, logger);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.timers.after(ms, resolve, { unref: true }));
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}:${partition}`;
}

function topicsOf(proposals: Iterable<IsrProposal>) {
  return [...Map.groupBy(proposals, ({ topicId }) => topicId)].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map((proposal) => ({
      partitionIndex: proposal.partition,
      leaderEpoch: proposal.leaderEpoch,
      newIsrWithEpochs: proposal.isr,
      leaderRecoveryState: proposal.leaderRecoveryState,
      partitionEpoch: proposal.partitionEpoch,
    })),
  }));
}

/** Hands the answers out. A partition that fails at its own is asked for again, and keeps none of the others from theirs. */
function unanswered(batch: ReadonlyMap<string, IsrProposal>, response: AlterPartitionResponse, logger: Logger): Sent {
  const again = new Map(batch);
  let refused = false;
  for (const { topicId, partitions } of response.topics) {
    for (const partition of partitions) {
      const key = keyOf(topicId, partition.partitionIndex);
      const proposal = again.get(key);
      const answer: IsrAnswer = partition;
      if (answer.errorCode !== ErrorCode.NONE) refused = true;
      try {
        if (proposal?.answered(answer) === false) again.delete(key);
      } catch (error) {
        logger.error(`The answer to AlterPartition of ${key} could not be taken`, error);
      }
    }
  }
  return { again, refused };
}
