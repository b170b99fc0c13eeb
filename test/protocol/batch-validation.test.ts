/** The codes of this table were recorded from Apache Kafka 4.3.1; where it answers otherwise, the row says how. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { writeVarint, writeVarlong } from '../../src/base/varint.ts';
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  RECORD_COUNT_AT,
  sealCrc,
  setInt32At,
  setInt64At,
} from '../../src/protocol/batch.ts';
import { type BatchOptions, buildBatch, type RecordInput } from '../../src/protocol/batch-builder.ts';
import {
  maxInflatedBytes,
  ProducedBatch,
  type ProducedBatchRules,
  validateProducedBatch,
} from '../../src/protocol/batch-validation.ts';
import { CODEC, compress } from '../../src/protocol/compression.ts';
import { ErrorCode, errorName } from '../../src/protocol/error-codes.ts';

const NOW = 1_795_276_977_342;
const RULES: ProducedBatchRules = {
  partition: 'checks-0',
  maxMessageBytes: 1_048_588,
  logAppendTime: false,
  timestampBeforeMaxMs: 2 ** 63,
  timestampAfterMaxMs: 3_600_000,
  nowMs: NOW,
  compacted: false,
};
const { NONE, CORRUPT_MESSAGE, INVALID_RECORD, INVALID_TIMESTAMP, MESSAGE_TOO_LARGE, UNSUPPORTED_COMPRESSION_TYPE } =
  ErrorCode;

const records = (count: number, extra: Partial<RecordInput> = {}): RecordInput[] =>
  Array.from({ length: count }, (_, i) => ({
    key: Buffer.from(`k${i}`),
    value: Buffer.from(`value ${i}`),
    timestamp: NOW,
    ...extra,
  }));

const batch = (options: BatchOptions = {}, extra: Partial<RecordInput> = {}, count = 3) =>
  buildBatch(records(count, extra), options);

function changed(change: (bytes: Buffer) => void, seal = true): Buffer {
  const bytes = batch();
  change(bytes);
  if (seal) sealCrc(bytes, 0);
  return bytes;
}

/** A batch whose header is right around record bytes that need not be. */
function around(recordBytes: Uint8Array, count = 1, codec: number = CODEC.none): Buffer {
  const bytes = Buffer.concat([batch().subarray(0, BATCH_HEADER_BYTES), recordBytes]);
  setInt32At(bytes, BATCH_LENGTH_AT, bytes.length - 12);
  bytes[ATTRIBUTES_AT + 1] = codec;
  setInt32At(bytes, LAST_OFFSET_DELTA_AT, count - 1);
  setInt32At(bytes, RECORD_COUNT_AT, count);
  sealCrc(bytes, 0);
  return bytes;
}

interface Lies {
  readonly length?: number;
  readonly lengthBytes?: readonly number[];
  readonly attributes?: number;
  readonly timestampDelta?: number;
  readonly offsetDelta?: number;
  readonly keyLength?: number;
  readonly key?: string;
  readonly valueLength?: number;
  readonly value?: string;
  readonly headerCount?: number;
  readonly tail?: readonly number[];
}

function record(lies: Lies = {}): Buffer {
  const { key = 'k', value = 'v' } = lies;
  const body = Buffer.alloc(500);
  let at = 1;
  body[0] = lies.attributes ?? 0;
  at = writeVarlong(body, at, lies.timestampDelta ?? 0);
  at = writeVarint(body, at, lies.offsetDelta ?? 0);
  at = writeVarint(body, at, lies.keyLength ?? key.length);
  at += body.write(key, at);
  at = writeVarint(body, at, lies.valueLength ?? value.length);
  at += body.write(value, at);
  at = writeVarint(body, at, lies.headerCount ?? 0);
  const whole = Buffer.concat([body.subarray(0, at), Buffer.from(lies.tail ?? [])]);
  const length = Buffer.alloc(5);
  const lengthEnd = writeVarint(length, 0, lies.length ?? whole.length);
  return Buffer.concat([lies.lengthBytes ? Buffer.from(lies.lengthBytes) : length.subarray(0, lengthEnd), whole]);
}

const packed = (codec: number, lies?: Lies) => compress(codec, undefined, record(lies));
const flipped = (bytes: Buffer, at: number) => {
  const copy = Buffer.from(bytes);
  copy[at < 0 ? copy.length + at : at]! ^= 0x55;
  return copy;
};

