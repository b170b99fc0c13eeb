/**
 * The coordinator's view of `__consumer_offsets`: appends go through the partition as acks=all writes, loads read the
 * log from its start up to where it ended when this broker was elected, and nothing that is not committed.
 */
import type { AppendedBatch, PartitionLoader, PartitionWriter } from '../coordinator/partition-writer.ts';
import { forEachBatch, nextOffsetAt } from '../protocol/batch.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Timers } from '../runtime/runtime.ts';
import { CONSUMER_OFFSETS_TOPIC } from './auto-topic-creation.ts';
import type { Partition } from './partition.ts';
import type { ReplicaManager } from './replica-manager.ts';

const LOAD_CHUNK_BYTES = 1024 * 1024;

export class OffsetsPartitions implements PartitionWriter {
  readonly #replicas: ReplicaManager;
  readonly #timers: Timers;

  constructor(replicas: ReplicaManager, timers: Timers) {
    this.#replicas = replicas;
    this.#timers = timers;
  }

  append(index: number, batch: Uint8Array, leaderEpoch: number): AppendedBatch {
    const partition = this.#find(index);
    const refused = partition.checkLeader(leaderEpoch);
    if (refused !== ErrorCode.NONE) throw new KafkaError(refused, errorName(refused));
    const bytes = Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength);
    const { baseOffset, lastOffset } = partition.append(bytes, true);
    return { offset: baseOffset, committed: committed(partition, lastOffset) };
  }

  maxBatchBytes(index: number): number {
    return this.#find(index).log.config.maxMessageBytes;
  }

  /**
   * What a new leader finds in its log will be committed, only later: a load waits for the high watermark to pass all of
   * it. What comes behind it reaches the coordinator as its own appends.
   */
  loader(index: number): PartitionLoader {
    return () => this.#read(this.#find(index));
  }

  async *#read(partition: Partition): AsyncIterable<Uint8Array> {
    const end = partition.log.logEndOffset;
    let offset = partition.log.logStartOffset;
    while (offset < end) {
      if (offset >= partition.log.highWatermark) await committed(partition, end - 1);
      const maxOffset = Math.min(end, partition.log.highWatermark);
      const slice = partition.log.read(offset, LOAD_CHUNK_BYTES, { maxOffset, minOneBatch: true });
      if (slice.sizeInBytes === 0) return;
      const chunk = slice.toBuffer();
      const whole = wholeBatches(chunk);
      if (whole.nextOffset <= offset) return;
      yield chunk.subarray(0, whole.bytes);
      offset = whole.nextOffset;
      await new Promise<void>((resolve) => this.#timers.soon(resolve));
    }
  }

  #find(index: number): Partition {
    const partition = this.#replicas.get(CONSUMER_OFFSETS_TOPIC, index);
    if (partition) return partition;
    throw new KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER, `${CONSUMER_OFFSETS_TOPIC}-${index} is not hosted here`);
  }
}

function committed(partition: Partition, lastOffset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    partition.onCommitted(lastOffset, (code) => {
      if (code === ErrorCode.NONE) resolve();
      else reject(new KafkaError(code, errorName(code)));
    });
  });
}

/** A slice may end inside a batch. */
function wholeBatches(chunk: Buffer): { readonly bytes: number; readonly nextOffset: number } {
  let nextOffset = -1;
  const bytes = forEachBatch(chunk, (_bytes, at) => {
    nextOffset = nextOffsetAt(chunk, at);
  });
  return { bytes, nextOffset };
}
