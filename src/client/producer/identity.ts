/**
 * Who an idempotent producer is to the brokers: an id that they gave, and an epoch. A new epoch (counted up here, as Java's
 * producer does) begins new sequences and shuts out batches of the former one that are still on their way.
 */

import { api } from '../../network/api.ts';
import { errorRow } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { initProducerIdRequest, initProducerIdResponse } from '../../protocol/messages/init-producer-id.ts';
import { type ClusterView, isUnreachable } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';

const INIT_PRODUCER_ID = api(initProducerIdRequest, initProducerIdResponse);
const MAX_EPOCH = 0x7fff;
const NO_TIMEOUT_MS = 0x7fff_ffff;

export interface ProducerIdentity {
  readonly id: number;
  readonly epoch: number;
}

export class Identities {
  readonly #cluster: ClusterView;
  #current: ProducerIdentity | undefined;
  #asking: Promise<void> | undefined;

  constructor(cluster: ClusterView) {
    this.#cluster = cluster;
  }

  /** Undefined: `ask` first. */
  get current(): ProducerIdentity | undefined {
    return this.#current;
  }

  /** The next epoch, unless somebody has moved on from `from` already. */
  bump(from: ProducerIdentity | undefined): void {
    const current = this.#current;
    if (current === undefined || current !== from) return;
    this.#current = current.epoch >= MAX_EPOCH ? undefined : { id: current.id, epoch: current.epoch + 1 };
  }

  /** A wholly new id is asked for, unless somebody has moved on from `from` already. */
  forget(from: ProducerIdentity | undefined): void {
    if (this.#current === from) this.#current = undefined;
  }

  /** Until `isNeeded` says no, brokers that are away or not ready are asked again. Rejects when they refuse. */
  ask(isNeeded: () => boolean): Promise<void> {
    this.#asking ??= this.#ask(isNeeded).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(isNeeded: () => boolean): Promise<void> {
    for (let attempt = 0; isNeeded(); attempt++) {
      const deadline = this.#cluster.deadline(this.#cluster.settings.requestTimeoutMs);
      try {
        const response = await this.#cluster.call(
          INIT_PRODUCER_ID,
          { transactionalId: null, transactionTimeoutMs: NO_TIMEOUT_MS },
          { deadline, doing: 'initProducerId' },
        );
        if (response.errorCode !== 0) throw toKafkaError(response.errorCode);
        this.#current = { id: response.producerId, epoch: response.producerEpoch };
        return;
      } catch (error) {
        const mayPass = isUnreachable(error) || (error instanceof KafkaError && errorRow(error.code).retriable);
        if (!mayPass || this.#cluster.isClosed) throw error;
      }
      await this.#cluster.pause(attempt, deadline);
    }
  }
}
