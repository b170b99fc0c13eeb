/**
 * What a partition log needs to know of a topic's settings: plain values in their units, already merged from the
 * broker's defaults and the topic's overrides. Storage never reads broker configuration itself.
 */
export interface CleanupPolicy {
  readonly delete: boolean;
  readonly compact: boolean;
}

export interface LogConfig {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentJitterMs: number;
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
  /** -1: without limit. */
  readonly retentionMs: number;
  /** -1: without limit. */
  readonly retentionBytes: number;
  readonly cleanupPolicy: CleanupPolicy;
  readonly flushMessages: number;
  readonly flushMs: number;
  readonly fileDeleteDelayMs: number;
  readonly maxMessageBytes: number;
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime';
  readonly messageTimestampBeforeMaxMs: number;
  readonly messageTimestampAfterMaxMs: number;
  readonly preallocate: boolean;
}

/** Kafka's Long.MAX_VALUE stands for "never" in its settings; every number as large means the same here. */
export const NEVER_MS = Number.MAX_SAFE_INTEGER;

export const DEFAULT_LOG_CONFIG: LogConfig = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: 7 * 24 * 60 * 60 * 1000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 * 1024 * 1024,
  indexIntervalBytes: 4096,
  retentionMs: 7 * 24 * 60 * 60 * 1000,
  retentionBytes: -1,
  cleanupPolicy: { delete: true, compact: false },
  flushMessages: NEVER_MS,
  flushMs: NEVER_MS,
  fileDeleteDelayMs: 60_000,
  maxMessageBytes: 1024 * 1024 + 12,
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: NEVER_MS,
  messageTimestampAfterMaxMs: 60 * 60 * 1000,
  preallocate: false,
};
