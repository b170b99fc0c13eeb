/**
 * An idempotent producer that knows every acknowledgement: small enough to be believed, independent of the client in
 * src/client. It numbers its records, keeps up to five batches in flight, and after a lost connection sends what was not
 * acknowledged again, in order and with the same sequences, until it is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildBatch } from '../../../src/protocol/batch-builder.ts';
import { initProducerIdRequest, initProducerIdResponse } from '../../../src/protocol/messages/init-producer-id.ts';
import { produceRequest, produceResponse } from '../../../src/protocol/messages/produce.ts';
import { RawConnection } from '../../support/raw-connection.ts';

const MAX_IN_FLIGHT = 5;
const REQUEST_TIMEOUT_MS = 30_000;
const RETRIABLE = new Set([2, 3, 5, 6, 7, 13, 14, 15, 16, 19, 20, 56, 58]);

export interface RawProducerOptions {
  readonly bootstrap: string;
  readonly topic: string;
  /** Records of a batch, by its number. */
  readonly batchSize: (batch: number) => number;
  readonly value: (record: number) => Buffer;
  /** Rest between batches. */
  readonly pauseMs?: number;
}

interface Batch {
  readonly first: number;
  readonly count: number;
}

export class RawProducer {
  readonly #options: RawProducerOptions;
  #stopping = false;
  /** Batches that were sent and not acknowledged, oldest first. */
  #open: Batch[] = [];
  #batches = 0;
  #producerId = -1;
  #producerEpoch = -1;
  /** Records made, and records acknowledged. */
  sent = 0;
  acknowledged = 0;
  /** Errors that were answered and tried again, by code. */
  readonly refusals = new Map<number, number>();

  constructor(options: RawProducerOptions) {
    this.#options = options;
  }

  /** Produces until `stop`, and then until everything that was sent is acknowledged. Rejects with a FatalRefusal. */
  async run(): Promise<void> {
    while (!this.#stopping || this.#open.length > 0) {
      const connection = await RawConnection.open(this.#options.bootstrap);
      try {
        await this.#pump(connection);
      } catch (error) {
        if (error instanceof FatalRefusal) throw error;
        await sleep(20);
      } finally {
        connection.close();
      }
    }
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Leaves everything as it is. */
  abandon(): void {
    this.#stopping = true;
    this.#open = [];
  }

  async #pump(connection: RawConnection): Promise<void> {
    if (this.#producerId < 0) await this.#init(connection);
    const flying: Promise<number>[] = [];
    const fly = (batch: Batch) => {
      const answered = this.#send(connection, batch);
      // A lost connection ends them all; only the oldest is waited for.
      answered.catch(() => {});
      flying.push(answered);
    };
    for (const batch of this.#open) fly(batch);
    while (!this.#stopping || flying.length > 0) {
      while (!this.#stopping && flying.length < MAX_IN_FLIGHT) fly(this.#next());
      const code = await (flying.shift() as Promise<number>);
      if (code !== 0) {
        this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
        if (!RETRIABLE.has(code)) throw new FatalRefusal(code);
        throw new Error(`refused with ${code}`);
      }
      this.acknowledged += (this.#open.shift() as Batch).count;
      if (this.#options.pauseMs !== undefined) await sleep(this.#options.pauseMs);
    }
  }

  async #init(connection: RawConnection): Promise<void> {
    const answer = await connection.send(initProducerIdRequest, initProducerIdResponse, 4, {
      transactionalId: null,
      transactionTimeoutMs: 0,
    });
    if (answer.errorCode !== 0) throw new Error(`no producer id: ${answer.errorCode}`);
    this.#producerId = answer.producerId;
    this.#producerEpoch = answer.producerEpoch;
  }

  #next(): Batch {
    const batch = { first: this.sent, count: this.#options.batchSize(this.#batches++) };
    this.sent += batch.count;
    this.#open.push(batch);
    return batch;
  }

  async #send(connection: RawConnection, batch: Batch): Promise<number> {
    const { topic, value } = this.#options;
    const records = Array.from({ length: batch.count }, (_, i) => ({
      value: value(batch.first + i),
      timestamp: Date.now(),
    }));
    const bytes = buildBatch(records, {
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
      baseSequence: batch.first,
    });
    const answer = await connection.send(produceRequest, produceResponse, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: REQUEST_TIMEOUT_MS,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: bytes }] }],
    });
    return answer.responses[0]?.partitionResponses[0]?.errorCode ?? -1;
  }
}

/** An answer that no producer tries again: the drill has failed. */
export class FatalRefusal extends Error {
  constructor(code: number) {
    super(`refused for good with code ${code}`);
  }
}
