/**
 * The way of one produced batch into a partition: checked as a whole, stamped in place, written. The only copy of its
 * bytes is the one into the file; only a topic with a compression of its own makes the broker build the batch anew.
 */
import {
  baseSequenceAt,
  codecAt,
  isTransactionalAt,
  maxTimestampAt,
  producerEpochAt,
  producerIdAt,
  setLogAppendTime,
  setMaxCreateTime,
} from '../protocol/batch.ts';
import { buildBatch } from '../protocol/batch-builder.ts';
import {
  ProducedBatch,
  type ProducedBatchRules,
  type RecordError,
  validateProducedBatch,
} from '../protocol/batch-validation.ts';
import { CODEC, codecOf } from '../protocol/compression.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { readRecords } from '../protocol/record.ts';
import type { Partition } from './partition.ts';

export interface AppendRequest {
  /** acks=-1: the ISR must be large enough. */
  readonly allReplicas: boolean;
  readonly nowMs: number;
  /** Produce before version 7 may not carry zstd. */
  readonly allowZstd: boolean;
}

export interface AppendOutcome {
  readonly errorCode: number;
  readonly message: string | null;
  readonly recordErrors: readonly { readonly batchIndex: number; readonly batchIndexErrorMessage: string }[];
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** -1 unless the topic stamps records with the time of their append. */
  readonly logAppendTimeMs: number;
  /** Set where `flush.messages` asks for it: only then is the batch on the disk. */
  readonly durable: Promise<void> | null;
}

const NO_RECORD_ERRORS: AppendOutcome['recordErrors'] = [];

/** Reused for every append: appends run one after another on the one loop. */
const found = new ProducedBatch();

/** Throws a KafkaError where the log refuses; answers with a code where the batch is bad. */
export function appendBatch(partition: Partition, records: Buffer | null, request: AppendRequest): AppendOutcome {
  const { config } = partition.log;
  const logAppendTime = config.messageTimestampType === 'LogAppendTime';
  const rules: ProducedBatchRules = {
    partition: partition.name,
    maxMessageBytes: config.maxMessageBytes,
    logAppendTime,
    timestampBeforeMaxMs: config.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: config.messageTimestampAfterMaxMs,
    nowMs: request.nowMs,
    compacted: config.cleanupPolicy.compact,
    allowZstd: request.allowZstd,
  };
  const bytes = records ?? EMPTY;
  const code = validateProducedBatch(bytes, 0, bytes.length, rules, found);
  if (code !== ErrorCode.NONE) return refused(code, found.errorMessage, found.recordErrors);
  if (isTransactionalAt(bytes, 0)) {
    return refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'transactions are not supported yet', []);
  }
  const batch = stamped(partition, bytes, request.nowMs);
  const result = partition.append(batch, request.allReplicas);
  return {
    errorCode: ErrorCode.NONE,
    message: null,
    recordErrors: NO_RECORD_ERRORS,
    baseOffset: result.baseOffset,
    lastOffset: result.lastOffset,
    logAppendTimeMs: result.logAppendTimeMs,
    durable: result.durable,
  };
}

const EMPTY = Buffer.alloc(0);

/** The batch with the topic's compression and kind of timestamp; the log itself numbers it. */
function stamped(partition: Partition, bytes: Buffer, nowMs: number): Buffer {
  const whole = found.size === bytes.length ? bytes : bytes.subarray(0, found.size);
  const stampsTime = partition.log.config.messageTimestampType === 'LogAppendTime';
  if (!stampsTime && maxTimestampAt(whole, 0) !== found.maxTimestamp) setMaxCreateTime(whole, 0, found.maxTimestamp);
  const batch = compressed(partition, whole);
  if (stampsTime) setLogAppendTime(batch, 0, nowMs);
  return batch;
}

function compressed(partition: Partition, batch: Buffer): Buffer {
  const { compressionType, compressionLevel } = partition.settings();
  const own = codecAt(batch, 0);
  const wanted = compressionType === 'producer' ? own : (codecOf(compressionType) ?? CODEC.none);
  if (wanted === own) return batch;
  return buildBatch(readRecords(batch), {
    compression: wanted,
    compressionLevel,
    producerId: producerIdAt(batch, 0),
    producerEpoch: producerEpochAt(batch, 0),
    baseSequence: baseSequenceAt(batch, 0),
  });
}

function refused(errorCode: number, message: string | null, errors: readonly RecordError[]): AppendOutcome {
  return {
    errorCode,
    message,
    recordErrors: errors.map((error) => ({ batchIndex: error.batchIndex, batchIndexErrorMessage: error.message })),
    baseOffset: -1,
    lastOffset: -1,
    logAppendTimeMs: -1,
    durable: null,
  };
}
