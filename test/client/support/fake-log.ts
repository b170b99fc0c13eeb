/** A partition's log: whole batches, and the sequences of the last five of each producer, as Kafka remembers them. */
import {
  baseSequenceAt,
  crcMatches,
  maxTimestampAt,
  patchBaseOffset,
  patchPartitionLeaderEpoch,
  producerEpochAt,
  producerIdAt,
  recordCountAt,
} from '../../../src/protocol/batch.ts';
import { buildBatch } from '../../../src/protocol/batch-builder.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { readRecords } from '../../../src/protocol/record.ts';

interface Known {
  epoch: number;
  readonly batches: { readonly first: number; readonly last: number; readonly offset: number }[];
}

const SEQUENCES = 0x8000_0000;

export class FakeLog {
  readonly batches: { readonly offset: number; readonly count: number; readonly bytes: Buffer }[] = [];
  readonly #producers = new Map<number, Known>();
  startOffset = 0;
  endOffset = 0;

  append(records: Buffer, leaderEpoch: number): { readonly code: number; readonly offset: number } {
    if (!crcMatches(records, 0)) return { code: ErrorCode.CORRUPT_MESSAGE, offset: -1 };
    const id = producerIdAt(records, 0);
    const count = recordCountAt(records, 0);
    if (id >= 0) {
      const refused = this.#check(id, producerEpochAt(records, 0), baseSequenceAt(records, 0), count);
      if (refused !== undefined) return refused;
    }
    const offset = this.endOffset;
    const bytes = Buffer.from(records);
    patchBaseOffset(bytes, 0, offset);
    patchPartitionLeaderEpoch(bytes, 0, leaderEpoch);
    this.batches.push({ offset, count, bytes });
    this.endOffset += count;
    return { code: 0, offset };
  }

  #check(id: number, epoch: number, first: number, count: number): { code: number; offset: number } | undefined {
    const last = (first + count - 1) % SEQUENCES;
    let known = this.#producers.get(id);
    if (known !== undefined && epoch < known.epoch) return { code: ErrorCode.INVALID_PRODUCER_EPOCH, offset: -1 };
    if (known !== undefined && epoch === known.epoch) {
      const twin = known.batches.find((batch) => batch.first === first && batch.last === last);
      if (twin !== undefined) return { code: 0, offset: twin.offset };
      const expected = ((known.batches.at(-1)?.last ?? -1) + 1) % SEQUENCES;
      if (first !== expected) return { code: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, offset: -1 };
    } else if (known !== undefined && first !== 0) {
      return { code: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, offset: -1 };
    }
    if (known === undefined || known.epoch !== epoch) {
      known = { epoch, batches: [] };
      this.#producers.set(id, known);
    }
    known.batches.push({ first, last, offset: this.endOffset });
    if (known.batches.length > 5) known.batches.shift();
    return undefined;
  }

  /** What it knew of producers is gone, as after its records grew too old. */
  forgetProducers(): void {
    this.#producers.clear();
  }

  truncate(offset: number): void {
    while ((this.batches.at(-1)?.offset ?? -1) >= offset) this.batches.pop();
    this.endOffset = offset;
  }

  read(offset: number, maxBytes: number): Buffer {
    const found: Buffer[] = [];
    let size = 0;
    for (const batch of this.batches) {
      if (batch.offset + batch.count <= offset) continue;
      if (size > 0 && size + batch.bytes.length > maxBytes) break;
      found.push(batch.bytes);
      size += batch.bytes.length;
    }
    return Buffer.concat(found);
  }

  /** Records as a producer without an identity would leave them, one batch. */
  write(values: readonly string[], { epoch = 0, timestamp = 1_700_000_000_000 } = {}): void {
    const bytes = buildBatch(values.map((value) => ({ timestamp, key: null, value: Buffer.from(value), headers: [] })));
    this.append(bytes, epoch);
  }

  /** The first offset of a batch that is not older; -1 when there is none. */
  byTime(timestamp: number): number {
    return this.batches.find(({ bytes }) => maxTimestampAt(bytes, 0) >= timestamp)?.offset ?? -1;
  }

  /** As retention does. */
  deleteBefore(offset: number): void {
    while ((this.batches[0]?.offset ?? offset) < offset) this.batches.shift();
    this.startOffset = offset;
  }

  values(): string[] {
    return this.batches.flatMap(({ bytes }) => readRecords(bytes).map((record) => record.value?.toString() ?? ''));
  }
}
