/**
 * What a coordinator asks of the world: a log partition to append to, and the batches of that partition to load from.
 * The broker implements both over its partitions of `__consumer_offsets`; tests implement them in memory.
 */

export interface AppendedBatch {
  /** The base offset that the batch got. */
  readonly offset: number;
  /**
   * Settles once the high watermark passes the batch, in the order of the appends of a partition. Rejects with a
   * KafkaError when the batch can no longer be committed here (leadership gone, log truncated, storage failed).
   */
  readonly committed: Promise<void>;
}

export interface PartitionWriter {
  /**
   * Appends one v2 batch as the leader of `leaderEpoch`, with acks=all. The bytes belong to the writer from now on.
   * Throws a KafkaError when it may not: NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS, KAFKA_STORAGE_ERROR,
   * MESSAGE_TOO_LARGE. After a throw nothing was appended.
   */
  append(partition: number, batch: Uint8Array, leaderEpoch: number): AppendedBatch;
  /** max.message.bytes of the partition. */
  maxBatchBytes(partition: number): number;
}

/**
 * Reads a partition from its log start offset up to the high watermark. Each chunk holds whole batches and is valid until
 * the next one is asked for. The reader yields to the loop between chunks.
 *
 * What a new leader's log holds above the high watermark will be committed without being appended by it. With more than
 * one replica the reader therefore waits for the high watermark to reach the log end offset of the election, or that
 * part would never be replayed.
 */
export type PartitionLoader = () => AsyncIterable<Uint8Array>;
