/** What a consumer hands out, and who hears of it. */
import type { RecordHeader } from '../../protocol/record.ts';
import type { TopicPartition } from '../offsets.ts';

export interface ConsumerRecord<K = Buffer, V = Buffer> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  /** Of the batch; -1 when it is not known. */
  readonly leaderEpoch: number;
  readonly key: K | null;
  readonly value: V | null;
  readonly headers: readonly RecordHeader[];
}

export interface OffsetToCommit extends TopicPartition {
  /** Of the next record to read. */
  readonly offset: number;
  readonly leaderEpoch?: number;
  readonly metadata?: string;
}

/** Called inside `poll`, one after the other; the group waits for what they return. */
export interface RebalanceListener {
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>;
  /** Still ours: a commit is in time. */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => void | Promise<void>;
  /** Somebody else's already. Without it, `onRevoked` is called. */
  readonly onLost?: (partitions: readonly TopicPartition[]) => void | Promise<void>;
}

/** Sees records before they are handed out, and offsets after they were committed. What it throws is passed over. */
export interface ConsumerInterceptor {
  readonly onConsume?: (
    records: readonly ConsumerRecord<unknown, unknown>[],
  ) => readonly ConsumerRecord<unknown, unknown>[];
  readonly onCommit?: (offsets: readonly OffsetToCommit[]) => void;
}