function validate(bytes: Uint8Array, rules: Partial<ProducedBatchRules> = {}) {
  const found = new ProducedBatch();
  const code = validateProducedBatch(bytes, 0, bytes.length, { ...RULES, ...rules }, found);
  expect(found.reason === null).toBe(code === NONE);
  return { code, found };
}

type Row = readonly [name: string, expected: number, bytes: Uint8Array, rules?: Partial<ProducedBatchRules>];

const REQUEST: readonly Row[] = [
  ['a good batch', NONE, batch()],
  ['no bytes', INVALID_RECORD, Buffer.alloc(0)],
  ['too few bytes for a length', INVALID_RECORD, Buffer.alloc(10)],
  ['a batch that is cut off', INVALID_RECORD, batch().subarray(0, 70)],
  ['a few bytes behind the batch', NONE, Buffer.concat([batch(), Buffer.alloc(5)])],
  ['a second batch that is cut off', NONE, Buffer.concat([batch(), batch().subarray(0, 30)])],
  ['two batches', INVALID_RECORD, Buffer.concat([batch(), batch()])],
  ['zeros behind the batch', CORRUPT_MESSAGE, Buffer.concat([batch(), Buffer.alloc(30)])],
  ['a length of 13', CORRUPT_MESSAGE, changed((b) => setInt32At(b, BATCH_LENGTH_AT, 13), false)],
  ['a negative length', CORRUPT_MESSAGE, changed((b) => setInt32At(b, BATCH_LENGTH_AT, -5), false)],
  ['a length shorter than the header', CORRUPT_MESSAGE, changed((b) => setInt32At(b, BATCH_LENGTH_AT, 30), false)],
  ['a length one short', CORRUPT_MESSAGE, changed((b) => setInt32At(b, BATCH_LENGTH_AT, b.length - 13), false)],
  ['magic 1', INVALID_RECORD, changed((b) => b.writeInt8(1, MAGIC_AT), false)],
  ['magic 0', INVALID_RECORD, changed((b) => b.writeInt8(0, MAGIC_AT), false)],
  ['magic 3', CORRUPT_MESSAGE, changed((b) => b.writeInt8(3, MAGIC_AT), false)],
  ['magic -1', CORRUPT_MESSAGE, changed((b) => b.writeInt8(-1, MAGIC_AT), false)],
  ['zstd before version 7', UNSUPPORTED_COMPRESSION_TYPE, batch({ compression: CODEC.zstd }), { allowZstd: false }],
  ['zstd from version 7 on', NONE, batch({ compression: CODEC.zstd }), { allowZstd: true }],
];

const HEADER: readonly Row[] = [
  ['a wrong checksum', CORRUPT_MESSAGE, changed((b) => b.writeUInt8(b[CRC_AT]! ^ 1, CRC_AT), false)],
  ['a base offset of 7', INVALID_RECORD, batch({ baseOffset: 7 })],
  ['a base offset of -1', INVALID_RECORD, batch({ baseOffset: -1 })],
  ['any leader epoch', NONE, batch({ partitionLeaderEpoch: 99 })],
  ['more than max.message.bytes', MESSAGE_TOO_LARGE, batch({}, { value: Buffer.alloc(400_000) })],
  ['too much, and corrupt', MESSAGE_TOO_LARGE, flipped(batch({}, { value: Buffer.alloc(400_000) }), -9)],
  ['codec 5 (Kafka: -1)', INVALID_RECORD, changed((b) => b.writeUInt8(5, ATTRIBUTES_AT + 1))],
  ['a control batch', INVALID_RECORD, batch({ isControl: true })],
  ['a transaction without a producer id (Kafka: 53)', INVALID_RECORD, batch({ isTransactional: true })],
  ['a producer id without a sequence', INVALID_RECORD, batch({ producerId: 5, producerEpoch: 0 })],
  ['a producer id beyond 2^53', INVALID_RECORD, batch({ producerId: 2 ** 60, baseSequence: 0 })],
  ['a producer id of -2, which is none', NONE, batch({ producerId: -2, baseSequence: 0 })],
  ['a sequence without a producer id', NONE, batch({ baseSequence: 0 })],
  ['a transaction with a producer id', NONE, batch({ isTransactional: true, producerId: 5, baseSequence: 0 })],
  ['a count below the offsets', INVALID_RECORD, changed((b) => setInt32At(b, RECORD_COUNT_AT, 2))],
  ['a count of 0', INVALID_RECORD, changed((b) => setInt32At(b, RECORD_COUNT_AT, 0))],
  ['a count of -1', INVALID_RECORD, changed((b) => setInt32At(b, RECORD_COUNT_AT, -1))],
  ['no records', INVALID_RECORD, around(Buffer.alloc(0), 0)],
  ['a last offset delta of -1', INVALID_RECORD, changed((b) => setInt32At(b, LAST_OFFSET_DELTA_AT, -1))],
  ['unused attribute bits', NONE, changed((b) => b.writeUInt16BE(0xffc0, ATTRIBUTES_AT))],
];

