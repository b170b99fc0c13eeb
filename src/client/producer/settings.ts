/** How a producer behaves, with the defaults of Kafka's. */
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
  /** Requests under way per partition. */
  readonly maxInFlight: number;
  readonly deliveryTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly retries: number;
  /** How long to wait for metadata and for memory. */
  readonly maxBlockMs: number;
}

export const DEFAULT_PRODUCER_SETTINGS: ProducerSettings = {
  acks: -1,
  idempotent: true,
  compression: 0,
  compressionLevel: undefined,
  batchBytes: 16_384,
  lingerMs: 5,
  bufferBytes: 33_554_432,
  maxRequestBytes: 1_048_576,
  maxInFlight: 5,
  deliveryTimeoutMs: 120_000,
  requestTimeoutMs: 30_000,
  retries: 0x7fff_ffff,
  maxBlockMs: 60_000,
};
