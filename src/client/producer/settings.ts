/** How a producer behaves, with the defaults of Kafka's, but for larger batches: 16 KB ones cost half of the throughput. */
import type { Serializer } from '../serdes.ts';
import type { Partitioner } from './partitioner.ts';
import type { ProducerInterceptor } from './record.ts';

export interface ProducerSettings {
  readonly acks: -1 | 0 | 1;
  /** Sequence numbers keep records in order and without duplicates across repetitions. Needs acks -1. */
  readonly idempotent: boolean;
  /** A CODEC number. */
  readonly compression: number;
  readonly compressionLevel: number | undefined;
  readonly batchBytes: number;
  readonly lingerMs: number;
  readonly bufferBytes: number;
  readonly maxRequestBytes: number;
  /** Requests under way to one broker; with idempotence at most 5 keep the order. */
  readonly maxInFlight: number;
  readonly deliveryTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly retries: number;
  /** How long to wait for metadata and for memory. */
  readonly maxBlockMs: number;
  /** Topics that nobody wrote to for so long are forgotten. */
  readonly metadataMaxIdleMs: number;
  /** Undefined: by the key's hash; without a key, one partition after the other as their batches fill. */
  readonly partitioner: Partitioner | undefined;
  /** Keys do not choose the partition. */
  readonly ignoreKeys: boolean;
  /** Partitions with a shorter queue are chosen more often. */
  readonly adaptivePartitioning: boolean;
  /** Partitions whose broker took nothing for so long are passed over; 0: never. */
  readonly availabilityTimeoutMs: number;
  readonly interceptors: readonly ProducerInterceptor[];
  readonly keySerializer: Serializer<unknown> | undefined;
  readonly valueSerializer: Serializer<unknown> | undefined;
}

export const DEFAULT_PRODUCER_SETTINGS: ProducerSettings = {
  acks: -1,
  idempotent: true,
  compression: 0,
  compressionLevel: undefined,
  batchBytes: 65_536,
  lingerMs: 5,
  bufferBytes: 33_554_432,
  maxRequestBytes: 1_048_576,
  maxInFlight: 5,
  deliveryTimeoutMs: 120_000,
  requestTimeoutMs: 30_000,
  retries: 0x7fff_ffff,
  maxBlockMs: 60_000,
  metadataMaxIdleMs: 300_000,
  partitioner: undefined,
  ignoreKeys: false,
  adaptivePartitioning: true,
  availabilityTimeoutMs: 0,
  interceptors: [],
  keySerializer: undefined,
  valueSerializer: undefined,
};