const FRAMING: readonly Row[] = [
  ['a record as it should be', NONE, around(record())],
  ['record attributes', NONE, around(record({ attributes: 5 }))],
  ['an offset delta that skips (Kafka: accepted)', INVALID_RECORD, around(record({ offsetDelta: 3 }))],
  [
    'the same behind a codec (Kafka: -1)',
    INVALID_RECORD,
    around(packed(CODEC.gzip, { offsetDelta: 3 }), 1, CODEC.gzip),
  ],
  ['a length one long', INVALID_RECORD, around(record({ length: 9 }))],
  ['a length one short', INVALID_RECORD, around(record({ length: 7 }))],
  ['a length of 0', INVALID_RECORD, around(record({ length: 0 }))],
  ['a negative length', INVALID_RECORD, around(record({ length: -3 }))],
  ['an endless length (Kafka: -1)', INVALID_RECORD, around(record({ lengthBytes: [255, 255, 255, 255, 255, 255, 1] }))],
  [
    'an endless timestamp',
    INVALID_RECORD,
    around(Buffer.concat([Buffer.from([40, 0]), Buffer.alloc(11, 255), Buffer.alloc(8)])),
  ],
  [
    'an endless offset delta',
    INVALID_RECORD,
    around(Buffer.concat([Buffer.from([40, 0, 0]), Buffer.alloc(11, 255), Buffer.alloc(7)])),
  ],
  ['a key beyond the record', INVALID_RECORD, around(record({ keyLength: 100 }))],
  ['any negative key length, which is null', NONE, around(record({ keyLength: -5, key: '' }))],
  ['a value beyond the record', INVALID_RECORD, around(record({ valueLength: 100 }))],
  ['any negative value length, which is null', NONE, around(record({ valueLength: -5, value: '' }))],
  ['-1 headers', INVALID_RECORD, around(record({ headerCount: -1 }))],
  ['3 headers of which none is there', INVALID_RECORD, around(record({ headerCount: 3 }))],
  ['a header without key', INVALID_RECORD, around(record({ headerCount: 1, tail: [1, 2, 65] }))],
  ['a header without value', NONE, around(record({ headerCount: 1, tail: [2, 65, 1] }))],
  ['a header key that is no text', NONE, around(record({ headerCount: 1, tail: [2, 255, 1] }))],
  ['a header value beyond the record', INVALID_RECORD, around(record({ headerCount: 1, tail: [2, 65, 40] }))],
  ['a byte too many in the record', INVALID_RECORD, around(record({ tail: [0] }))],
  ['a byte too many in the batch', INVALID_RECORD, around(Buffer.concat([record(), Buffer.from([0])]))],
  ['fewer records than counted', INVALID_RECORD, around(record(), 2)],
  ['more records than counted', INVALID_RECORD, around(Buffer.concat([record(), record({ offsetDelta: 1 })]), 1)],
];

