/** What a producer is given, and what it gives back. */

/** Bytes, or text that becomes UTF-8. */
export type Data = Uint8Array | string | null;

export interface Header {
  readonly key: string;
  readonly value: Uint8Array | string | null;
}

export interface TopicRecord<K = Data, V = Data> {
  readonly partition?: number | undefined;
  readonly key?: K | null | undefined;
  readonly value: V | null;
  readonly headers?: readonly Header[] | undefined;
  /** ms since 1970; now when left out. */
  readonly timestamp?: number | undefined;
}

export interface ProducerRecord<K = Data, V = Data> extends TopicRecord<K, V> {
  readonly topic: string;
}

export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** -1 with acks 0. */
  readonly offset: number;
  readonly timestamp: number;
}

/** Neighbouring records of one call that came to lie side by side. */
export interface StoredRange {
  readonly topic: string;
  readonly partition: number;
  /** -1 with acks 0. */
  readonly baseOffset: number;
  readonly count: number;
}

/** Sees every record on its way out and its end on the way back. What it throws is passed over. */
export interface ProducerInterceptor {
  readonly onSend?: (record: ProducerRecord<unknown, unknown>) => ProducerRecord<unknown, unknown>;
  readonly onAcknowledgement?: (
    metadata: RecordMetadata | null,
    error: Error | null,
    record: ProducerRecord<unknown, unknown>,
  ) => void;
}

/** What became of a batch of the bulk path. */
export interface BulkResult {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly error: Error | null;
}