const COMPRESSED: readonly Row[] = [
  ...Object.entries(CODEC).map(([name, compression]): Row => [name, NONE, batch({ compression }, {}, 500)]),
  ['a byte too many', INVALID_RECORD, around(gzipSync(Buffer.concat([record(), Buffer.from([0])])), 1, CODEC.gzip)],
  ['a record cut off', INVALID_RECORD, around(gzipSync(record().subarray(0, 4)), 1, CODEC.gzip)],
  ['fewer records than counted', INVALID_RECORD, around(packed(CODEC.gzip), 2, CODEC.gzip)],
  ['a key beyond its record', INVALID_RECORD, around(packed(CODEC.lz4, { keyLength: 100 }), 1, CODEC.lz4)],
  ['a negative length (Kafka: accepted)', INVALID_RECORD, around(packed(CODEC.gzip, { length: -3 }), 1, CODEC.gzip)],
  [
    'two gzip members',
    NONE,
    around(Buffer.concat([packed(CODEC.gzip), packed(CODEC.gzip, { offsetDelta: 1 })]), 2, CODEC.gzip),
  ],
  [
    'two zstd frames',
    NONE,
    around(Buffer.concat([packed(CODEC.zstd), packed(CODEC.zstd, { offsetDelta: 1 })]), 2, CODEC.zstd),
  ],
  ['nothing at all (Kafka: -1)', INVALID_RECORD, around(Buffer.alloc(0), 1, CODEC.gzip)],
  ['a wrong gzip checksum (Kafka: -1)', INVALID_RECORD, around(flipped(packed(CODEC.gzip), -6), 1, CODEC.gzip)],
  [
    'noise behind zstd (Kafka: -1)',
    INVALID_RECORD,
    around(Buffer.concat([packed(CODEC.zstd), Buffer.from('zz')]), 1, CODEC.zstd),
  ],
  ...Object.entries(CODEC)
    .slice(1)
    .flatMap(([name, codec]): Row[] => [
      [`${name} that is noise (Kafka: -1)`, INVALID_RECORD, around(Buffer.from('garbage of 24 characters'), 1, codec)],
      [`${name} cut off (Kafka: -1)`, INVALID_RECORD, around(packed(codec).subarray(0, -3), 1, codec)],
    ]),
];

const CONTENTS: readonly Row[] = [
  ['an hour ahead', NONE, batch({}, { timestamp: NOW + 3_600_000 })],
  ['more than an hour ahead', INVALID_TIMESTAMP, batch({}, { timestamp: NOW + 3_600_001 })],
  ['the same where the broker stamps', NONE, batch({}, { timestamp: NOW + 9e9 }), { logAppendTime: true }],
  ['no timestamp', NONE, batch({}, { timestamp: -1 })],
  ['no timestamp, whatever the bounds', NONE, batch({}, { timestamp: -1 }), { timestampBeforeMaxMs: 5 }],
  ['a time before 1970', NONE, batch({}, { timestamp: -100 })],
  ['too old', INVALID_TIMESTAMP, batch({}, { timestamp: NOW - 6 }), { timestampBeforeMaxMs: 5 }],
  ['a base beyond 2^53', INVALID_TIMESTAMP, changed((b) => b.writeUInt8(0x7f, BASE_TIMESTAMP_AT))],
  [
    'a delta beyond 2^53',
    INVALID_TIMESTAMP,
    around(Buffer.from([32, 0, 254, 255, 255, 255, 255, 255, 255, 255, 127, 0, 2, 107, 2, 118, 0])),
  ],
  ['LogAppendTime from a producer', NONE, batch({ logAppendTimeMs: NOW })],
  ['LogAppendTime from a producer, ahead', INVALID_TIMESTAMP, batch({ logAppendTimeMs: NOW + 7_200_000 })],
  ['keys on a compacted topic', NONE, batch(), { compacted: true }],
  ['empty keys on a compacted topic', NONE, batch({}, { key: Buffer.alloc(0) }), { compacted: true }],
  ['no keys on a compacted topic', INVALID_RECORD, batch({}, { key: null }), { compacted: true }],
  ['no keys behind a codec', INVALID_RECORD, batch({ compression: CODEC.snappy }, { key: null }), { compacted: true }],
  ['no keys and ahead', INVALID_RECORD, batch({}, { key: null, timestamp: NOW + 9e9 }), { compacted: true }],
];

describe.each([
  ['the request', REQUEST],
  ['the header', HEADER],
  ['the framing of records', FRAMING],
  ['compressed records', COMPRESSED],
  ['keys and timestamps', CONTENTS],
] as const)('checking %s', (_name, rows) => {
  for (const [row, expected, bytes, rules] of rows) {
    it(`${row}: ${errorName(expected)}`, () => {
      expect(errorName(validate(bytes, rules).code)).toBe(errorName(expected));
    });
  }
});

describe('what it finds', () => {
  it('is the size, the count, and the newest record', () => {
    const bytes = buildBatch([NOW - 5, NOW + 9, NOW - 20, NOW + 9].map((timestamp) => ({ value: null, timestamp })));
    setInt64At(bytes, MAX_TIMESTAMP_AT, 1);
    sealCrc(bytes, 0);
    const { found } = validate(Buffer.concat([bytes, Buffer.alloc(3)]));
    expect(found).toMatchObject({
      size: bytes.length,
      recordCount: 4,
      maxTimestamp: NOW + 9,
      offsetDeltaOfMaxTimestamp: 1,
      errorMessage: null,
    });
  });

  it('names the bad records in Kafka’s words', () => {
    const keyless = validate(batch({}, { key: null }, 5), { compacted: true }).found;
    const message = 'Compacted topic cannot accept message without key in topic partition checks-0';
    expect(keyless.recordErrors).toEqual([0, 1, 2, 3, 4].map((batchIndex) => ({ batchIndex, message })));
    expect(keyless.errorMessage).toBe(
      'One or more records have been rejected due to 5 record errors in total, and only showing the first three errors at most: ' +
        `[RecordError(batchIndex=0, message='${message}'), RecordError(batchIndex=1, message='${message}'), RecordError(batchIndex=2, message='${message}')]`,
    );
    const mixed = buildBatch([NOW, NOW + 7_200_000].map((timestamp) => ({ value: null, timestamp })));
    const late = validate(mixed).found;
    expect(late.errorMessage).toBe('One or more records have been rejected due to invalid timestamp');
    expect(late.recordErrors).toEqual([
      {
        batchIndex: 1,
        message:
          'Timestamp 1795284177342 of message with offset 1 is out of range. The timestamp should be within [-9223370241577798465, 1795280577342]',
      },
    ]);
  });

  it('names no more than a hundred bad records', () => {
    expect(validate(batch({}, { key: null }, 5000), { compacted: true }).found.recordErrors.length).toBe(100);
  });

  it('holds no leftovers of the batch before', () => {
    const found = new ProducedBatch();
    const bad = batch({}, { key: null });
    validateProducedBatch(bad, 0, bad.length, { ...RULES, compacted: true }, found);
    const good = batch();
    expect(validateProducedBatch(good, 0, good.length, RULES, found)).toBe(NONE);
    expect(found).toMatchObject({ reason: null, errorMessage: null, recordErrors: [], recordCount: 3 });
  });

  it('reads only its own part of the frame', () => {
    const bytes = batch();
    const frame = Buffer.concat([Buffer.alloc(7, 0xff), bytes, Buffer.alloc(9, 0xff)]);
    const found = new ProducedBatch();
    expect(validateProducedBatch(frame, 7, 7 + bytes.length, RULES, found)).toBe(NONE);
    for (let end = 7; end < 7 + bytes.length; end++) {
      expect(validateProducedBatch(frame, 7, end, RULES, found)).toBe(INVALID_RECORD);
    }
  });
});

describe('hostile batches', () => {
  const good = buildBatch([
    ...records(3),
    { value: Buffer.alloc(200, 'v'), timestamp: NOW + 1000, headers: [{ key: 'h', value: Buffer.from('x') }] },
    { value: null, timestamp: NOW - 100_000 },
  ]);

  it('answer a code to every flipped bit, also with a right checksum', () => {
    for (const codec of Object.values(CODEC)) {
      const base =
        codec === CODEC.none ? good : around(compress(codec, undefined, good.subarray(BATCH_HEADER_BYTES)), 5, codec);
      for (let bit = 0; bit < base.length * 8; bit++) {
        const bytes = Buffer.from(base);
        bytes[bit >>> 3]! ^= 1 << (bit & 7);
        if (bytes.readInt32BE(BATCH_LENGTH_AT) === bytes.length - 12) sealCrc(bytes, 0);
        const { code } = validate(bytes, { maxInflatedBytes: 10_000 });
        expect([NONE, CORRUPT_MESSAGE, INVALID_RECORD, INVALID_TIMESTAMP, MESSAGE_TOO_LARGE]).toContain(code);
      }
    }
  });

  it('that inflate beyond the bound are MESSAGE_TOO_LARGE, and memory stays flat', () => {
    const zeros = Buffer.alloc(50 << 20);
    const bombs = [CODEC.gzip, CODEC.snappy, CODEC.lz4, CODEC.zstd].map((codec) =>
      around(compress(codec, undefined, zeros), 1, codec),
    );
    const before = process.memoryUsage().arrayBuffers;
    for (const bomb of bombs) {
      expect(validate(bomb, { maxMessageBytes: 1 << 23, maxInflatedBytes: 1 << 20 }).code).toBe(MESSAGE_TOO_LARGE);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(24 << 20);
  });

  it('have a bound that follows max.message.bytes', () => {
    expect(maxInflatedBytes(1_048_588)).toBe(32 * 1_048_588);
    expect(maxInflatedBytes(1000)).toBe(1 << 25);
    expect(maxInflatedBytes(2 ** 31 - 1)).toBe(1 << 30);
  });
});
